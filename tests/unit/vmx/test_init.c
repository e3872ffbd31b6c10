/* hw/vmx.c: what a processor must have is missed by name, and what an entry needs stands in the VMCS before it. */
#include "machine.h"

static uint64_t at(uint64_t field)
{
    return vmcs.value[field];
}

/* NULL, or all that it lacks. */
static const char *start(void)
{
    const bool fine = hvm_init_cpu(&cpu_block[0]);
    CHECK_EQ(fine, lackings == 0);
    return fine ? NULL : lacking;
}

static bool says(const char *text, const char *part)
{
    return text != NULL && strstr(text, part) != NULL;
}

static void test_start__a_whole_processor_enters_vmx_operation(void)
{
    struct cpu *cpu = &cpu_block[0];
    fresh_processor();
    CHECK_TEXT(start(), NULL);
    CHECK_EQ(fake.cr0, 0x80010033);
    CHECK_EQ(fake.cr4, 0x3426e0);
    CHECK_EQ(fake.feature_writes, 0);
    CHECK_EQ(vmcs.region_on, image_to_phys(cpu->hvm_pages[0]).value);
    CHECK(cpu->hvm_pages[0][0] == 0x11 && cpu->hvm_pages[0][3] == 0); /* the revision, bit 31 clear: 25.2 */
    CHECK_EQ(cpu->host_state.value, vmcs.region_on);
    CHECK_EQ(cpu->hvm_features, 0x3767ff);
    CHECK_EQ(cpu->asid_next, cpu->asid_limit);
    CHECK_EQ(hvm_nested_format(), 1);
}

static void test_start__vmx_that_is_not_there_or_not_allowed(void)
{
    fresh_processor();
    fake.features = ~(1u << 5);
    CHECK_TEXT(start(), "VMX (CPUID 1 ECX bit 5);");
    for (uint64_t control = 0; control < 8; control++) {
        fresh_processor();
        *msr(0x3a) = control;
        const bool allowed = (control & 1) == 0 || (control & 4) != 0;
        CHECK_TEXT(start(), allowed ? NULL : "VMX, which the firmware has disabled (IA32_FEATURE_CONTROL);");
        CHECK_EQ(fake.feature_writes, (control & 1) == 0);
        CHECK_EQ(*msr(0x3a), (control & 1) == 0 ? 5 : control);
        CHECK_EQ(vmcs.region_on != 0, allowed);
    }
    fresh_processor();
    *msr(0x480) &= ~(1ull << 55);
    CHECK_TEXT(start(), "VMX with controls that are 0 by default (IA32_VMX_BASIC bit 55);");
    fresh_processor();
    vmcs.refuse_on = true;
    CHECK_TEXT(start(), "VMX: VMXON is refused;");
}

/* [SDM-2023-09] Vol 3D appendix A: the capability MSR, the bit of the control or of EPT and VPID, and how it is missed. */
static const struct {
    uint16_t msr;
    uint8_t bit;
    const char *name;
} needed[] = {{0x48d, 0, "external-interrupt exiting"},
              {0x48d, 3, "NMI exiting"},
              {0x48d, 5, "virtual NMIs"},
              {0x48d, 6, "VMX-preemption timer"},
              {0x48e, 3, "TSC offsetting"},
              {0x48e, 7, "HLT exiting"},
              {0x48e, 10, "MWAIT exiting"},
              {0x48e, 11, "RDPMC exiting"},
              {0x48e, 21, "TPR shadow"},
              {0x48e, 25, "I/O bitmaps"},
              {0x48e, 28, "MSR bitmaps"},
              {0x48e, 29, "MONITOR exiting"},
              {0x48e, 31, "secondary controls"},
              {0x48b, 1, "EPT"},
              {0x48b, 5, "VPID"},
              {0x48b, 6, "WBINVD exiting"},
              {0x48b, 7, "unrestricted guest"},
              {0x48f, 2, "saving of debug controls"},
              {0x48f, 9, "64-bit host"},
              {0x48f, 18, "saving of PAT"},
              {0x48f, 19, "loading of PAT"},
              {0x48f, 20, "saving of EFER"},
              {0x48f, 21, "loading of EFER"},
              {0x490, 2, "loading of debug controls"},
              {0x490, 14, "loading of the guest's PAT"},
              {0x490, 15, "loading of the guest's EFER"},
              {0x48c, 6, "EPT of four levels"},
              {0x48c, 14, "write-back EPT tables"},
              {0x48c, 16, "2 MiB EPT pages"},
              {0x48c, 17, "1 GiB EPT pages"},
              {0x48c, 20, "INVEPT"},
              {0x48c, 25, "single-context INVEPT"},
              {0x48c, 32, "INVVPID"},
              {0x48c, 41, "single-context INVVPID"},
              {0x48c, 42, "all-context INVVPID"}};

