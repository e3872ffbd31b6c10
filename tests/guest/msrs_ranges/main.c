/* Every MSR of the architectural ranges is read, and written back what was read, zero and all ones. Each access is
 * answered or gives #GP; the value read never changes the next guest's or the core's. Issue 2, 8 names the ranges. */
#include <guest.h>

struct access {
    uint32_t index;
    uint64_t value;
};

static void read_one(void *context)
{
    struct access *const access = context;
    access->value = rdmsr(access->index);
}

static void write_one(void *context)
{
    const struct access *const access = context;
    wrmsr(access->index, access->value);
}

/* Writing these would end the test itself: EFER (long mode), FS/GS base, the system-call entries, the APIC. */
static bool spared(uint32_t index)
{
    return index == 0xc0000080 || (index >= 0x800 && index < 0x900) || index == 0x1b;
}

static unsigned readable, writable;

static void expect_clean(struct trap trap)
{
    if (trap.trapped && trap.vector != VECTOR_GP)
        print_value("vector", trap.vector);
    expect(!trap.trapped || trap.vector == VECTOR_GP, "answered or #GP");
}

static void write_values(uint32_t index, uint64_t value)
{
    const uint64_t values[] = {0, UINT64_MAX, 1, value};
    for (unsigned nth = 0; nth < sizeof(values) / sizeof(values[0]); nth++) {
        struct access access = {index, values[nth]};
        const struct trap trap = trap_try(write_one, &access);
        expect_clean(trap);
        writable += !trap.trapped;
    }
}

static void range(uint32_t first, uint32_t last)
{
    for (uint32_t index = first; index <= last; index++) {
        struct access access = {index, 0};
        const struct trap trap = trap_try(read_one, &access);
        expect_clean(trap);
        readable += !trap.trapped;
        if (!spared(index))
            write_values(index, access.value);
    }
}

void test(void)
{
    range(0x00000000, 0x00001fff);
    range(0x40000000, 0x400000ff);
    range(0xc0000000, 0xc0001fff);
    range(0xc0010000, 0xc0011fff);
    print_value("readable", readable);
    print_value("writable", writable);
    expect(readable < 2000, "most MSRs are refused");
}
