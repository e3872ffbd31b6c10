/* What a VM exit was, in the page's vendor-neutral words: [SDM-2023-09] Vol 3C chapter 28 and Vol 3D appendix C. */
#include "hw/vmx.h"
#include "hw/x86.h"

/* Vol 3C table 28-5, I/O instructions. Bits: 0-2 operand bytes less one, 3 in, 4 string, 5 rep, 16-31 port. */
#define IO_BYTES(info) (((info)&7u) + 1)
#define IO_FLAGS(info) (((info) >> 3 & 1u) | ((info) >> 2 & 12u))
#define IO_PORT(info) ((info) >> 16 & 0xffffu)
/* Table 28-3, control-register accesses: 0-3 register, 4-5 access, 8-11 general register. */
#define CR_NUMBER(info) ((info)&15u)
#define CR_ACCESS(info) ((info) >> 4 & 3u)
#define CR_OPERAND(info) ((info) >> 8 & 15u)
/* Table 28-7, EPT violations: 0-2 read write fetch, 3-5 what the entries allow, 7 a linear address, 8 its translation is done. */
#define EPT_FLAGS(info) (((info) >> 3 & 7u) != 0 ? FAULT_PRESENT : 0u) | ((info)&2u) | ((info) << 1 & FAULT_EXEC)
#define EPT_WALK(info) (((info) >> 7 & 3u) == 1 ? FAULT_TABLE_WALK : 0u)

/* Exit reasons: [SDM-2023-09] Vol 3D appendix C */
enum { REASON_EVENT = 0, REASON_PIO = 30, REASON_EPT_VIOLATION = 48, REASON_ENTRY_FAILED = 1u << 31 };
enum { REASON_ENTRY_CHECK = 41, EVENT_TYPE_NMI = 2, EVENT_TYPE_INT1 = 5 };
enum { ACCESS_LONG = 1 << 13, ACCESS_DPL_SHIFT = 5, INSN_BYTES_MAX = 15, VECTOR_DB = 1, VECTOR_AC = 17, VECTOR_MC = 18 };
enum { DEBUG_CAUSES = 0x600f, DEBUG_TRAPS = 15, DR7_GD = 1 << 13 };
enum action { OTHER, PLAIN, PIO, MSR, HYPERCALL, HOST_EVENT, WINDOW, EVENT_EXIT, CR };

/* What is done. 1 external interrupt, 3 and 4 INIT and SIPI, 52 the preemption timer: the host's to take. 7 and 8 windows, 43 TPR. 19-27, 50
 * and 53 are the instructions of VMX, 11 is GETSEC, which no policy offers. */
#define RULE(code, action, reason) [code] = {action, EXIT_REASON_##reason}
static const struct rule {
    uint8_t action, reason;
} rules[] = {RULE(REASON_EVENT, EVENT_EXIT, EXCEPTION), RULE(1, HOST_EVENT, NONE), RULE(2, PLAIN, TRIPLE_FAULT),
    RULE(3 ... 4, HOST_EVENT, NONE), RULE(7 ... 8, WINDOW, NONE), RULE(9, PLAIN, TASK_SWITCH), RULE(10, PLAIN, CPUID),
    RULE(11, PLAIN, VIRTUALIZATION), RULE(12, PLAIN, HLT), RULE(13, PLAIN, INVD), RULE(15, PLAIN, RDPMC), RULE(17, PLAIN, RSM),
    RULE(18, HYPERCALL, HYPERCALL), RULE(19 ... 27, PLAIN, VIRTUALIZATION), RULE(28, CR, CR_ACCESS), RULE(REASON_PIO, PIO, PIO),
    RULE(31, MSR, RDMSR), RULE(32, MSR, WRMSR), RULE(36, PLAIN, MWAIT), RULE(39, PLAIN, MONITOR), RULE(43, WINDOW, NONE),
    RULE(46 ... 47, PLAIN, DESCRIPTOR_TABLE), RULE(50, PLAIN, VIRTUALIZATION), RULE(52, HOST_EVENT, NONE),
    RULE(53, PLAIN, VIRTUALIZATION), RULE(54, PLAIN, WBINVD), RULE(55, PLAIN, XSETBV)};

/* IRET had unblocked NMIs when it was cut short: they are blocked until it is done. Vol 3C 28.2.3. */
static void block_nmi_again(void) { vmcs_write(GUEST_INTERRUPTIBILITY, vmcs_read(GUEST_INTERRUPTIBILITY) | BLOCKED_NMI); }