/* Each bit of each capability: missed by its own name if it is needed, or else no matter. */
static void test_start__every_feature_is_missed_by_name(void)
{
    static const uint16_t capabilities[] = {0x48d, 0x48e, 0x48b, 0x48f, 0x490, 0x48c};
    for (size_t i = 0; i < sizeof capabilities / sizeof capabilities[0]; i++) {
        const bool control = capabilities[i] != 0x48c;
        for (uint32_t bit = 0; bit < (control ? 32 : 64); bit++) {
            char wanted[64] = "";
            fresh_processor();
            *msr(capabilities[i]) &= ~(1ull << bit);
            if (control)
                *msr(capabilities[i]) &= ~(1ull << (bit + 32));
            for (size_t j = 0; j < sizeof needed / sizeof needed[0]; j++) {
                if (needed[j].msr == capabilities[i] && needed[j].bit == bit)
                    (void)snprintf(wanted, sizeof wanted, "%s;", needed[j].name);
            }
            CHECK_TEXT(start(), wanted[0] != 0 ? wanted : NULL);
            CHECK_EQ(vmcs.region_on != 0, wanted[0] == 0);
        }
    }
}

static void test_start__all_that_is_missing_is_named(void)
{
    fresh_processor();
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        *msr(needed[i].msr) = 0;
    CHECK(!hvm_init_cpu(&cpu_block[0]));
    CHECK_EQ(lackings, sizeof needed / sizeof needed[0]);
    CHECK_EQ(vmcs.region_on, 0);
}

static const uint8_t *image(uint64_t pa)
{
    return (const uint8_t *)(pa + KERNEL_VIRTUAL);
}

static void test_init__controls_are_what_the_core_needs(void)
{
    fresh();
    CHECK_EQ(at(CONTROL_PIN), 0x16 | 0x69);
    CHECK_EQ(at(CONTROL_PRIMARY), 0x4006172 | 0xb2200c88);
    CHECK_EQ(at(CONTROL_SECONDARY), 0x1010e2);
    CHECK_EQ(at(CONTROL_EXIT), 0x36dfb | 0x3c0204);
    CHECK_EQ(at(CONTROL_ENTRY), 0x11fb | 0xc004);
    CHECK_EQ(at(CONTROL_EXCEPTIONS), 1 << 1 | 1 << 17 | 1 << 18);
    CHECK_EQ(at(GUEST_LINK_POINTER), UINT64_MAX);
    CHECK_EQ(at(CONTROL_VIRTUAL_APIC), CONTROL_PA + 2 * PAGE_BYTES);
    CHECK(at(CONTROL_EXIT_STORE_COUNT) == 5 && at(CONTROL_ENTRY_LOAD_COUNT) == 5 &&
          at(CONTROL_EXIT_LOAD_COUNT) == 5);
    CHECK(at(CONTROL_EXIT_MSR_STORE) == at(CONTROL_ENTRY_MSR_LOAD) &&
          at(CONTROL_EXIT_MSR_STORE) == ptr_to_phys(vmx_of(&hvm)->msr).value);
    CHECK(at(CONTROL_EXIT_MSR_STORE) % 16 == 0 && at(CONTROL_EXIT_MSR_LOAD) % 16 == 0); /* 25.7.2 */
    CHECK(pages[0][0] == 0x11 && !hvm.launched && cpu_block[0].hvm_current == &hvm);
    offer(0x48b, 0, 0xe2);
    vmcs.lacks_xsaves = true;
    CHECK_TEXT(start(), NULL);
    hvm_init(&hvm);
    CHECK_EQ(at(CONTROL_SECONDARY), 0xe2); /* INVPCID and XSAVES only where they are */
}

