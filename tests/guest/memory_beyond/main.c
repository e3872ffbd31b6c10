/* Addresses without memory: just past the end, in the hole below 4 GiB, far above, at the top of the physical address
 * space. The VMM answers (reads float, writes are dropped), injects an exception, or ends this guest; it never maps
 * what is not the guest's. Readable non-floating bytes there would be another's memory. */
#include <guest.h>

struct access {
    volatile uint64_t *address;
    uint64_t value;
};

static void read_one(void *context)
{
    struct access *const access = context;
    access->value = *access->address;
}

static void write_one(void *context)
{
    const struct access *const access = context;
    *access->address = access->value;
}

static void probe(uint64_t physical)
{
    const uint64_t window = 0x200000000000;
    page_map(window, physical & ~0x1fffffull, PAGE_PRESENT | PAGE_WRITE);
    struct access access = {(volatile uint64_t *)(window + (physical & 0x1fffff)), 0};
    const struct trap read = trap_try(read_one, &access);
    print_value("address", physical);
    print_value(read.trapped ? "  trapped" : "  reads", read.trapped ? read.vector : access.value);
    expect(read.trapped || access.value == UINT64_MAX || access.value == 0, "nothing is there to be read");
    access.value = 0x5ec7e75ec7e75ec7;
    (void)trap_try(write_one, &access);
    const struct trap again = trap_try(read_one, &access);
    expect(again.trapped || access.value != 0x5ec7e75ec7e75ec7, "nothing is there to be written");
}

void test(void)
{
    const uint64_t end = memory_end();
    print_value("memory ends", end);
    probe((end + 0x1fffff) & ~0x1fffffull);
    probe(0xc0000000);
    probe(0xfd000000);
    probe(0x100000000);
    probe(0x1000000000);
    probe(0x7fffe00000);
    probe(0x10000000000 - 0x200000);
}
