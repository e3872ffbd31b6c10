/* What a #VMEXIT was, in the page's vendor-neutral words: [APM2] appendix C. Memory only, tested on the host. */
#include "hw/svm.h"
#include "hw/x86.h"

/* [APM2] 15.10.2: EXITINFO1 of IOIO. Bits: 0 in, 2 string, 3 rep, 4-6 operand bytes, 16-31 port. */
#define IOIO_FLAGS(info) ((info)&13u)
#define IOIO_BYTES(info) ((info) >> 4 & 7u)
#define IOIO_PORT(info) ((info) >> 16)
/* [APM2] 15.25.6: EXITINFO1 of a nested page fault: a page-fault error code, and whose access it was. */
#define NPF_ACCESS(info) ((info)&7u)
#define NPF_FETCH(info) ((info) >> 4 & 1u)
#define NPF_WALK(info) ((info) >> 33 & 1u)

enum { SVM_EXIT_CR4_WRITE = 0x14, SVM_EXIT_CR0_SELECTIVE = 0x65, SVM_EXIT_EXCEPTION = 0x40, SVM_EXIT_NESTED_FAULT = 0x400 };
enum { ATTRIBUTE_LONG = 1 << 9, INSN_BYTES_MAX = 15, VECTOR_AC = 17 };
enum action { OTHER, PLAIN, PIO, MSR, HYPERCALL, HOST_EVENT, MACHINE_CHECK, EXCEPTION, GUARD };

/* What is done and, where the processor saves no next RIP, how long the instruction is without prefixes: INTR NMI SMI INIT are the
 * host's to take, 0x82 to 0x86 are VMLOAD VMSAVE STGI CLGI SKINIT, 0x8e is RDPRU, which no policy offers. */
#define RULE(code, action, reason, length) [code] = {action, EXIT_REASON_##reason, length, 0}
static const struct rule {
    uint8_t action, reason, length, unused;
} rules[] = {RULE(SVM_EXIT_CR4_WRITE, GUARD, CR_ACCESS, 0), RULE(SVM_EXIT_CR0_SELECTIVE, GUARD, CR_ACCESS, 0),
    RULE(SVM_EXIT_EXCEPTION + 1, EXCEPTION, EXCEPTION, 0), RULE(SVM_EXIT_EXCEPTION + VECTOR_AC, EXCEPTION, EXCEPTION, 0),
    RULE(SVM_EXIT_EXCEPTION + 18, MACHINE_CHECK, NONE, 0), RULE(0x60 ... 0x63, HOST_EVENT, NONE, 0), RULE(0x6f, PLAIN, RDPMC, 2),
    RULE(0x72, PLAIN, CPUID, 2), RULE(0x73, PLAIN, RSM, 2), RULE(0x76, PLAIN, INVD, 2), RULE(0x78, PLAIN, HLT, 1),
    RULE(0x7a, PLAIN, VIRTUALIZATION, 3), RULE(0x7b, PIO, PIO, 0), RULE(0x7c, MSR, RDMSR, 2), RULE(0x7f, PLAIN, TRIPLE_FAULT, 0),
    RULE(0x80, PLAIN, VIRTUALIZATION, 3), RULE(0x81, HYPERCALL, HYPERCALL, 3), RULE(0x82 ... 0x86, PLAIN, VIRTUALIZATION, 3),
    RULE(0x89, PLAIN, WBINVD, 2), RULE(0x8a, PLAIN, MONITOR, 3), RULE(0x8b ... 0x8c, PLAIN, MWAIT, 3), RULE(0x8d, PLAIN, XSETBV, 3),
    RULE(0x8e, PLAIN, VIRTUALIZATION, 3)};

static uint32_t insn_bytes(const struct vmcb *vmcb, uint64_t next, uint32_t usual)
{
    return LIKELY(next == 0) ? usual : (uint32_t)(next - vmcb->rip) & INSN_BYTES_MAX;
}

/* Nested faults, refused entries, and what a later processor may invent. */
static enum hvm_exit decode_other(struct vmcb *vmcb, struct vcpu_state *page)
{
    uint64_t info = vmcb->exit_info1;
    uint32_t code = (uint32_t)vmcb->exit_code;

    page->exit_insn_bytes = 0;
    page->exit_info = info;
    page->exit_address = vmcb->exit_info2;
    page->exit_reason = code == SVM_EXIT_INVALID ? EXIT_REASON_INVALID_STATE : EXIT_REASON_UNKNOWN;
    /* QEMU 7.2 stores zero here when it refuses a state, and then nothing would end a run with interrupts off. */
    vmcb->interrupt_control |= V_INTR_MASKING;
    if (code == SVM_EXIT_NESTED_FAULT) {
        page->exit_reason = EXIT_REASON_NESTED_FAULT;
        page->exit_flags = (uint32_t)(NPF_ACCESS(info) | NPF_FETCH(info) << 3 | NPF_WALK(info) << 4);
    }
    return HVM_EXIT_VMM;
}

static inline enum hvm_exit decode_pio(const struct vmcb *vmcb, struct vcpu_state *page)
{
    uint32_t info = (uint32_t)vmcb->exit_info1;
    page->exit_info = IOIO_PORT(info);
    page->exit_flags = IOIO_FLAGS(info);
    page->exit_size = IOIO_BYTES(info);
    page->exit_insn_bytes = (uint32_t)(vmcb->exit_info2 - vmcb->rip) & INSN_BYTES_MAX;
    return HVM_EXIT_VMM;
}