/* 25.11.3: every field that the processor uses with these controls; the entry itself writes VPID, EPT pointer, timer, RSP, RIP, RFLAGS and CR3. */
static void test_init__no_field_is_left_to_chance(void)
{
    static const uint16_t later[] = {CONTROL_VPID, CONTROL_EPT_POINTER, GUEST_PREEMPTION_TIMER,
                                     HOST_CR3,     HOST_FS_BASE,        CONTROL_EVENT_ERROR,
                                     GUEST_RSP,    GUEST_RIP,           GUEST_RFLAGS};
    fresh();
    FOR_EACH_KNOWN(row)
    {
        bool skip = (row->encoding >> 10 & 3) == READ_ONLY;
        for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
            skip = skip || later[i] == row->encoding;
        for (unsigned i = 0; i < row->count && !skip; i++) {
            if (!vmcs.written[row->encoding + 2 * i])
                printf("field %#x is not written\n", row->encoding + 2 * i);
            CHECK(vmcs.written[row->encoding + 2 * i]);
        }
    }
    static const uint16_t zero[] = {HOST_ES,
                                    HOST_DS,
                                    HOST_FS,
                                    HOST_GS,
                                    HOST_SYSENTER_CS,
                                    HOST_SYSENTER_ESP,
                                    HOST_SYSENTER_EIP,
                                    CONTROL_FAULT_MASK,
                                    CONTROL_FAULT_MATCH,
                                    CONTROL_CR3_TARGETS,
                                    CONTROL_EVENT,
                                    CONTROL_TPR_THRESHOLD,
                                    GUEST_DEBUGCTL,
                                    GUEST_INTERRUPTIBILITY,
                                    GUEST_ACTIVITY,
                                    GUEST_PENDING_DEBUG,
                                    CONTROL_XSS_EXITS};
    for (size_t i = 0; i < sizeof zero / sizeof zero[0]; i++)
        CHECK_EQ(at(zero[i]), 0);
}

static void test_init__every_port_and_all_but_ten_msrs_exit(void)
{
    static const uint32_t passed[] = {0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000100,
                                      0xc0000101, 0xc0000102, 0x174,      0x175,      0x176};
    fresh();
    const uint8_t *ports = image(at(CONTROL_IO_BITMAP_A)), *bitmap = image(at(CONTROL_MSR_BITMAP));
    CHECK_EQ(at(CONTROL_IO_BITMAP_B), at(CONTROL_IO_BITMAP_A) + PAGE_BYTES);
    for (size_t i = 0; i < 2 * PAGE_BYTES; i++)
        CHECK_EQ(ports[i], 0xff);
    for (uint32_t i = 0; i < 0x4000; i++) {
        const uint32_t index = i < 0x2000 ? i : 0xc0000000 + i - 0x2000;
        bool open = false;
        for (size_t j = 0; j < sizeof passed / sizeof passed[0]; j++)
            open = open || passed[j] == index;
        CHECK_EQ(bitmap[i / 8] >> i % 8 & 1, !open);        /* reads: 25.6.9 */
        CHECK_EQ(bitmap[2048 + i / 8] >> i % 8 & 1, !open); /* writes */
    }
}

static void test_init__exits_come_back_to_the_host(void)
{
    struct cpu *cpu = &cpu_block[0];
    fresh();
    CHECK(at(HOST_CS) == SELECTOR_KERNEL_CODE && at(HOST_SS) == SELECTOR_KERNEL_DATA &&
          at(HOST_TR) == SELECTOR_TSS);
    CHECK((at(HOST_CS) & 7) == 0 && (at(HOST_SS) & 7) == 0 && (at(HOST_TR) & 7) == 0); /* 27.2.3 */
    CHECK(at(HOST_CR0) == 0x80010033 && at(HOST_CR4) == 0x3426e0 && at(HOST_EFER) == 0xd01);
    CHECK(at(HOST_PAT) == 0x0007040600070406 && at(HOST_RIP) == (uint64_t)vmx_exit);
    CHECK(at(HOST_GS_BASE) == (uint64_t)cpu && at(HOST_TR_BASE) == (uint64_t)&cpu->tss &&
          at(HOST_GDTR_BASE) == (uint64_t)cpu->gdt);
    const struct msr_entry *list = (const void *)image(at(CONTROL_EXIT_MSR_LOAD));
    for (uint64_t i = 0; i < 5; i++)
        CHECK(list[i].index == vmx_of(&hvm)->msr[i].index && list[i].reserved == 0 && list[i].value == i + 1);
}

static void prepare(void)
{
    vmx_prepare(&cpu_block[0], &hvm, 3);
}

