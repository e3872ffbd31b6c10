/* Intel VMX with EPT behind hw/hvm.h: turning it on, making a vCPU, entering and leaving it.
 * Source: [SDM-2023-09] Vol 3C chapters 24-28 unless another is named. */
#include "hw/vmx.h"
#include "base/panic.h"
#include "base/string.h"
#include "hw/debug.h"
#include "hw/memory.h"
#include "hw/serial.h"

enum { MSR_FEATURE_CONTROL = 0x3a, MSR_PAT = 0x277, MSR_VMX_BASIC = 0x480, MSR_VMX_MISC = 0x485, MSR_CR0_FIXED0 = 0x486 };
enum { MSR_CR4_FIXED0 = 0x488, MSR_CR4_FIXED1 = 0x489, CPUID_ECX_VMX = 1 << 5, FEATURE_LOCKED = 1, FEATURE_VMX = 1 << 2 };
enum { EPT_POINTER = 6 | 3 << 3, EPT_POINTER_DIRTY = 1 << 6, VPID_LIMIT = 1 << 16, SECONDARY_XSAVES = 20 };

/* Capability MSRs, appendix A.3 to A.5 and A.10: those of controls, and the fields that they stand for. */
enum capability { PIN, PRIMARY, SECONDARY, EXIT, ENTRY, CONTROLS, EPT = CONTROLS };
static const uint16_t capability_msr[] = {0x48d, 0x48e, 0x48b, 0x48f, 0x490, 0x48c};
static const uint16_t control_field[CONTROLS] = {CONTROL_PIN, CONTROL_PRIMARY, CONTROL_SECONDARY, CONTROL_EXIT, CONTROL_ENTRY};
/* What the core needs, and without a name what it uses where it is: 25.6 to 25.8, appendix A.10. RDTSCP is not offered to guests. */
static const struct feature {
    uint8_t capability, bit;
    const char *name;
} features[] = {{PIN, 0, "external-interrupt exiting"}, {PIN, 3, "NMI exiting"}, {PIN, 5, "virtual NMIs"},
    {PIN, 6, "VMX-preemption timer"}, {PRIMARY, 3, "TSC offsetting"}, {PRIMARY, 7, "HLT exiting"}, {PRIMARY, 10, "MWAIT exiting"},
    {PRIMARY, 11, "RDPMC exiting"}, {PRIMARY, 21, "TPR shadow"}, {PRIMARY, 25, "I/O bitmaps"}, {PRIMARY, 28, "MSR bitmaps"},
    {PRIMARY, 29, "MONITOR exiting"}, {PRIMARY, 31, "secondary controls"}, {SECONDARY, 1, "EPT"}, {SECONDARY, 5, "VPID"},
    {SECONDARY, 6, "WBINVD exiting"}, {SECONDARY, 7, "unrestricted guest"}, {SECONDARY, 12, NULL /* INVPCID */},
    {SECONDARY, SECONDARY_XSAVES, NULL}, {EXIT, 2, "saving of debug controls"}, {EXIT, 9, "64-bit host"},
    {EXIT, 18, "saving of PAT"}, {EXIT, 19, "loading of PAT"}, {EXIT, 20, "saving of EFER"}, {EXIT, 21, "loading of EFER"},
    {ENTRY, 2, "loading of debug controls"}, {ENTRY, 14, "loading of the guest's PAT"}, {ENTRY, 15, "loading of the guest's EFER"},
    {EPT, 6, "EPT of four levels"}, {EPT, 14, "write-back EPT tables"}, {EPT, 16, "2 MiB EPT pages"}, {EPT, 17, "1 GiB EPT pages"},
    {EPT, 20, "INVEPT"}, {EPT, 21, NULL /* accessed and dirty flags */}, {EPT, 25, "single-context INVEPT"}, {EPT, 32, "INVVPID"},
    {EPT, 41, "single-context INVVPID"}, {EPT, 42, "all-context INVVPID"}};
