/* hw/svm_exit.c: hardware's words to the page's. */
#include "machine.h"

static enum hvm_exit exit_with(uint64_t code, uint64_t info1, uint64_t info2)
{
    vmcb.exit_code = code;
    vmcb.exit_info1 = info1;
    vmcb.exit_info2 = info2;
    return svm_finish(&hvm);
}

static void test_exit__plain_reasons_and_lengths(void)
{
    static const struct {
        uint64_t code;
        uint32_t reason, bytes;
    } cases[] = {
        {0x6f, EXIT_REASON_RDPMC, 2},          {0x72, EXIT_REASON_CPUID, 2},
        {0x76, EXIT_REASON_INVD, 2},           {0x78, EXIT_REASON_HLT, 1},
        {0x7f, EXIT_REASON_TRIPLE_FAULT, 0},   {0x80, EXIT_REASON_VIRTUALIZATION, 3},
        {0x85, EXIT_REASON_VIRTUALIZATION, 3}, {0x89, EXIT_REASON_WBINVD, 2},
        {0x8a, EXIT_REASON_MONITOR, 3},        {0x8b, EXIT_REASON_MWAIT, 3},
        {0x8d, EXIT_REASON_XSETBV, 3},         {0x8e, EXIT_REASON_VIRTUALIZATION, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fresh();
        CHECK_EQ(exit_with(cases[i].code, 0, 0), HVM_EXIT_VMM);
        CHECK_EQ(page.exit_reason, cases[i].reason);
        CHECK_EQ(page.exit_insn_bytes, cases[i].bytes);
        CHECK_EQ(page.exit_code, cases[i].code);
    }
}

static void test_exit__next_rip_wins_where_it_is_saved(void)
{
    fresh();
    vmcb.rip = 0xfffffffffffffffe;
    vmcb.next_rip = 0x1;
    exit_with(0x72, 0, 0);
    CHECK_EQ(page.exit_insn_bytes, 3);
    vmcb.next_rip = 0x123456;
    exit_with(0x72, 0, 0);
    CHECK(page.exit_insn_bytes <= 15);
}

static void test_exit__copies_what_every_exit_has(void)
{
    fresh();
    vmcb.rax = 1;
    vmcb.rsp = 2;
    vmcb.rip = 3;
    vmcb.rflags = 0x202;
    vmcb.cpl = 3;
    exit_with(0x72, 0, 0);
    CHECK(page.gpr[0] == 1 && page.gpr[4] == 2 && page.rip == 3 && page.rflags == 0x202 && page.cpl == 3);
    CHECK(page.shadow == 0 && page.valid == 3);
    vmcb.interrupt_shadow = 3;
    exit_with(0x72, 0, 0);
    CHECK(page.shadow == 1);
    vmcb.interrupt_shadow = 0;
    vmcb.rflags = 2;
    exit_with(0x72, 0, 0);
}

static void test_exit__pio(void)
{
    fresh();
    vmcb.rip = 0x100;
    CHECK_EQ(exit_with(0x7b, 0x03f8u << 16 | 1u << 4, 0x101), HVM_EXIT_VMM);
    CHECK(page.exit_reason == EXIT_REASON_PIO && page.exit_info == 0x3f8 && page.exit_flags == 0);
    CHECK(page.exit_size == 1 && page.exit_insn_bytes == 1);
    exit_with(0x7b, 0xffffu << 16 | 4u << 4 | 1u << 2 | 1u << 3 | 1, 0x103);
    CHECK(page.exit_info == 0xffff && page.exit_flags == (PIO_IN | PIO_STRING | PIO_REP) &&
          page.exit_size == 4);
    CHECK_EQ(page.exit_insn_bytes, 3);
}

static void test_exit__msr(void)
{
    fresh();
    page.gpr[1] = 0xffffffffc0000080;
    exit_with(0x7c, 0, 0);
    CHECK(page.exit_reason == EXIT_REASON_RDMSR && page.exit_info == 0xc0000080 && page.exit_insn_bytes == 2);
    exit_with(0x7c, 1, 0);
    CHECK_EQ(page.exit_reason, EXIT_REASON_WRMSR);
}

static void test_exit__nested_fault(void)
{
    fresh();
    CHECK_EQ(exit_with(0x400, 1ull << 32 | 0x6, 0xfee00020), HVM_EXIT_VMM);
    CHECK(page.exit_reason == EXIT_REASON_NESTED_FAULT && page.exit_address == 0xfee00020);
    CHECK_EQ(page.exit_flags, FAULT_WRITE | FAULT_USER);
    exit_with(0x400, 1ull << 33 | 0x15, 0);
    CHECK_EQ(page.exit_flags, FAULT_PRESENT | FAULT_USER | FAULT_EXEC | FAULT_TABLE_WALK);
}

static void test_exit__host_events_are_the_hosts(void)
{
    for (uint64_t code = 0x60; code <= 0x63; code++) {
        fresh();
        CHECK_EQ(exit_with(code, 0, 0), HVM_EXIT_INTERRUPT);
    }
}

static void test_exit__unknown_and_refused(void)
{
    static const uint64_t unknown[] = {0,    0x3f, 0x40, 0x13, 0x15,  0x5f,  0x64,  0x71,
                                       0x7e, 0x87, 0xa2, 0xa5, 0x3ff, 0x401, 0x403, 0xfffffffe};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        fresh();
        CHECK_EQ(exit_with(unknown[i], 7, 8), HVM_EXIT_VMM);
        CHECK_EQ(page.exit_reason, EXIT_REASON_UNKNOWN);
        CHECK_EQ(page.exit_code, unknown[i]);
    }
    CHECK_EQ(exit_with(~0ull, 0, 0), HVM_EXIT_VMM);
    CHECK_EQ(page.exit_reason, EXIT_REASON_INVALID_STATE);
    CHECK_EQ(exit_with(0xffffffff, 0, 0), HVM_EXIT_VMM); /* QEMU 7.2 */
    CHECK_EQ(page.exit_reason, EXIT_REASON_INVALID_STATE);
}

