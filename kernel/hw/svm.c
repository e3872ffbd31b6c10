/* AMD SVM with nested paging behind hw/hvm.h: turning it on, making a vCPU, entering and leaving it.
 * Source: [APM2] chapter 15 unless another is named. */
#include "base/string.h"
#include "hw/debug.h"
#include "hw/memory.h"
#include "hw/serial.h"
#include "hw/svm.h"
#include "hw/x86.h"

enum { MSR_VM_CR = 0xc0010114, MSR_VM_HSAVE_PA = 0xc0010117, CPUID_ECX_HYPERVISOR = 1u << 31 };
enum {
    VM_CR_SVMDIS = 1 << 4,
    CPUID_EXTENDED_ECX_SVM = 1 << 2,
    CPUID_SVM_EDX_NESTED = 1 << 0,
    CPUID_SVM_EDX_FLUSH_BY_ASID = 1 << 6
};
enum { TLB_KEEP = 0, TLB_FLUSH_ALL = 1, TLB_FLUSH_ASID = 3, NESTED_ENABLE = 1 }; /* TLB_CONTROL: 15.16.1 */

/* Table B-1; bits of instructions that a processor lacks are ignored by it. */
#define BIT(n) (1u << (n))
static const uint32_t intercept_exceptions = BIT(1) | BIT(17) | BIT(18); /* #DB #AC #MC */
static const uint32_t intercepts[3] = {
    /* INTR NMI SMI INIT, RDPMC, CPUID, RSM, INVD, HLT, INVLPGA, IOIO, MSR, FERR_FREEZE, SHUTDOWN */
    0xfu | BIT(15) | BIT(18) | BIT(19) | BIT(22) | BIT(24) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31),
    /* VMRUN VMMCALL VMLOAD VMSAVE STGI CLGI SKINIT, WBINVD, MONITOR, MWAIT both, XSETBV, RDPRU */
    0x7fu | BIT(9) | BIT(10) | BIT(11) | BIT(12) | BIT(13) | BIT(14),
    0, /* INVLPGB, TLBSYNC and MCOMMIT are #UD unless the host enables them */
};

/* 15.10.1 and 15.11; the same for every guest, constant once hvm_init_cpu has run. */
static _Alignas(PAGE_BYTES) uint8_t io_bitmap[3 * PAGE_BYTES];
static _Alignas(PAGE_BYTES) uint8_t msr_bitmap[2 * PAGE_BYTES];
enum { MSR_RANGE_BYTES = 2048 };
/* VMSAVE and VMLOAD switch these (15.5.2; 0x174-0x176 are SYSENTER's), so the guest may have them.
 * Not PAT: QEMU 7.2 ignores g_pat, and the guest's would become the host's. */
static const uint32_t switched_msrs[] = {
    MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE, MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK, 0x174, 0x175, 0x176};

/* An XSAVE area whose header says "initial" for every component: [APM2] 11.5.4. */
static const _Alignas(64) uint8_t initial_state[576];

static void bitmaps_init(void)
{
    memset(io_bitmap, 0xff, sizeof(io_bitmap));
    memset(msr_bitmap, 0xff, sizeof(msr_bitmap));
    for (size_t i = 0; i < sizeof(switched_msrs) / sizeof(switched_msrs[0]); i++) {
        const uint32_t range = switched_msrs[i] < 0x2000 ? 0 : MSR_RANGE_BYTES; /* 0-1fff, c0000000-c0001fff */
        const uint32_t bit = switched_msrs[i] % 0x2000 * 2;                     /* read, then write */
        msr_bitmap[range + bit / 8] &= (uint8_t) ~(3u << bit % 8);
    }
}

static bool on_tcg(void)
{
    struct cpuid id = cpuid(0x40000000, 0); /* "TCGTCGTCGTCG" */
    return (cpuid(1, 0).ecx & CPUID_ECX_HYPERVISOR) != 0 && id.ebx == 0x54474354 && id.ecx == 0x43544743;
}