static const uint32_t exceptions = 1u << 1 | 1u << 17 | 1u << 18; /* #DB #AC #MC */

/* 25.6.4 and 25.6.9; the same for every guest, like all of these constant once hvm_init_cpu has run. */
static _Alignas(PAGE_BYTES) uint8_t io_bitmap[2 * PAGE_BYTES];
static _Alignas(PAGE_BYTES) uint8_t msr_bitmap[PAGE_BYTES];
static struct msr_entry host_msr[SWITCHED_MSRS];
static uint32_t control_value[CONTROLS];
static uint32_t revision, timer_shift, ept_pointer_bits;

/* What the guest has for itself: the first SWITCHED_MSRS are exchanged by the processor, the others stand in fields; 0x174-0x176 are
 * SYSENTER's. */
static const uint32_t guest_msrs[] = {
    MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK, MSR_KERNEL_GS_BASE, MSR_FS_BASE, MSR_GS_BASE, 0x174, 0x175, 0x176};

static void bitmaps_init(void)
{
    memset(io_bitmap, 0xff, sizeof io_bitmap);
    memset(msr_bitmap, 0xff, sizeof msr_bitmap);
    for (uint32_t i = 0; i < sizeof guest_msrs / sizeof guest_msrs[0]; i++) {
        const uint32_t byte = (guest_msrs[i] < 0x2000 ? 0 : 1024) + guest_msrs[i] % 0x2000 / 8;
        const uint8_t others = (uint8_t) ~(1u << guest_msrs[i] % 8);
        msr_bitmap[byte] &= others; /* reads; writes follow 2 KiB behind */
        msr_bitmap[2048 + byte] &= others;
    }
}

/* Each control is what it must be and what of @features there is; false, and by name, if one is needed and missing. */
static bool controls_init(void)
{
    bool complete = true;

    for (uint32_t i = 0; i < CONTROLS; i++) control_value[i] = (uint32_t)rdmsr(capability_msr[i]);
    ept_pointer_bits = EPT_POINTER;
    for (uint32_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        const struct feature *feature = &features[i];
        const bool offered =
            rdmsr(capability_msr[feature->capability]) >> (feature->capability < CONTROLS ? 32 : 0) >> feature->bit & 1;

        if (offered && feature->capability < CONTROLS) control_value[feature->capability] |= 1u << feature->bit;
        else if (offered && !feature->name) ept_pointer_bits |= EPT_POINTER_DIRTY;
        if (!offered && feature->name) complete = machine_lacks(feature->name);
    }
    return complete;
}

__attribute__((cold)) bool hvm_init_cpu(struct cpu *cpu)
{
    if ((cpuid(1, 0).ecx & CPUID_ECX_VMX) == 0) return machine_lacks("VMX (CPUID 1 ECX bit 5)");
    /* Once locked a write faults: 24.7. */
    if ((rdmsr(MSR_FEATURE_CONTROL) & FEATURE_LOCKED) == 0) wrmsr(MSR_FEATURE_CONTROL, FEATURE_LOCKED | FEATURE_VMX);
    if ((rdmsr(MSR_FEATURE_CONTROL) & FEATURE_VMX) == 0)
        return machine_lacks("VMX, which the firmware has disabled (IA32_FEATURE_CONTROL)");
    revision = (uint32_t)rdmsr(MSR_VMX_BASIC) & 0x7fffffff;
    if ((rdmsr(MSR_VMX_BASIC) >> 55 & 1) == 0)
        return machine_lacks("VMX with controls that are 0 by default (IA32_VMX_BASIC bit 55)");
    if (!controls_init()) return false;

    timer_shift = rdmsr(MSR_VMX_MISC) & 31;
    cpu->hvm_features = (uint32_t)rdmsr(MSR_CR4_FIXED1);
    cpu->asid_limit = VPID_LIMIT;
    cpu->asid_next = cpu->asid_limit; /* so the first entry starts a generation, and flushes */
    cpu->asid_generation = ((uint64_t)cpu->index + 1) << 48;
    bitmaps_init();
    write_cr0(read_cr0() | rdmsr(MSR_CR0_FIXED0));
    write_cr4(read_cr4() | rdmsr(MSR_CR4_FIXED0));
    memcpy(cpu->hvm_pages[0], &revision, sizeof revision);
    cpu->host_state = image_to_phys(cpu->hvm_pages[0]);
    return vmx_on(cpu->host_state) || machine_lacks("VMX: VMXON is refused");
}