/* [SDM-2023-09] Vol 3A table 10-1. */
static void test_init__a_fresh_vcpu_stands_at_reset(void)
{
    fresh();
    CHECK(page.cr0 == 0x60000010 && page.cr4 == 0 && page.efer == 0 && page.rip == 0xfff0 &&
          page.rflags == 0);
    CHECK_EQ(at(GUEST_CR0), 0x30);
    prepare();
    CHECK(at(GUEST_RFLAGS) == 2 && at(GUEST_RIP) == 0xfff0);
    CHECK(page.seg[1].selector == 0xf000 && page.seg[1].base == 0xffff0000 && page.seg[1].access == 0x9b);
    CHECK(page.seg[6].access == 0x82 && page.seg[7].access == 0x8b && page.seg[0].access == 0x93);
    CHECK(page.dr6 == 0xffff0ff0 && page.dr7 == 0x400 && page.xcr0 == 1);
    CHECK(page.gdtr_limit == 0xffff && page.idtr_limit == 0xffff && page.pat == 0x0007040600070406);
    CHECK_EQ(hvm.fpu.area[0], 1);
    CHECK_EQ(page.valid & 0x1ff, 0x1ff);
}

static void test_init__a_vmcs_that_the_processor_refuses_ends_the_kernel(void)
{
    fresh();
    if (setjmp(panic_return) == 0) {
        vmcs.refuse_load = true;
        cpu_block[0].hvm_current = NULL;
        vmx_select(&cpu_block[0], &hvm);
    }
    CHECK(says(panicked, "vmcs_load"));
    panicked = NULL;
    if (setjmp(panic_return) == 0) {
        vmcs.refuse_clear = true;
        vmx_clear(&hvm);
    }
    CHECK(says(panicked, "vmcs_clear"));
    panicked = NULL;
}

/* As hvm_run begins, with nothing left to do. */
static void prepared(void)
{
    fresh();
    hvm.nested_root = (hpa_t){0x7000};
    hvm.xcr0 = 7;
    vmx_prepare(&cpu_block[0], &hvm, 3);
    hvm.launched = true;
    CHECK_EQ(hvm.unusual, VMX_USUAL);
    vmcs.invalidations = 0;
    fake.xcr0_writes = fake.cr2_writes = 0;
}

static void test_prepare__first_entry_takes_the_processor(void)
{
    struct cpu *cpu = &cpu_block[0];
    fresh();
    hvm.nested_root = (hpa_t){0x7000};
    hvm.xcr0 = 3;
    hvm.dr[1] = 0x44;
    cpu->fs_base = 0x55;
    page.gpr[4] = 0x66;
    vmx_of(&hvm)->cr2 = 0x77;
    vmx_prepare(cpu, &hvm, 3);
    CHECK(at(HOST_CR3) == 0x1000 && at(HOST_FS_BASE) == 0x55 && at(GUEST_RSP) == 0x66);
    CHECK(cpu->fpu == &hvm.fpu && cpu->debug_owner == &hvm && fake.dr[1] == 0x44 && fake.dr6 == 0xffff0ff0);
    CHECK(fake.xcr0 == 3 && hvm.host_xcr0 == 7 && fake.cr2 == 0x77);
    CHECK(at(CONTROL_VPID) == 1 &&
          at(CONTROL_EPT_POINTER) == (0x7000 | 0x5e)); /* write-back, 4 levels, A/D: 25.6.11 */
    CHECK(vmcs.invvpid_type == INVALIDATE_SINGLE && vmcs.invvpid == 1);
    CHECK(vmcs.invept_type == INVALIDATE_SINGLE && vmcs.invept == at(CONTROL_EPT_POINTER));
    CHECK_EQ(vmcs.invalidations, 3); /* all contexts first: the generation is new */
    vmx_prepare(cpu, &hvm, 3);
    CHECK(vmcs.invalidations == 3 && fake.cr2_writes == 1);
}

static void test_prepare__accessed_and_dirty_only_where_they_are(void)
{
    fresh();
    *msr(0x48c) &= ~(1ull << 21);
    CHECK_TEXT(start(), NULL);
    hvm.nested_root = (hpa_t){0x7000};
    prepare();
    CHECK_EQ(at(CONTROL_EPT_POINTER), 0x7000 | 0x1e);
}