bool hvm_init_cpu(struct cpu *cpu)
{
    if (cpuid(0x80000000, 0).eax < 0x8000000a || (cpuid(0x80000001, 0).ecx & CPUID_EXTENDED_ECX_SVM) == 0)
        return machine_lacks("SVM (CPUID 8000_0001 ECX bit 2)");
    if ((rdmsr(MSR_VM_CR) & VM_CR_SVMDIS) != 0) return machine_lacks("SVM, which the firmware has disabled (VM_CR.SVMDIS)");
    struct cpuid svm = cpuid(0x8000000a, 0);
    const bool nested = (svm.edx & CPUID_SVM_EDX_NESTED) != 0 || machine_lacks("nested paging (CPUID 8000_000A EDX bit 0)");
    const bool asids = svm.ebx >= 2 || machine_lacks("address space identifiers for guests (CPUID 8000_000A EBX)");
    if (!nested || !asids) return false;

    cpu->hvm_features = ((svm.edx & CPUID_SVM_EDX_FLUSH_BY_ASID) != 0 ? (uint32_t)SVM_FLUSH_BY_ASID : 0u) |
        (on_tcg() ? (uint32_t)SVM_QUIRK_TCG : 0u);
    struct cpuid xsave = cpuid(0xd, 0);
    cpu->hvm_extended = ((uint64_t)xsave.edx << 32 | xsave.eax) & ~cpu->xcr0;
    cpu->asid_limit = svm.ebx;
    cpu->asid_next = cpu->asid_limit; /* so the first entry starts a generation, and flushes */
    cpu->asid_generation = ((uint64_t)cpu->index + 1) << 48;
    cpu->host_state = image_to_phys(cpu->hvm_pages[0]);
    bitmaps_init();
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
    wrmsr(MSR_VM_HSAVE_PA, image_to_phys(cpu->hvm_pages[1]).value);
    return true;
}

uint32_t hvm_nested_format(void) { return 0; }

void hvm_init(struct hvm *hvm)
{
    struct vmcb *vmcb = hvm->control;

    vmcb->intercept_exceptions = intercept_exceptions;
    memcpy(vmcb->intercept, intercepts, sizeof(intercepts));
    vmcb->io_bitmap = image_to_phys(io_bitmap).value;
    vmcb->msr_bitmap = image_to_phys(msr_bitmap).value;
    vmcb->interrupt_control = V_INTR_MASKING;
    vmcb->nested_control = NESTED_ENABLE;

    /* Reset: [APM2] 14.1.3, table 14-1 */
    for (uint32_t i = VMCB_ES; i <= VMCB_TR; i++) vmcb->segment[i] = (struct vmcb_segment){0, 0x93, 0xffff, 0};
    vmcb->segment[VMCB_CS] = (struct vmcb_segment){0xf000, 0x9b, 0xffff, 0xffff0000};
    vmcb->segment[VMCB_LDTR].attributes = 0x82;
    vmcb->segment[VMCB_TR].attributes = 0x89; /* not busy: see apply_segments */
    vmcb->efer = EFER_SVME;
    vmcb->cr0 = 0x60000010;
    vmcb->dr6 = 0xffff0ff0;
    vmcb->dr7 = 0x400;
    vmcb->pat = 0x0007040600070406;
    hvm->xcr0 = 1;
    fpu_init(&hvm->fpu);
    hvm->state->rip = 0xfff0;
    hvm->state->rflags = 2;
    hvm_read(hvm, UINT32_MAX);
}

void hvm_retire(struct cpu *cpu, struct hvm *hvm)
{
    static const uint64_t none[4];

    fpu_forget(cpu, &hvm->fpu);
    if (cpu->debug_owner == hvm) {
        debug_load(none);
        cpu->debug_owner = NULL;
    }
    /* Its ASID is not used again before a flush. */
}

/* Components beyond XCR0's policy start afresh for each guest: PKRU needs no XCR0, and TCG lets XSETBV pass. */
static void forget_extended(struct cpu *cpu)
{
    xsetbv(0, cpu->xcr0 | cpu->hvm_extended);
    __asm__ volatile("xrstor64 %0"
                     :
                     : "m"(initial_state), "a"((uint32_t)cpu->hvm_extended), "d"((uint32_t)(cpu->hvm_extended >> 32)));
    xsetbv(0, cpu->xcr0);
}