static void test_exit__refused_state_leaves_interrupts_the_host_s(void)
{
    fresh();
    vmcb.interrupt_control = 0; /* as QEMU 7.2 stores it */
    CHECK_EQ(exit_with(~0ull, 0, 0), HVM_EXIT_VMM);
    CHECK_EQ(vmcb.interrupt_control, V_INTR_MASKING);
}

static void test_exit__exceptions_go_back_to_the_guest(void)
{
    fresh();
    CHECK_EQ(exit_with(0x41, 0, 0), HVM_EXIT_INTERRUPT); /* the host's interrupts come between two */
    CHECK_EQ(hvm.event, EVENT(3, 1));
    CHECK(hvm.delivering);
    fresh();
    vmcb.exit_event = EVENT(3, 17) | EVENT_HAS_ERROR; /* #AC while #AC was delivered: once, not for ever */
    CHECK_EQ(exit_with(0x51, 0, 0), HVM_EXIT_INTERRUPT);
    CHECK_EQ(hvm.event, EVENT(3, 17) | EVENT_HAS_ERROR);
}

static void test_guard__watches_cr0_or_cr4_while_lme_is_set(void)
{
    fresh();
    svm_guard(&vmcb, false);
    CHECK(vmcb.intercept_cr == 0 && vmcb.intercept[0] == 0);
    vmcb.efer |= EFER_LME;
    vmcb.cr0 = CR0_PG;
    svm_guard(&vmcb, false);
    CHECK(vmcb.intercept_cr == 0 && vmcb.intercept[0] == INTERCEPT_SELECTIVE_CR0);
    CHECK_EQ(exit_with(0x65, 0, 0), HVM_EXIT_HANDLED); /* may change CR0 */
    CHECK(vmcb.intercept_cr == INTERCEPT_CR4_WRITE && vmcb.intercept[0] == 0);
    CHECK_EQ(exit_with(0x14, 0, 0), HVM_EXIT_HANDLED); /* paging is still on: CR4 may change */
    CHECK(vmcb.intercept_cr == 0 && vmcb.intercept[0] == INTERCEPT_SELECTIVE_CR0);
    CHECK_EQ(exit_with(0x65, 0, 0), HVM_EXIT_HANDLED);
    vmcb.cr0 = 0;
    CHECK_EQ(exit_with(0x14, 0, 0), HVM_EXIT_VMM);
    CHECK(page.exit_reason == EXIT_REASON_CR_ACCESS && page.exit_info == 4);
}

/* A 64-bit kernel at its VMMCALL. */
static void at_hypercall(void)
{
    fresh();
    vmcb.rip = 0x1000;
    vmcb.rax = 1ull << 63 | 5;
    vmcb.efer = EFER_SVME | 0xd01;
    vmcb.segment[VMCB_CS].attributes = 0x29b;
    vmcb.rflags = 0x202;
    vmcb.interrupt_shadow = 1;
}

static void test_hypercall__needs_64_bit_ring_0(void)
{
    at_hypercall();
    CHECK_EQ(exit_with(0x81, 0, 0), HVM_EXIT_HYPERCALL);
    CHECK(page.rip == 0x1003 && vmcb.rip == 0x1003 && page.shadow == 0 && vmcb.interrupt_shadow == 0);
    CHECK_EQ(page.gpr[0], 1ull << 63 | 5);
    at_hypercall();
    vmcb.cpl = 3;
    CHECK_EQ(exit_with(0x81, 0, 0), HVM_EXIT_REFUSED);
    CHECK_EQ(vmcb.rip, 0x1003);
    at_hypercall();
    vmcb.segment[VMCB_CS].attributes = 0xc9b;
    CHECK_EQ(exit_with(0x81, 0, 0), HVM_EXIT_REFUSED);
    at_hypercall();
    vmcb.efer = EFER_SVME;
    CHECK_EQ(exit_with(0x81, 0, 0), HVM_EXIT_REFUSED);
}

static void test_hypercall__others_go_to_the_vmm(void)
{
    at_hypercall();
    vmcb.rax = 5;
    vmcb.cpl = 3;
    CHECK_EQ(exit_with(0x81, 0, 0), HVM_EXIT_VMM);
    CHECK(page.exit_reason == EXIT_REASON_HYPERCALL && page.exit_insn_bytes == 3 && page.rip == 0x1000);
}

int main(void)
{
    RUN(test_exit__plain_reasons_and_lengths);
    RUN(test_exit__next_rip_wins_where_it_is_saved);
    RUN(test_exit__copies_what_every_exit_has);
    RUN(test_exit__pio);
    RUN(test_exit__msr);
    RUN(test_exit__nested_fault);
    RUN(test_exit__host_events_are_the_hosts);
    RUN(test_exit__unknown_and_refused);
    RUN(test_exit__refused_state_leaves_interrupts_the_host_s);
    RUN(test_exit__exceptions_go_back_to_the_guest);
    RUN(test_guard__watches_cr0_or_cr4_while_lme_is_set);
    RUN(test_hypercall__needs_64_bit_ring_0);
    RUN(test_hypercall__others_go_to_the_vmm);
    return UNIT_RESULT();
}