/* EPT violations, refused entries, and what a later processor may invent. */
static enum hvm_exit decode_other(struct hvm *hvm, struct vcpu_state *page, uint32_t code)
{
    const uint64_t info = vmcs_read(EXIT_QUALIFICATION);

    page->exit_insn_bytes = 0;
    page->exit_info = info;
    page->exit_address = vmcs_read(EXIT_GUEST_PHYSICAL);
    page->exit_reason = EXIT_REASON_UNKNOWN;
    if ((code & REASON_ENTRY_FAILED) != 0) {
        page->exit_reason = EXIT_REASON_INVALID_STATE;
        if ((code & 0xffff) == REASON_ENTRY_CHECK) take_machine_check();
        vmcs_write(CONTROL_EVENT, 0); /* which may be why, and which no exit has cleared: Vol 3C 27.8 */
        vmx_clear(hvm);               /* which of VMLAUNCH and VMRESUME comes next depends on what came before */
    }
    if (code == REASON_EPT_VIOLATION) {
        page->exit_reason = EXIT_REASON_NESTED_FAULT;
        page->exit_flags = (uint32_t)(EPT_FLAGS(info) | EPT_WALK(info));
        if ((info & EVENT_NMI_UNBLOCKED) != 0 && (vmcs_read(EXIT_VECTORING) & EVENT_VALID) == 0) block_nmi_again();
    }
    return HVM_EXIT_VMM;
}

static inline enum hvm_exit decode_pio(struct vcpu_state *page)
{
    const uint32_t info = (uint32_t)vmcs_read(EXIT_QUALIFICATION);

    page->exit_info = IO_PORT(info);
    page->exit_flags = IO_FLAGS(info);
    page->exit_size = IO_BYTES(info);
    return HVM_EXIT_VMM;
}

static enum hvm_exit decode_hypercall(struct hvm *hvm, struct vcpu_state *page)
{
    if ((page->gpr[0] & HYPERCALL_BIT) == 0) return HVM_EXIT_VMM;
    /* The instruction is done, and with it a shadow that it stood in. */
    page->rip += page->exit_insn_bytes;
    page->shadow = 0;
    const bool kernel_mode =
        ((uint32_t)vmcs_read(GUEST_SS_ACCESS) >> ACCESS_DPL_SHIFT & 3) == 0; /* not from the page, which the VMM has */
    const bool wide = (vmcs_read(GUEST_EFER) & EFER_LMA) != 0 && (vmcs_read(GUEST_CS_ACCESS) & ACCESS_LONG) != 0;
    if (!kernel_mode || !wide) return HVM_EXIT_REFUSED;
    /* An interrupt that the shadow held back comes before a call that may wait. */
    const bool pending = vmx_of(hvm)->irq != 0 && (page->rflags & RFLAGS_IF) != 0;
    return pending ? HVM_EXIT_CANCELED : HVM_EXIT_HYPERCALL;
}

/* #DB has not touched DR6 and DR7 yet: Vol 3C 28.1. INT1 is done when it comes, and with it a shadow: 28.3.3. */
static void debug_exception(struct hvm *hvm, struct vcpu_state *page, uint64_t type)
{
    const uint64_t causes = vmcs_read(EXIT_QUALIFICATION) & DEBUG_CAUSES;

    hvm->event = EVENT(INJECT_TYPE_EXCEPTION, VECTOR_DB);
    write_dr6((read_dr6() & ~(uint64_t)DEBUG_TRAPS) | causes);
    vmcs_write(GUEST_DR7, vmcs_read(GUEST_DR7) & ~(uint64_t)DR7_GD);
    if (type != EVENT_TYPE_INT1) return;
    page->rip += page->exit_insn_bytes;
    page->shadow = 0;
}

/* NMI and #MC are the host's. #AC and #DB are intercepted only so that a guest cannot deliver them for ever (CVE-2015-5307, CVE-2015-8104):
 * between two the host's interrupts are taken. */
static enum hvm_exit decode_event(struct hvm *hvm, struct vcpu_state *page)
{
    const uint64_t event = vmcs_read(EXIT_EVENT);