uint32_t hvm_nested_format(void) { return 1; }

/* What exits load that stays the same on one processor: 25.5. */
__attribute__((cold)) static void host_init(struct cpu *cpu, struct hvm *hvm)
{
    struct table_register idt;

    __asm__("sidt %0" : "=m"(idt));
    const uint64_t values[][2] = {{HOST_CS, SELECTOR_KERNEL_CODE}, {HOST_SS, SELECTOR_KERNEL_DATA}, {HOST_TR, SELECTOR_TSS},
        {HOST_PAT, rdmsr(MSR_PAT)}, {HOST_EFER, rdmsr(MSR_EFER)}, {HOST_CR0, read_cr0()}, {HOST_CR4, read_cr4()},
        {HOST_GS_BASE, (uint64_t)cpu}, {HOST_TR_BASE, (uint64_t)&cpu->tss}, {HOST_GDTR_BASE, (uint64_t)cpu->gdt},
        {HOST_IDTR_BASE, idt.base}, {HOST_RIP, (uint64_t)vmx_exit}};
    for (uint32_t i = 0; i < sizeof values / sizeof values[0]; i++) vmcs_write(values[i][0], values[i][1]);
    for (uint32_t i = 0; i < SWITCHED_MSRS; i++) host_msr[i] = (struct msr_entry){guest_msrs[i], 0, rdmsr(guest_msrs[i])};
    hvm->host_state = cpu->host_state;
}

/* The processor's debug registers, DR6 and CR2 are nobody's: whoever had them takes the processor again before it runs. */
static void leave_processor(struct cpu *cpu)
{
    if (cpu->debug_owner == NULL) return;
    debug_save(cpu->debug_owner->dr);
    vmx_of(cpu->debug_owner)->dr6 = read_dr6();
    cpu->debug_owner = NULL;
}

void vmx_select(struct cpu *cpu, struct hvm *hvm)
{
    if (cpu->hvm_current == hvm) return;
    leave_processor(cpu);
    ASSERT(vmcs_load(hvm->control_pa));
    cpu->hvm_current = hvm;
}

void vmx_clear(struct hvm *hvm)
{
    struct cpu *cpu = cpu_self();

    ASSERT(vmcs_clear(hvm->control_pa)); /* nothing of it is written back later: 25.11.3 */
    hvm->launched = false;
    if (cpu->hvm_current == hvm) cpu->hvm_current = NULL;
}

/* What the processor uses and nobody sets otherwise: a fresh VMCS need not hold zeros, 25.11.3. SYSENTER of a domain must fault. */
static const uint16_t zeros[] = {HOST_ES, HOST_DS, HOST_FS, HOST_GS, HOST_SYSENTER_CS, HOST_SYSENTER_ESP, HOST_SYSENTER_EIP,
    CONTROL_FAULT_MASK, CONTROL_FAULT_MATCH, CONTROL_CR3_TARGETS, CONTROL_EVENT, CONTROL_TPR_THRESHOLD, GUEST_DEBUGCTL,
    GUEST_INTERRUPTIBILITY, GUEST_ACTIVITY, GUEST_PENDING_DEBUG};

