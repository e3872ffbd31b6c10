/* hw/vmx_exit.c: hardware's words to the page's, and what the kernel settles by itself. */
#include "machine.h"

#define VALID (1ull << 31)
#define ENTRY_FAILED (1ull << 31)

static uint64_t at(uint64_t field)
{
    return vmcs.value[field];
}

/* As vmx_run.S does: what the processor wrote stands in the fields. */
static enum hvm_exit exit_with(uint64_t code, uint64_t qualification, uint64_t vectoring)
{
    put(EXIT_REASON_FIELD, code);
    put(EXIT_QUALIFICATION, qualification);
    put(EXIT_VECTORING, vectoring);
    put(EXIT_GUEST_PHYSICAL, 0xfee00020);
    return vmx_finish(&hvm);
}

static void at_exit(void)
{
    fresh();
    hvm.unusual = VMX_USUAL;
    put(EXIT_INSN_BYTES, 3);
    put(GUEST_RSP, 0);
    put(GUEST_RIP, 0x1000);
    put(GUEST_RFLAGS, 0x202);
}

/* Vol 3D appendix C, one by one; what is not here is unknown. */
static const struct {
    uint8_t code;
    uint32_t reason;
} to_the_vmm[] = {
    {2, EXIT_REASON_TRIPLE_FAULT},
    {9, EXIT_REASON_TASK_SWITCH},
    {10, EXIT_REASON_CPUID},
    {11, EXIT_REASON_VIRTUALIZATION},
    {12, EXIT_REASON_HLT},
    {13, EXIT_REASON_INVD},
    {15, EXIT_REASON_RDPMC},
    {17, EXIT_REASON_RSM},
    {18, EXIT_REASON_HYPERCALL},
    {19, EXIT_REASON_VIRTUALIZATION},
    {20, EXIT_REASON_VIRTUALIZATION},
    {21, EXIT_REASON_VIRTUALIZATION},
    {22, EXIT_REASON_VIRTUALIZATION},
    {23, EXIT_REASON_VIRTUALIZATION},
    {24, EXIT_REASON_VIRTUALIZATION},
    {25, EXIT_REASON_VIRTUALIZATION},
    {26, EXIT_REASON_VIRTUALIZATION},
    {27, EXIT_REASON_VIRTUALIZATION},
    {28, EXIT_REASON_CR_ACCESS},
    {30, EXIT_REASON_PIO},
    {31, EXIT_REASON_RDMSR},
    {32, EXIT_REASON_WRMSR},
    {36, EXIT_REASON_MWAIT},
    {39, EXIT_REASON_MONITOR},
    {46, EXIT_REASON_DESCRIPTOR_TABLE},
    {47, EXIT_REASON_DESCRIPTOR_TABLE},
    {48, EXIT_REASON_NESTED_FAULT},
    {50, EXIT_REASON_VIRTUALIZATION},
    {53, EXIT_REASON_VIRTUALIZATION},
    {54, EXIT_REASON_WBINVD},
    {55, EXIT_REASON_XSETBV},
};
static const uint8_t to_the_host[] = {1, 3, 4, 52}, windows[] = {7, 8, 43};

static void test_exit__reasons_that_go_to_the_vmm(void)
{
    for (size_t i = 0; i < sizeof to_the_vmm / sizeof to_the_vmm[0]; i++) {
        at_exit();
        CHECK_EQ(exit_with(to_the_vmm[i].code, 0, 0), HVM_EXIT_VMM);
        CHECK_EQ(page.exit_reason, to_the_vmm[i].reason);
        CHECK_EQ(page.exit_insn_bytes, to_the_vmm[i].code == 48 ? 0 : 3);
        CHECK_EQ(page.exit_code, to_the_vmm[i].code);
        CHECK(page.rip == 0x1000 && !hvm.delivering);
    }
}

