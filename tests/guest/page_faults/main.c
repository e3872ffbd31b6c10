/* Faults in the guest's own page tables are the guest's: not-present, read-only, reserved bits, no-execute; error codes
 * and CR2 are right, and nothing turns into an exit that kills. */
#include <guest.h>

static const uint64_t WINDOW = 0x300000000000;

static void read_it(void *context)
{
    (void)*(volatile uint64_t *)context;
}
static void write_it(void *context)
{
    *(volatile uint64_t *)context = 1;
}
static void run_it(void *context)
{
    ((void (*)(void))context)();
}

static struct trap attempt(trap_body *body, uint64_t offset)
{
    return trap_try(body, (void *)(WINDOW + offset));
}

static void expect_fault(struct trap trap, uint64_t code, const char *claim)
{
    expect(trap.trapped && trap.vector == VECTOR_PF, claim);
    expect_equal(trap.code, code, claim);
    expect_equal(trap.address & ~0xfffull, WINDOW, claim);
}

void test(void)
{
    write_cr0(read_cr0() | 1u << 16);
    expect_fault(attempt(read_it, 0), 0, "a page that is not present");
    page_map(WINDOW, 0x200000, PAGE_PRESENT);
    expect(!attempt(read_it, 0).trapped, "a page that is present");
    expect_fault(attempt(write_it, 8), 3, "a page that is read-only");
    page_map(WINDOW, 0x200000, PAGE_PRESENT | PAGE_WRITE | 1ull << 63);
    expect_fault(attempt(run_it, 0), 0x11, "a page that is not executable");
    page_map(WINDOW, 0x200000 | 1ull << 51, PAGE_PRESENT | PAGE_WRITE);
    const struct trap reserved = attempt(read_it, 0);
    print_value("reserved bit", reserved.trapped ? reserved.code : 0xff);
}
