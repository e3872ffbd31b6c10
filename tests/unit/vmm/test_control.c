/* Writes of CR0 and CR4 that exit: what faults, what follows from them. */
#include "control.h"
#include "fakes.h"
#include "unit.h"

#define PE UINT64_C(1)
#define PG UINT64_C(0x80000000)
#define PAE UINT64_C(0x20)
#define LME UINT64_C(0x100)
#define LMA UINT64_C(0x400)
#define PCIDE UINT64_C(0x20000)
#define OFFERED UINT64_C(0x3707ff)

static struct memory memory;

static bool cr0(struct control *control, uint64_t value)
{
    return control_write_cr0(control, &memory, value);
}

static bool cr4(struct control *control, uint64_t value)
{
    return control_write_cr4(control, &memory, OFFERED, value);
}

static void test_control__cr0_combinations_that_do_not_exist_fault(void)
{
    struct control control = {.cr0 = PE | 0x10};
    const struct control before = control;
    CHECK(!cr0(&control, PG));
    CHECK(!cr0(&control, PE | 0x20000000));
    CHECK(!cr0(&control, PE | UINT64_C(1) << 32));
    CHECK(memcmp(&control, &before, sizeof control) == 0);
    CHECK(cr0(&control, PE | 0x60000000));
    CHECK_EQ(control.cr0, 0x60000011);
    CHECK(cr0(&control, 0xffc0 | PE));
    CHECK_EQ(control.cr0, 0x11);
}

static void test_control__paging_makes_and_ends_long_mode(void)
{
    struct control control = {.cr0 = PE, .cr4 = 0, .efer = LME}, old = {.cr0 = PE};
    CHECK(cr0(&old, PE | PG)); /* 32-bit paging */
    CHECK_EQ(old.efer, 0);
    CHECK(!cr0(&control, PE | PG)); /* without PAE */
    control.cr4 = PAE;
    CHECK(cr0(&control, PE | PG));
    CHECK_EQ(control.efer, LME | LMA);
    CHECK(!cr4(&control, 0)); /* PAE stays while it is active */
    control.code_64 = true;
    CHECK(!cr0(&control, PE));
    control.code_64 = false;
    control.cr4 = PAE | PCIDE;
    CHECK(!cr0(&control, PE));
    control.cr4 = PAE;
    CHECK(cr0(&control, PE));
    CHECK_EQ(control.efer, LME);
    control.code_64 = true;
    CHECK(!cr0(&control, PE | PG));
}

static void test_control__cr4_takes_only_what_is_offered(void)
{
    struct control control = {.cr0 = PE};
    CHECK(!cr4(&control, 0x2000)); /* VMXE */
    CHECK(!cr4(&control, UINT64_C(1) << 63));
    CHECK(cr4(&control, 0x40));
    CHECK_EQ(control.cr4, 0x40);
    CHECK(!cr4(&control, PCIDE));
    control = (struct control){.cr0 = PE | PG, .cr4 = PAE, .efer = LME | LMA, .cr3 = 0x1001};
    CHECK(!cr4(&control, PAE | PCIDE));
    control.cr3 = 0x1000;
    CHECK(cr4(&control, PAE | PCIDE));
}

static void test_control__pae_paging_loads_four_entries(void)
{
    const uint64_t entries[4] = {0x2001, 0, 0x1e6, 0x3001}, bad[4] = {0x2003, 0, 0, 0};
    struct control control = {.cr0 = PE, .cr4 = PAE, .cr3 = 0x1020};
    CHECK(memory_write(&memory, gpa(0x1020), entries, sizeof entries));
    CHECK(memory_write(&memory, gpa(0x1040), bad, sizeof bad));
    CHECK(cr0(&control, PE | PG));
    CHECK(memcmp(control.pdpte, entries, sizeof entries) == 0);
    CHECK_EQ(control.efer, 0);
    control = (struct control){.cr0 = PE, .cr4 = PAE, .cr3 = 0x1040};
    CHECK(!cr0(&control, PE | PG));
    CHECK_EQ(control.cr0, PE);
    control = (struct control){.cr0 = PE | PG, .cr3 = 0xfffff000};
    CHECK(!cr4(&control, PAE)); /* no memory there */
}

static void test_control__policy_says_what_is_offered(void)
{
    struct cpuid_policy policy;
    cpuid_build(&policy);
    CHECK_EQ(control_cr4_offered(&policy) & 0x6000, 0); /* VMXE, SMXE */
    CHECK_EQ(control_cr4_offered(&policy) & 0x720, 0x720);
    CHECK_EQ(control_cr4_offered(&policy) & ~UINT64_C(0x370fff), 0);
}

int main(void)
{
    fake_memory(&memory, UINT64_C(4) << 20, 4);
    RUN(test_control__cr0_combinations_that_do_not_exist_fault);
    RUN(test_control__paging_makes_and_ends_long_mode);
    RUN(test_control__cr4_takes_only_what_is_offered);
    RUN(test_control__pae_paging_loads_four_entries);
    RUN(test_control__policy_says_what_is_offered);
    fake_memory_free(&memory);
    return UNIT_RESULT();
}