static void controls_write(struct hvm *hvm)
{
    struct vmx *vmx = vmx_of(hvm);
    const uint64_t msr = ptr_to_phys(vmx->msr).value;
    const uint64_t values[][2] = {{CONTROL_EXCEPTIONS, exceptions}, {CONTROL_IO_BITMAP_A, image_to_phys(io_bitmap).value},
        {CONTROL_IO_BITMAP_B, image_to_phys(io_bitmap).value + PAGE_BYTES}, {CONTROL_MSR_BITMAP, image_to_phys(msr_bitmap).value},
        {CONTROL_VIRTUAL_APIC, hvm->control_pa.value + 2 * PAGE_BYTES}, {CONTROL_CR0_MASK, CR0_OWNED},
        {CONTROL_CR4_MASK, CR4_OWNED}, {CONTROL_EXIT_MSR_STORE, msr}, {CONTROL_EXIT_STORE_COUNT, SWITCHED_MSRS},
        {CONTROL_ENTRY_MSR_LOAD, msr}, {CONTROL_ENTRY_LOAD_COUNT, SWITCHED_MSRS},
        {CONTROL_EXIT_MSR_LOAD, image_to_phys(host_msr).value}, {CONTROL_EXIT_LOAD_COUNT, SWITCHED_MSRS},
        {GUEST_LINK_POINTER, UINT64_MAX}};

    for (uint32_t i = 0; i < CONTROLS; i++) vmcs_write(control_field[i], control_value[i]);
    for (uint32_t i = 0; i < sizeof values / sizeof values[0]; i++) vmcs_write(values[i][0], values[i][1]);
    for (uint32_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++) vmcs_write(zeros[i], 0);
    if ((control_value[SECONDARY] >> SECONDARY_XSAVES & 1) != 0) vmcs_write(CONTROL_XSS_EXITS, 0);
    for (uint32_t i = 0; i < SWITCHED_MSRS; i++) vmx->msr[i].index = guest_msrs[i];
}

__attribute__((cold)) void hvm_init(struct hvm *hvm)
{
    struct cpu *cpu = cpu_self();
    struct vcpu_state *page = hvm->state;

    memcpy(hvm->control, &revision, sizeof revision);
    vmx_clear(hvm);
    vmx_select(cpu, hvm);
    host_init(cpu, hvm);
    controls_write(hvm);
    fpu_init(&hvm->fpu);

    /* Reset: [SDM-2023-09] Vol 3A table 10-1, as a VMM would ask for it. */
    for (uint32_t i = 0; i < 8; i++) page->seg[i] = (struct segment){0, 0x93, 0xffff, 0};
    page->seg[1] = (struct segment){0xf000, 0x9b, 0xffff, 0xffff0000};
    page->seg[6].access = 0x82;
    page->seg[7].access = 0x8b;
    page->gdtr_limit = page->idtr_limit = 0xffff;
    page->cr0 = 0x60000010;
    page->pat = 0x0007040600070406;
    page->rip = 0xfff0;
    ASSERT(hvm_apply(hvm, UINT32_MAX) == OK);
    hvm_read(hvm, UINT32_MAX);
}

void hvm_retire(struct cpu *cpu, struct hvm *hvm)
{
    fpu_forget(cpu, &hvm->fpu);
    if (cpu->debug_owner == hvm) cpu->debug_owner = NULL; /* what stands in DR0-3 nobody reads */
    vmx_clear(hvm);
    /* Its VPID is not used again before a flush. */
}

/* The registers that no hardware switches become @hvm's. */
static void take_processor(struct cpu *cpu, struct hvm *hvm)
{
    if (cpu->fpu != &hvm->fpu) fpu_switch(cpu, &hvm->fpu);
    if (cpu->debug_owner != hvm) { /* another guest ran since */
        leave_processor(cpu);
        debug_load(hvm->dr);
        write_dr6(vmx_of(hvm)->dr6);
        cpu->debug_owner = hvm;
    }
    if (hvm->host_state.value != cpu->host_state.value) host_init(cpu, hvm);
    hvm->host_xcr0 = cpu->xcr0;
}