    if (EVENT_TYPE(event) == EVENT_TYPE_NMI) {
        take_nmi();
        return HVM_EXIT_HANDLED;
    }
    if (EVENT_VECTOR(event) == VECTOR_MC) {
        take_machine_check();
        return HVM_EXIT_INTERRUPT;
    }
    if ((event & EVENT_NMI_UNBLOCKED) != 0 && (vmcs_read(EXIT_VECTORING) & EVENT_VALID) == 0) block_nmi_again();
    if (EVENT_VECTOR(event) == VECTOR_DB) debug_exception(hvm, page, EVENT_TYPE(event));
    else hvm->event = EVENT(INJECT_TYPE_EXCEPTION, VECTOR_AC) | EVENT_HAS_ERROR; /* always 0: Vol 3A 6.15 */
    hvm->delivering = true;
    return HVM_EXIT_INTERRUPT;
}

static COLD enum hvm_exit decode_action(struct hvm *hvm, struct vcpu_state *page, uint32_t code)
{
    uint64_t info;

    switch ((enum action)rules[code].action) {
    case OTHER: return decode_other(hvm, page, code);
    case PLAIN:
    case PIO:
    case HYPERCALL: break; /* vmx_finish has seen to these */
    case MSR: page->exit_info = (uint32_t)page->gpr[1]; return HVM_EXIT_VMM;
    case HOST_EVENT: return HVM_EXIT_INTERRUPT;
    case WINDOW: hvm->delivering = true; return HVM_EXIT_HANDLED;
    case EVENT_EXIT: return decode_event(hvm, page);
    case CR:
        info = vmcs_read(EXIT_QUALIFICATION);
        page->exit_info = CR_NUMBER(info);
        page->exit_flags = CR_ACCESS(info);
        page->exit_size = CR_OPERAND(info);
    }
    return HVM_EXIT_VMM;
}

static COLD void finish_rest(struct hvm *hvm, uint64_t vectoring)
{
    if (hvm->own_xcr0) xsetbv(0, hvm->host_xcr0);
    hvm->launched = true;
    /* A failed entry leaves that field as the last exit had it: Vol 3C 27.8. */
    vmx_settle_events(hvm, (vmcs_read(EXIT_REASON_FIELD) & REASON_ENTRY_FAILED) != 0 ? 0 : vectoring);
}

enum hvm_exit vmx_finish(struct hvm *hvm)
{
    struct vcpu_state *page = hvm->state;
    struct vmx *vmx = vmx_of(hvm);
    const uint32_t code = (uint32_t)vmcs_read(EXIT_REASON_FIELD);
    const uint64_t vectoring = vmcs_read(EXIT_VECTORING);

    gdt_load(&cpu_self()->gdt_limit); /* the exit has raised its limit to 64 KiB: Vol 3C 28.5.2 */
    vmx->cr2 = read_cr2();
    page->gpr[4] = vmcs_read(GUEST_RSP);
    page->rip = vmcs_read(GUEST_RIP);
    page->rflags = vmcs_read(GUEST_RFLAGS);
    page->cpl = (uint32_t)vmcs_read(GUEST_SS_ACCESS) >> ACCESS_DPL_SHIFT & 3;
    vmx->blocked = vmcs_read(GUEST_INTERRUPTIBILITY) & BLOCKED_SHADOW;
    page->shadow = vmx->blocked != 0;
    page->valid = (uint32_t)VCPU_GROUP_GPR | (uint32_t)VCPU_GROUP_IP;
    page->exit_code = code;
    if (UNLIKELY((vectoring & EVENT_VALID) != 0 || hvm->unusual != VMX_USUAL)) finish_rest(hvm, vectoring);
    if (UNLIKELY(code >= sizeof rules / sizeof rules[0])) return decode_other(hvm, page, code);
    page->exit_reason = rules[code].reason;
    page->exit_insn_bytes = (uint32_t)vmcs_read(EXIT_INSN_BYTES) & INSN_BYTES_MAX;
    if (rules[code].action == PIO) return decode_pio(page);
    if (LIKELY(rules[code].action == PLAIN)) return HVM_EXIT_VMM;
    if (rules[code].action == HYPERCALL) return decode_hypercall(hvm, page);
    return decode_action(hvm, page, code);
}

/* VMfail, of the first kind of Vol 3C 27.1 and 27.2: nothing was loaded, the page still has the guest's registers. */
enum hvm_exit vmx_refused(struct hvm *hvm)
{
    struct vcpu_state *page = hvm->state;

    finish_rest(hvm, 0);
    page->exit_code = UINT32_MAX;
    return decode_other(hvm, page, REASON_ENTRY_FAILED);
}