static void test_exit__everything_else_is_unknown(void)
{
    for (uint64_t code = 1; code < 0x200; code++) {
        bool listed = memchr(to_the_host, (int)code, sizeof to_the_host) != NULL ||
                      memchr(windows, (int)code, sizeof windows) != NULL;
        for (size_t i = 0; i < sizeof to_the_vmm / sizeof to_the_vmm[0]; i++)
            listed = listed || to_the_vmm[i].code == code;
        if (listed && code < 0x100)
            continue;
        at_exit();
        CHECK_EQ(exit_with(code, 7, 0), HVM_EXIT_VMM);
        CHECK_EQ(page.exit_reason, EXIT_REASON_UNKNOWN);
        CHECK(page.exit_code == code && page.exit_info == 7 && page.exit_insn_bytes == 0);
    }
    at_exit();
    exit_with(1 << 27, 0, 0); /* an enclave's bit: of no guest here */
    CHECK_EQ(page.exit_reason, EXIT_REASON_UNKNOWN);
}

static void test_exit__host_events_are_the_hosts(void)
{
    for (size_t i = 0; i < sizeof to_the_host; i++) {
        at_exit();
        CHECK_EQ(exit_with(to_the_host[i], 0, 0), HVM_EXIT_INTERRUPT);
        CHECK(!hvm.delivering && hvm.event == 0);
    }
}

static void test_exit__windows_ask_again_what_waits(void)
{
    for (size_t i = 0; i < sizeof windows; i++) {
        at_exit();
        CHECK_EQ(exit_with(windows[i], 0, 0), HVM_EXIT_HANDLED);
        CHECK(hvm.delivering);
    }
}

static void test_exit__copies_what_every_exit_has(void)
{
    at_exit();
    put(GUEST_RSP, 2);
    put(GUEST_RIP, 3);
    put(GUEST_RFLAGS, 0x246);
    put(GUEST_SS_ACCESS, 0xc0f3);
    put(EXIT_INSN_BYTES, 0xfff2);
    fake.cr2 = 0x1234;
    exit_with(10, 0, 0);
    CHECK(page.gpr[4] == 2 && page.rip == 3 && page.rflags == 0x246 && page.cpl == 3);
    CHECK(page.shadow == 0 && page.valid == 3 && page.exit_insn_bytes == 2);
    CHECK(vmx_of(&hvm)->cr2 == 0x1234 && fake.gdt_loads == 1);
    hvm.launched = false;
    exit_with(10, 0, 0);
    CHECK(hvm.launched);
    put(GUEST_SS_ACCESS, 0x1c093);
    for (uint64_t blocked = 0; blocked < 16; blocked++) {
        put(GUEST_INTERRUPTIBILITY, blocked);
        exit_with(10, 0, 0);
        CHECK_EQ(page.shadow, (blocked & 3) != 0);
        CHECK_EQ(vmx_of(&hvm)->blocked, blocked & 3);
        CHECK_EQ(page.cpl, 0);
    }
}

static void test_exit__the_hosts_extended_state_comes_back(void)
{
    at_exit();
    hvm.xcr0 = hvm.host_xcr0 = 7;
    exit_with(10, 0, 0);
    CHECK_EQ(fake.xcr0_writes, 0);
    hvm.xcr0 = fake.xcr0 = 1;
    hvm.own_xcr0 = true;
    exit_with(10, 0, 0);
    CHECK(fake.xcr0_writes == 1 && fake.xcr0 == 7 && hvm.xcr0 == 1);
}

static void test_exit__pio(void)
{
    at_exit();
    put(EXIT_INSN_BYTES, 1);
    CHECK_EQ(exit_with(30, 0x3f8u << 16, 0), HVM_EXIT_VMM);
    CHECK(page.exit_reason == EXIT_REASON_PIO && page.exit_info == 0x3f8 && page.exit_flags == 0);
    CHECK(page.exit_size == 1 && page.exit_insn_bytes == 1);
    exit_with(30, 0xffffu << 16 | 1u << 6 | 1u << 5 | 1u << 4 | 1u << 3 | 3, 0);
    CHECK(page.exit_info == 0xffff && page.exit_flags == (PIO_IN | PIO_STRING | PIO_REP) &&
          page.exit_size == 4);
    exit_with(30, 0x80u << 16 | 1u << 6 | 1u << 3 | 1, 0);
    CHECK(page.exit_info == 0x80 && page.exit_flags == PIO_IN && page.exit_size == 2);
}