/* The registers that no hardware switches become @hvm's. */
static void take_processor(struct cpu *cpu, struct hvm *hvm)
{
    if (cpu->fpu != &hvm->fpu) fpu_switch(cpu, &hvm->fpu);
    if (cpu->debug_owner != hvm) { /* another guest ran since */
        if (cpu->hvm_extended != 0) forget_extended(cpu);
        if (cpu->debug_owner != NULL) debug_save(cpu->debug_owner->dr);
        debug_load(hvm->dr);
        cpu->debug_owner = hvm;
    }
    hvm->host_state = cpu->host_state;
    hvm->host_xcr0 = cpu->xcr0;
}

/* 15.16: an ASID of this processor's current generation, with no translation older than @generation. */
static void take_asid(struct cpu *cpu, struct hvm *hvm, struct vmcb *vmcb, uint64_t generation)
{
    if (hvm->asid_generation == cpu->asid_generation && (cpu->hvm_features & SVM_FLUSH_BY_ASID) != 0) {
        vmcb->tlb_control = TLB_FLUSH_ASID;
    } else {
        /* Without flush-by-ASID a number that nobody has used yet does the same. */
        if (cpu->asid_next == cpu->asid_limit) {
            cpu->asid_next = 1; /* 0 is the host's */
            cpu->asid_generation++;
            vmcb->tlb_control = TLB_FLUSH_ALL;
        }
        vmcb->asid = cpu->asid_next++;
        hvm->asid_generation = cpu->asid_generation;
    }
    vmcb->nested_root = hvm->nested_root.value;
    hvm->nested_generation = generation;
    hvm->flush = false;
}

/* An external interrupt that the guest can take at once goes by EVENTINJ where that is sound. */
static void start_event(const struct cpu *cpu, struct hvm *hvm, struct vmcb *vmcb)
{
    uint32_t control = vmcb->interrupt_control;
    bool open = (vmcb->rflags & RFLAGS_IF) != 0 && (vmcb->interrupt_shadow & SHADOW_ACTIVE) == 0;
    bool allowed = (control & V_IGNORE_TPR) != 0 || (control & V_PRIORITY(0xffu)) > V_PRIORITY((control & V_TPR) << 4);

    if ((control & V_IRQ) != 0 && open && allowed && hvm->event == 0 && (cpu->hvm_features & SVM_QUIRK_TCG) == 0) {
        hvm->event = EVENT(INJECT_TYPE_INTERRUPT, vmcb->interrupt_vector);
        vmcb->interrupt_control = control & ~V_IRQ;
    }
    vmcb->event = hvm->event;
}

/* The VMM may have changed CR0, CR4 or EFER. */
static void start_guard(struct vmcb *vmcb)
{
    bool paging = (vmcb->cr0 & CR0_PG) != 0;

    if (!paging && (vmcb->cr4 & CR4_PAE) == 0) vmcb->efer &= ~EFER_LME;
    svm_guard(vmcb, !paging);
}

static COLD void prepare_rest(struct cpu *cpu, struct hvm *hvm, uint64_t generation)
{
    struct vmcb *vmcb = hvm->control;

    if (cpu->fpu != &hvm->fpu || cpu->debug_owner != hvm) take_processor(cpu, hvm);
    if (hvm->asid_generation != cpu->asid_generation || hvm->nested_generation != generation || hvm->flush) {
        take_asid(cpu, hvm, vmcb, generation);
        if ((cpu->hvm_features & SVM_QUIRK_TCG) != 0) start_guard(vmcb);
    }
    if (hvm->delivering) start_event(cpu, hvm, vmcb);
    if (hvm->xcr0 != cpu->xcr0) {
        xsetbv(0, hvm->xcr0 & cpu->xcr0);
        hvm->xcr0 = cpu->xcr0; /* what svm_finish assumes unless it finds otherwise */
    }
}

/* Whoever else ran a guest here in the meantime has the debug registers, whoever used the FPU has that. */
void svm_prepare(struct cpu *cpu, struct hvm *hvm, uint64_t generation)
{
    struct vmcb *vmcb = hvm->control;
    const struct vcpu_state *page = hvm->state;

    vmcb->rax = page->gpr[0];
    vmcb->rsp = page->gpr[4];
    vmcb->tlb_control = TLB_KEEP;
    if (UNLIKELY(cpu->fpu != &hvm->fpu || cpu->debug_owner != hvm || hvm->nested_generation != generation || hvm->flush ||
            hvm->delivering || hvm->xcr0 != cpu->xcr0))
        prepare_rest(cpu, hvm, generation);
}