/* 29.4: a VPID of this processor's current generation; nothing cached for it or for its EPT is older than @generation. */
static void take_vpid(struct cpu *cpu, struct hvm *hvm, uint64_t generation)
{
    if (hvm->asid_generation != cpu->asid_generation) {
        if (cpu->asid_next == cpu->asid_limit) {
            cpu->asid_next = 1; /* 0 is the host's */
            cpu->asid_generation++;
            invvpid(INVALIDATE_ALL, 0);
        }
        hvm->asid = cpu->asid_next++;
        hvm->asid_generation = cpu->asid_generation;
    }
    const uint64_t pointer = hvm->nested_root.value | ept_pointer_bits;
    vmcs_write(CONTROL_VPID, hvm->asid);
    vmcs_write(CONTROL_EPT_POINTER, pointer);
    invvpid(INVALIDATE_SINGLE, hvm->asid);
    invept(INVALIDATE_SINGLE, pointer); /* also what an earlier space left at the same root */
    hvm->nested_generation = generation;
    hvm->flush = false;
}

static COLD void prepare_rest(struct cpu *cpu, struct hvm *hvm, uint64_t generation, uint64_t rflags, bool shadow)
{
    struct vmx *vmx = vmx_of(hvm);

    vmx_select(cpu, hvm);
    if (cpu->fpu != &hvm->fpu || cpu->debug_owner != hvm) take_processor(cpu, hvm);
    if (hvm->asid_generation != cpu->asid_generation || hvm->nested_generation != generation || hvm->flush)
        take_vpid(cpu, hvm, generation);
    /* With an FS base it comes here each time: the field is not to be trusted afterwards. */
    vmx->host_cr3 = cpu->fs_base == 0 ? cpu->cr3 : 0;
    vmcs_write(HOST_CR3, cpu->cr3);
    vmcs_write(HOST_FS_BASE, cpu->fs_base);
    if (vmx->blocked != 0 || shadow) vmx_apply_shadow(vmx, shadow, rflags);
    if (hvm->delivering) vmx_start_event(hvm, rflags);
    hvm->own_xcr0 = hvm->xcr0 != cpu->xcr0;
    if (hvm->own_xcr0) xsetbv(0, hvm->xcr0 & cpu->xcr0);
}

/* What 32 bits of difference do not tell: the time is over, or far off, where an end before that does no harm. */
static COLD uint32_t timer_far(const struct cpu *cpu) { return cpu->timer_set > rdtsc() ? INT32_MAX : 0; }

/* The preemption timer ends the run when the host's timer does: Bochs 2.7 takes no interrupt from a guest that was entered with IF clear. */
static inline void start_timer(const struct cpu *cpu)
{
    const int32_t left = (int32_t)((uint32_t)cpu->timer_set - (uint32_t)rdtsc());
    vmcs_write(GUEST_PREEMPTION_TIMER, (LIKELY(left > 0) ? (uint32_t)left : timer_far(cpu)) >> timer_shift);
}

/* Whoever else ran a guest here in the meantime has the debug registers, whoever used the FPU has that. */
void vmx_prepare(struct cpu *cpu, struct hvm *hvm, uint64_t generation)
{
    struct vmx *vmx = vmx_of(hvm);
    const volatile struct vcpu_state *page = hvm->state;
    const uint64_t rflags = (page->rflags & RFLAGS_GUEST) | RFLAGS_ONE;
    const bool shadow = page->shadow & 1;

    if (UNLIKELY(cpu->fpu != &hvm->fpu || cpu->debug_owner != hvm || hvm->nested_generation != generation ||
            hvm->unusual != VMX_USUAL || (cpu->fs_base | (vmx->host_cr3 ^ cpu->cr3)) != 0 || (vmx->blocked | shadow) != 0))
        prepare_rest(cpu, hvm, generation, rflags, shadow);
    vmcs_write(GUEST_RIP, page->rip);
    vmcs_write(GUEST_RFLAGS, rflags);
    vmcs_write(GUEST_RSP, page->gpr[4]);
    start_timer(cpu);
    if (UNLIKELY(read_cr2() != vmx->cr2)) write_cr2(vmx->cr2);
}