static void test_prepare__old_translations_go(void)
{
    struct cpu *cpu = &cpu_block[0];
    prepared();
    vmx_prepare(cpu, &hvm, 4); /* the space has changed */
    CHECK(vmcs.invalidations == 2 && at(CONTROL_VPID) == 1 && hvm.nested_generation == 4);
    hvm.flush = true;
    hvm.nested_root = (hpa_t){0x9000};
    vmx_prepare(cpu, &hvm, 4);
    CHECK(vmcs.invalidations == 4 && at(CONTROL_EPT_POINTER) == (0x9000 | 0x5e) && !hvm.flush);
    vmx_prepare(cpu, &hvm, 4);
    CHECK_EQ(vmcs.invalidations, 4);
    hvm.asid_generation = 0; /* as another vCPU that never ran here */
    hvm.flush = true;
    vmx_prepare(cpu, &hvm, 4);
    CHECK(at(CONTROL_VPID) == 2 && vmcs.invvpid == 2 && vmcs.invalidations == 6);
    cpu->asid_next = cpu->asid_limit; /* all used: everything is dropped, and 0 stays the host's */
    hvm.asid_generation = 0;
    hvm.flush = true;
    const uint64_t generation = cpu->asid_generation;
    vmx_prepare(cpu, &hvm, 4);
    CHECK(at(CONTROL_VPID) == 1 && cpu->asid_generation == generation + 1 && vmcs.invalidations == 9);
    CHECK_EQ(hvm.asid_generation, cpu->asid_generation);
}

static void test_prepare__timer_ends_the_run_with_the_hosts(void)
{
    struct cpu *cpu = &cpu_block[0];
    prepared();
    fake.tsc = 1000;
    cpu->timer_set = 1800;
    prepare();
    CHECK_EQ(at(GUEST_PREEMPTION_TIMER), 100); /* every eighth tick: IA32_VMX_MISC says 3 */
    cpu->timer_set = 1000;
    prepare();
    CHECK_EQ(at(GUEST_PREEMPTION_TIMER), 0);
    cpu->timer_set = 10;
    prepare();
    CHECK_EQ(at(GUEST_PREEMPTION_TIMER), 0);
    /* Far away: any end is early enough, but some instructions must come before it. */
    for (unsigned shift = 31; shift < 41; shift++) {
        cpu->timer_set = 1000 + (1ull << shift);
        prepare();
        CHECK(at(GUEST_PREEMPTION_TIMER) > 1000 && at(GUEST_PREEMPTION_TIMER) <= (1ull << shift) / 8);
        cpu->timer_set--;
        prepare();
        CHECK(at(GUEST_PREEMPTION_TIMER) > 1000 && at(GUEST_PREEMPTION_TIMER) <= (1ull << shift) / 8);
    }
    cpu->timer_set = UINT64_MAX;
    for (unsigned shift = 0; shift < 63; shift++) {
        fake.tsc = 1ull << shift;
        prepare();
        CHECK(at(GUEST_PREEMPTION_TIMER) > 1000);
    }
}

static void test_prepare__what_changed_meanwhile(void)
{
    struct cpu *cpu = &cpu_block[0];
    prepared();
    cpu->cr3 = 0x2000;
    prepare();
    CHECK_EQ(at(HOST_CR3), 0x2000);
    cpu->fs_base = 0x99;
    prepare();
    CHECK_EQ(at(HOST_FS_BASE), 0x99);
    cpu->fs_base = 0x77;
    prepare();
    CHECK_EQ(at(HOST_FS_BASE), 0x77);
    cpu->fs_base = 0;
    prepare();
    CHECK_EQ(at(HOST_FS_BASE), 0);
    cpu->fpu = NULL;
    prepare();
    CHECK(cpu->fpu == &hvm.fpu);
    cpu->xcr0 = 3;    /* no AVX here: the guest's AVX is not set */
    hvm.flush = true; /* as hvm_apply leaves it with a new XCR0 */
    prepare();
    CHECK_EQ(fake.xcr0, 3);
    hvm.host_state.value++;
    cpu->fpu = NULL;
    fake.cr4 |= 1;
    prepare();
    CHECK(at(HOST_CR4) == 0x3426e1 && hvm.host_state.value == cpu->host_state.value);
    vmx_of(&hvm)->irq = 0x151;
    page.rflags = 0x202;
    prepare();
    CHECK_EQ(at(CONTROL_EVENT), 0); /* nobody said that it waits */
    hvm.delivering = true;
    prepare();
    CHECK_EQ(at(CONTROL_EVENT), 0x80000051);
    fake.cr2 = 0x5;
    prepare();
    CHECK_EQ(fake.cr2, 0);
}