static void test_exit__msr(void)
{
    at_exit();
    page.gpr[1] = 0xffffffffc0000080;
    exit_with(31, 0, 0);
    CHECK(page.exit_reason == EXIT_REASON_RDMSR && page.exit_info == 0xc0000080 && page.exit_insn_bytes == 3);
    exit_with(32, 0, 0);
    CHECK(page.exit_reason == EXIT_REASON_WRMSR && page.exit_info == 0xc0000080);
}

static void test_exit__control_registers(void)
{
    at_exit();
    CHECK_EQ(exit_with(28, 4 | 15u << 8, 0), HVM_EXIT_VMM);
    CHECK(page.exit_info == 4 && page.exit_flags == CR_ACCESS_MOV_TO && page.exit_size == 15);
    exit_with(28, 8 | 1u << 4 | 2u << 8, 0);
    CHECK(page.exit_info == 8 && page.exit_flags == CR_ACCESS_MOV_FROM && page.exit_size == 2);
    exit_with(28, 0xffffull << 16 | 3u << 4 | 1u << 6, 0);
    CHECK(page.exit_info == 0 && page.exit_flags == CR_ACCESS_LMSW && page.exit_size == 0);
}

/* Table 28-7. */
static void test_exit__nested_fault(void)
{
    static const struct {
        uint32_t info, flags;
    } cases[] = {{0x181, 0},
                 {0x182, FAULT_WRITE},
                 {0x184, FAULT_EXEC},
                 {0x18a, FAULT_WRITE | FAULT_PRESENT},
                 {0x190 | 1, FAULT_PRESENT},
                 {0x1a0 | 2, FAULT_WRITE | FAULT_PRESENT},
                 {0x81, FAULT_TABLE_WALK},
                 {0x0bb, FAULT_TABLE_WALK | FAULT_WRITE | FAULT_PRESENT},
                 {1, 0},
                 {0x101, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        at_exit();
        CHECK_EQ(exit_with(48, cases[i].info, 0), HVM_EXIT_VMM);
        CHECK(page.exit_reason == EXIT_REASON_NESTED_FAULT && page.exit_address == 0xfee00020);
        CHECK_EQ(page.exit_flags, cases[i].flags);
        CHECK_EQ(page.exit_info, cases[i].info);
    }
}

/* IRET that faults in the second stage had unblocked NMIs: 28.2.3, undefined while an event was delivered. */
static void test_exit__nmis_are_blocked_again_when_iret_was_cut_short(void)
{
    at_exit();
    exit_with(48, 1 << 12 | 0x181, 0);
    CHECK_EQ(at(GUEST_INTERRUPTIBILITY), 8);
    at_exit();
    exit_with(48, 0x181, 0);
    CHECK_EQ(at(GUEST_INTERRUPTIBILITY), 0);
    at_exit();
    exit_with(48, 1 << 12 | 0x181, VALID | 0x51);
    CHECK_EQ(at(GUEST_INTERRUPTIBILITY), 0);
    CHECK_EQ(vmx_of(&hvm)->irq, 0x151);
    at_exit();
    exit_with(30, 1 << 12, 0); /* of a port access the bit is the operand's */
    CHECK_EQ(at(GUEST_INTERRUPTIBILITY), 0);
    at_exit();
    put(EXIT_EVENT, VALID | 1 << 12 | 1 << 11 | 3 << 8 | 17);
    exit_with(0, 0, 0);
    CHECK_EQ(at(GUEST_INTERRUPTIBILITY), 8);
    at_exit();
    put(EXIT_EVENT, VALID | 1 << 12 | 1 << 11 | 3 << 8 | 17);
    exit_with(0, 0, VALID | 0x51);
    CHECK_EQ(at(GUEST_INTERRUPTIBILITY), 0);
}

static void test_exit__what_was_delivered_is_settled(void)
{
    at_exit();
    hvm.delivering = true;
    page.irq_vector = 0x151;
    hvm.event = VALID | 0x30d;
    exit_with(10, 0, 0);
    CHECK(page.irq_vector == 0 && hvm.event == 0 && !hvm.delivering);
    put(EXIT_VECTORING_ERROR, 4);
    exit_with(48, 0x181, VALID | 1 << 11 | 3 << 8 | 14);
    CHECK(hvm.event == (VALID | 1 << 11 | 3 << 8 | 14 | 4ull << 32) && hvm.delivering);
    CHECK_EQ(page.exit_reason, EXIT_REASON_NESTED_FAULT);
}

static enum hvm_exit exception(uint32_t type, uint32_t vector, uint64_t qualification)
{
    put(EXIT_EVENT, VALID | type << 8 | vector);
    return exit_with(0, qualification, 0);
}

static void test_exit__nmi_and_machine_check_are_the_hosts(void)
{
    at_exit();
    CHECK_EQ(exception(2, 2, 0), HVM_EXIT_HANDLED);
    CHECK(fake.nmis == 1 && fake.machine_checks == 0 && hvm.event == 0 && !hvm.delivering);
    at_exit();
    CHECK_EQ(exception(3, 18, 0), HVM_EXIT_INTERRUPT);
    CHECK(fake.nmis == 0 && fake.machine_checks == 1 && hvm.event == 0 && !hvm.delivering);
}

/* Once, and the host's interrupts come between: else a guest whose delivery raises the exception again keeps the processor. */
static void test_exit__exceptions_go_back_to_the_guest(void)
{
    at_exit();
    CHECK_EQ(exception(3, 17, 0), HVM_EXIT_INTERRUPT);
    CHECK_EQ(hvm.event, VALID | 1 << 11 | 3 << 8 | 17);
    CHECK(hvm.delivering && fake.nmis == 0 && fake.machine_checks == 0);
    at_exit();
    put(EXIT_VECTORING_ERROR, 0);
    put(EXIT_EVENT, VALID | 1 << 11 | 3 << 8 | 17);
    CHECK_EQ(exit_with(0, 0, VALID | 1 << 11 | 3 << 8 | 17), HVM_EXIT_INTERRUPT);
    CHECK_EQ(hvm.event, VALID | 1 << 11 | 3 << 8 | 17);
    at_exit();
    CHECK_EQ(exception(3, 1, 0), HVM_EXIT_INTERRUPT);
    CHECK_EQ(hvm.event, VALID | 3 << 8 | 1);
    CHECK(hvm.delivering && page.rip == 0x1000);
}

/* The processor has left that to us: 28.1 and table 28-1. */
static void test_debug__causes_reach_dr6_and_dr7(void)
{
    at_exit();
    fake.dr6 = 0xffff0ff6;
    put(GUEST_DR7, 0x2401);
    exception(3, 1, 0x4001);
    CHECK_EQ(fake.dr6, 0xffff4ff1);
    CHECK_EQ(at(GUEST_DR7), 0x401);
    exception(3, 1, 1 << 13);
    CHECK_EQ(fake.dr6, 0xffff6ff0); /* BS stays until the guest clears it */
    exception(3, 1, ~0ull);
    CHECK_EQ(fake.dr6, 0xffff6fff);
    at_exit();
    fake.dr6 = 0xffff0ff0;
    put(GUEST_DR7, 0x2401);
    exception(3, 17, 0x4001);
    CHECK(fake.dr6 == 0xffff0ff0 && at(GUEST_DR7) == 0x2401);
}

/* 27.3.1.5: the entry that brings #DB wants to see the step pending if STI's or MOV SS's shadow is on. */
static void test_debug__a_step_in_a_shadow_stays_enterable(void)
{
    for (uint64_t blocked = 0; blocked < 3; blocked++) {
        for (uint64_t flag = 0; flag <= 0x100; flag += 0x100) {
            at_exit();
            put(GUEST_RFLAGS, 0x202 | flag);
            put(GUEST_INTERRUPTIBILITY, blocked);
            exception(3, 1, 0x4000);
            vmx_prepare(&cpu_block[0], &hvm, 0);
            CHECK_EQ(at(CONTROL_EVENT), VALID | 3 << 8 | 1);
            CHECK_EQ(at(GUEST_PENDING_DEBUG), blocked != 0 && flag != 0 ? 1 << 14 : 0);
            CHECK_EQ(at(GUEST_INTERRUPTIBILITY), blocked);
        }
    }
}

/* INT1 is a trap that leaves RIP on itself: 28.3.3. */
static void test_debug__int1_returns_behind_itself(void)
{
    at_exit();
    put(EXIT_INSN_BYTES, 1);
    put(GUEST_INTERRUPTIBILITY, 2);
    put(GUEST_RFLAGS, 0x302);
    CHECK_EQ(exception(5, 1, 0), HVM_EXIT_INTERRUPT);
    CHECK_EQ(hvm.event, VALID | 3 << 8 | 1);
    CHECK(page.rip == 0x1001 && page.shadow == 0);
    vmx_prepare(&cpu_block[0], &hvm, 0);
    CHECK_EQ(at(GUEST_RIP), 0x1001);
    CHECK(at(GUEST_INTERRUPTIBILITY) == 0 && at(GUEST_PENDING_DEBUG) == 0);
}

/* 27.8: bit 31, host state is loaded, but no guest state and no event was; the launch state is uncertain. */
static void test_refused__guest_state_that_does_not_exist(void)
{
    static const uint32_t reasons[] = {33, 34};
    for (size_t i = 0; i < 2; i++) {
        at_exit();
        hvm.xcr0 = fake.xcr0 = 1;
        hvm.own_xcr0 = true;
        hvm.delivering = true;
        hvm.event = VALID | 0x30d;
        put(CONTROL_EVENT, VALID | 0x30d);
        CHECK_EQ(exit_with(ENTRY_FAILED | reasons[i], 2, VALID | 0x51), HVM_EXIT_VMM);
        CHECK(page.exit_reason == EXIT_REASON_INVALID_STATE && page.exit_info == 2);
        CHECK_EQ(page.exit_code, ENTRY_FAILED | reasons[i]);
        CHECK(!hvm.launched && vmcs.launches_lost == 1 && cpu_block[0].hvm_current == NULL);
        CHECK(hvm.event == 0 && !hvm.delivering &&
              vmx_of(&hvm)->irq == 0); /* that vectoring was an earlier exit's */
        CHECK_EQ(at(CONTROL_EVENT), 0);
        CHECK(fake.machine_checks == 0 && fake.gdt_loads == 1 && fake.xcr0 == 7);
    }
}

static void test_refused__machine_check_during_entry_is_the_hosts(void)
{
    at_exit();
    CHECK_EQ(exit_with(ENTRY_FAILED | 41, 0, 0), HVM_EXIT_VMM);
    CHECK_EQ(page.exit_reason, EXIT_REASON_INVALID_STATE);
    CHECK_EQ(fake.machine_checks, 1);
    at_exit();
    exit_with(41, 0, 0);
    CHECK_EQ(page.exit_reason, EXIT_REASON_UNKNOWN);
    CHECK_EQ(fake.machine_checks, 0);
}

static void test_refused__controls_that_do_not_exist(void)
{
    at_exit();
    exit_with(10, 0, 0);
    page.gpr[4] = 0x77;
    hvm.xcr0 = fake.xcr0 = 1;
    hvm.own_xcr0 = true;
    fake.gdt_loads = 0;
    hvm.event = VALID | 0xb0d;
    hvm.delivering = true;
    put(CONTROL_EVENT, VALID | 0xb0d);
    CHECK_EQ(vmx_refused(&hvm), HVM_EXIT_VMM);
    CHECK(page.exit_reason == EXIT_REASON_INVALID_STATE && page.exit_code == UINT32_MAX);
    CHECK(page.exit_insn_bytes == 0 && page.rip == 0x1000 && page.gpr[4] == 0x77);
    CHECK(!hvm.launched && cpu_block[0].hvm_current == NULL && fake.xcr0 == 7 && fake.machine_checks == 0);
    CHECK(hvm.event == 0 && !hvm.delivering && at(CONTROL_EVENT) == 0);
}

/* A 64-bit kernel at its VMCALL. */
static void at_hypercall(void)
{
    at_exit();
    page.gpr[0] = 1ull << 63 | 5;
    put(GUEST_EFER, 0xd01);
    put(GUEST_CS_ACCESS, 0xa09b);
    put(GUEST_SS_ACCESS, 0xc093);
    put(GUEST_INTERRUPTIBILITY, 9);
}

static void test_hypercall__needs_64_bit_ring_0(void)
{
    at_hypercall();
    CHECK_EQ(exit_with(18, 0, 0), HVM_EXIT_HYPERCALL);
    CHECK(page.rip == 0x1003 && page.shadow == 0);
    CHECK_EQ(page.gpr[0], 1ull << 63 | 5);
    at_hypercall();
    put(GUEST_SS_ACCESS, 0xc0f3);
    CHECK_EQ(exit_with(18, 0, 0), HVM_EXIT_REFUSED);
    CHECK_EQ(page.rip, 0x1003);
    at_hypercall();
    put(GUEST_CS_ACCESS, 0xc09b);
    CHECK_EQ(exit_with(18, 0, 0), HVM_EXIT_REFUSED);
    at_hypercall();
    put(GUEST_EFER, 0x101);
    CHECK_EQ(exit_with(18, 0, 0), HVM_EXIT_REFUSED);
}

static void test_hypercall__does_not_wait_before_an_interrupt(void)
{
    at_hypercall();
    vmx_of(&hvm)->irq = 0x151;
    CHECK_EQ(exit_with(18, 0, 0), HVM_EXIT_CANCELED);
    CHECK_EQ(page.rip, 0x1003);
    at_hypercall();
    vmx_of(&hvm)->irq = 0x151;
    put(GUEST_RFLAGS, 2);
    CHECK_EQ(exit_with(18, 0, 0), HVM_EXIT_HYPERCALL);
}

static void test_hypercall__others_go_to_the_vmm(void)
{
    at_hypercall();
    page.gpr[0] = 5;
    put(GUEST_SS_ACCESS, 0xc0f3);
    CHECK_EQ(exit_with(18, 0, 0), HVM_EXIT_VMM);
    CHECK(page.exit_reason == EXIT_REASON_HYPERCALL && page.exit_insn_bytes == 3 && page.rip == 0x1000);
    CHECK_EQ(page.shadow, 1);
}

int main(void)
{
    RUN(test_exit__reasons_that_go_to_the_vmm);
    RUN(test_exit__everything_else_is_unknown);
    RUN(test_exit__host_events_are_the_hosts);
    RUN(test_exit__windows_ask_again_what_waits);
    RUN(test_exit__copies_what_every_exit_has);
    RUN(test_exit__the_hosts_extended_state_comes_back);
    RUN(test_exit__pio);
    RUN(test_exit__msr);
    RUN(test_exit__control_registers);
    RUN(test_exit__nested_fault);
    RUN(test_exit__nmis_are_blocked_again_when_iret_was_cut_short);
    RUN(test_exit__what_was_delivered_is_settled);
    RUN(test_exit__nmi_and_machine_check_are_the_hosts);
    RUN(test_exit__exceptions_go_back_to_the_guest);
    RUN(test_debug__causes_reach_dr6_and_dr7);
    RUN(test_debug__a_step_in_a_shadow_stays_enterable);
    RUN(test_debug__int1_returns_behind_itself);
    RUN(test_refused__guest_state_that_does_not_exist);
    RUN(test_refused__machine_check_during_entry_is_the_hosts);
    RUN(test_refused__controls_that_do_not_exist);
    RUN(test_hypercall__needs_64_bit_ring_0);
    RUN(test_hypercall__does_not_wait_before_an_interrupt);
    RUN(test_hypercall__others_go_to_the_vmm);
    return UNIT_RESULT();
}