static enum hvm_exit decode_hypercall(struct vmcb *vmcb, struct vcpu_state *page)
{
    if ((vmcb->rax & HYPERCALL_BIT) == 0) return HVM_EXIT_VMM;
    /* The instruction is done, and with it a shadow that it stood in. */
    vmcb->rip += page->exit_insn_bytes;
    vmcb->interrupt_shadow = 0;
    page->rip = vmcb->rip;
    page->shadow = 0;
    bool allowed = vmcb->cpl == 0 && (vmcb->efer & EFER_LMA) != 0 && (vmcb->segment[VMCB_CS].attributes & ATTRIBUTE_LONG) != 0;
    if (!allowed) return HVM_EXIT_REFUSED;
    /* An interrupt that the shadow held back comes before a call that may wait. */
    bool pending = (vmcb->interrupt_control & V_IRQ) != 0 && (vmcb->rflags & RFLAGS_IF) != 0;
    return pending ? HVM_EXIT_CANCELED : HVM_EXIT_HYPERCALL;
}

/* Intercepted only so that a guest cannot deliver #AC or #DB for ever (CVE-2015-5307, CVE-2015-8104): between two the host's interrupts
 * are taken. */
static enum hvm_exit deliver_exception(struct hvm *hvm, uint32_t vector)
{
    hvm->event = EVENT(INJECT_TYPE_EXCEPTION, vector);
    if (vector == VECTOR_AC) hvm->event |= EVENT_HAS_ERROR; /* always 0: [APM2] 8.2.18 */
    hvm->delivering = true;
    return HVM_EXIT_INTERRUPT;
}

void svm_guard(struct vmcb *vmcb, bool cr4)
{
    bool needed = (vmcb->efer & EFER_LME) != 0;
    vmcb->intercept_cr = needed && cr4 ? INTERCEPT_CR4_WRITE : 0;
    vmcb->intercept[0] &= ~INTERCEPT_SELECTIVE_CR0;
    vmcb->intercept[0] |= needed && !cr4 ? INTERCEPT_SELECTIVE_CR0 : 0;
}

/* A guest in long mode may change CR0, but then writes CR4 under watch; with paging off and LME set it may not. */
static enum hvm_exit guard_exit(struct vmcb *vmcb, struct vcpu_state *page, uint32_t code)
{
    page->exit_info = 4;
    if (code == SVM_EXIT_CR4_WRITE && (vmcb->cr0 & CR0_PG) == 0) return HVM_EXIT_VMM;
    svm_guard(vmcb, code == SVM_EXIT_CR0_SELECTIVE);
    return HVM_EXIT_HANDLED;
}

static COLD enum hvm_exit decode_action(struct hvm *hvm, struct vmcb *vmcb, struct vcpu_state *page, uint32_t code)
{
    switch ((enum action)rules[code].action) {
    case PLAIN: return HVM_EXIT_VMM;
    case OTHER: return decode_other(vmcb, page);
    case PIO: return decode_pio(vmcb, page);
    case MSR:
        page->exit_reason = (vmcb->exit_info1 & 1) != 0 ? EXIT_REASON_WRMSR : EXIT_REASON_RDMSR;
        page->exit_info = (uint32_t)page->gpr[1];
        return HVM_EXIT_VMM;
    case HYPERCALL: return decode_hypercall(vmcb, page);
    case MACHINE_CHECK: take_machine_check(); return HVM_EXIT_INTERRUPT;
    case HOST_EVENT: return HVM_EXIT_INTERRUPT;
    case GUARD: return guard_exit(vmcb, page, code);
    case EXCEPTION: return deliver_exception(hvm, code - SVM_EXIT_EXCEPTION);
    }
    return HVM_EXIT_VMM;
}

static inline enum hvm_exit decode(struct hvm *hvm, struct vmcb *vmcb, struct vcpu_state *page)
{
    uint32_t code = (uint32_t)vmcb->exit_code;

    page->exit_code = code;
    if (UNLIKELY(code >= sizeof(rules) / sizeof(rules[0]))) return decode_other(vmcb, page);
    page->exit_reason = rules[code].reason;
    if (rules[code].action == PIO) return decode_pio(vmcb, page);
    page->exit_insn_bytes = insn_bytes(vmcb, vmcb->next_rip, rules[code].length);
    if (LIKELY(rules[code].action == PLAIN)) return HVM_EXIT_VMM;
    return decode_action(hvm, vmcb, page, code);
}

static COLD enum hvm_exit finish_event(struct hvm *hvm)
{
    svm_settle_events(hvm);
    return decode(hvm, hvm->control, hvm->state);
}

static COLD void take_xcr0_back(struct hvm *hvm)
{
    hvm->xcr0 = xgetbv(0) & hvm->host_xcr0;
    xsetbv(0, hvm->host_xcr0);
}

enum hvm_exit svm_finish(struct hvm *hvm)
{
    struct vmcb *vmcb = hvm->control;
    struct vcpu_state *page = hvm->state;

    /* QEMU 7.2 lets the guest's XSETBV through; it knows no component above bit 31. */
    if (UNLIKELY((uint32_t)xgetbv(0) != (uint32_t)hvm->host_xcr0)) take_xcr0_back(hvm);
    page->gpr[0] = vmcb->rax;
    page->gpr[4] = vmcb->rsp;
    page->rip = vmcb->rip;
    page->rflags = vmcb->rflags;
    page->cpl = vmcb->cpl;
    page->shadow = vmcb->interrupt_shadow & SHADOW_ACTIVE;
    page->valid = (uint32_t)VCPU_GROUP_GPR | (uint32_t)VCPU_GROUP_IP;
    if (UNLIKELY((vmcb->exit_event & EVENT_VALID) != 0 || hvm->delivering)) return finish_event(hvm);
    return decode(hvm, vmcb, page);
}