/* The page's words, of which only what exists reaches the guest. */
static void test_prepare__registers_of_every_entry(void)
{
    prepared();
    memset(&page.rip, 0xff, 2 * sizeof page.rip);
    page.gpr[4] = ~1ull;
    page.shadow = ~1ull;
    prepare();
    CHECK(at(GUEST_RIP) == ~0ull && at(GUEST_RSP) == ~1ull);
    CHECK(at(GUEST_RFLAGS) == 0x3f7fd7 && at(GUEST_INTERRUPTIBILITY) == 0);
    page.rflags = 0;
    page.shadow = 1;
    prepare();
    CHECK(at(GUEST_RFLAGS) == 2 && at(GUEST_INTERRUPTIBILITY) == 2);
    page.shadow = 0;
    prepare();
    CHECK_EQ(at(GUEST_INTERRUPTIBILITY), 0);
}

static void test_prepare__another_guests_debug_registers_are_kept(void)
{
    static struct hvm other;
    prepared();
    memset(&other, 0, sizeof other);
    cpu_block[0].debug_owner = &other;
    fake.dr[3] = 0x3333;
    fake.dr6 = 0xffff4ff0;
    vmx_of(&hvm)->dr6 = 0xffff0ff8;
    hvm.dr[3] = 0x1;
    prepare();
    CHECK(other.dr[3] == 0x3333 && vmx_of(&other)->dr6 == 0xffff4ff0);
    CHECK(fake.dr[3] == 0x1 && fake.dr6 == 0xffff0ff8 && cpu_block[0].debug_owner == &hvm);
}

/* hvm_run looks at the debug registers' owner alone: nobody's, once another VMCS is current. */
static void test_prepare__another_vmcs_ends_the_ownership(void)
{
    prepared();
    fake.dr[3] = 0x3333;
    cpu_block[0].hvm_current = NULL;
    vmx_select(&cpu_block[0], &hvm);
    CHECK(cpu_block[0].debug_owner == NULL && hvm.dr[3] == 0x3333);
    prepare();
    CHECK(cpu_block[0].debug_owner == &hvm);
}

static void test_retire__nothing_stays_on_the_processor(void)
{
    struct cpu *cpu = &cpu_block[0];
    prepared();
    fake.dr[0] = 0x1234;
    hvm.launched = true;
    hvm_retire(cpu, &hvm);
    CHECK(cpu->fpu == NULL && cpu->debug_owner == NULL && cpu->hvm_current == NULL);
    CHECK(vmcs.launches_lost == 1 && !hvm.launched);
    fresh();
    static struct hvm other;
    cpu->debug_owner = &other;
    cpu->hvm_current = &other;
    fake.dr[0] = 0x1234;
    hvm_retire(cpu, &hvm);
    CHECK(cpu->debug_owner == &other && cpu->hvm_current == &other && fake.dr[0] == 0x1234);
}

int main(void)
{
    RUN(test_start__a_whole_processor_enters_vmx_operation);
    RUN(test_start__vmx_that_is_not_there_or_not_allowed);
    RUN(test_start__every_feature_is_missed_by_name);
    RUN(test_start__all_that_is_missing_is_named);
    RUN(test_init__controls_are_what_the_core_needs);
    RUN(test_init__no_field_is_left_to_chance);
    RUN(test_init__every_port_and_all_but_ten_msrs_exit);
    RUN(test_init__exits_come_back_to_the_host);
    RUN(test_init__a_fresh_vcpu_stands_at_reset);
    RUN(test_init__a_vmcs_that_the_processor_refuses_ends_the_kernel);
    RUN(test_prepare__first_entry_takes_the_processor);
    RUN(test_prepare__accessed_and_dirty_only_where_they_are);
    RUN(test_prepare__old_translations_go);
    RUN(test_prepare__timer_ends_the_run_with_the_hosts);
    RUN(test_prepare__what_changed_meanwhile);
    RUN(test_prepare__registers_of_every_entry);
    RUN(test_prepare__another_guests_debug_registers_are_kept);
    RUN(test_prepare__another_vmcs_ends_the_ownership);
    RUN(test_retire__nothing_stays_on_the_processor);
    return UNIT_RESULT();
}
