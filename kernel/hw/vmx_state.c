/* Guest state between the VMCS and the page that the VMM shares. The VMM is hostile: every word is read once and confined
 * to what cannot harm the core; what the processor refuses beyond that ([SDM-2023-09] Vol 3C 27.3) ends in INVALID_STATE. */
#include "base/string.h"
#include "hw/debug.h"
#include "hw/vmx.h"

enum { CR0_PE = 1 << 0, CR0_ET = 1 << 4, CR0_NW = 1 << 29, CR0_CD = 1 << 30 };
/* Vectors with an error code: Vol 3C 27.2.1.3, 8 10-14 17. */
enum { XCR0_X87 = 1, XCR0_SSE = 2, XCR0_AVX = 4, VECTORS_WITH_ERROR = 0x27d00 };
/* Access rights: Vol 3C table 25-2. Of a TSS: all but present, system, and the type, which is busy: 27.3.1.2. */
enum { ACCESS_PRESENT = 1 << 7, ACCESS_UNUSABLE = 1 << 16, ACCESS_BITS = 0xf0ff, ACCESS_TSS_GUEST = 0xf068, ACCESS_TSS = 0x83 };
enum { CR0_GUEST = 0x8005003f, CACHING = CR0_CD | CR0_NW };
#define DR6_ONES 0xffff0ff0ull

/* Registers that travel word by word: @guest are the bits that a VMM may set, @ones those that are always set.
 * CR3 and PDPTEs: Vol 3A 4.4, 4.5; EFER: SCE LME NXE; DR7: 18.2.4. */
#define FIELD(name, field, group, guest, ones)                                    \
    {                                                                             \
        offsetof(struct vcpu_state, name), field, VCPU_GROUP_##group, guest, ones \
    }
#define PDPTE(n) FIELD(pdpte[n], GUEST_PDPTE + VMCS_STEP * (n), CONTROL, 0x000ffffffffff019, 0)
enum { WHOLE = -1, ADDRESS = 0 }; /* of @guest: every bit; what is made canonical */
static const struct field {
    uint16_t page, field, group;
    int64_t guest;
    uint64_t ones;
} fields[] = {FIELD(cr3, GUEST_CR3, CONTROL, 0x000fffffffffffff, 0), PDPTE(0), PDPTE(1), PDPTE(2), PDPTE(3),
    FIELD(efer, GUEST_EFER, EFER, 0x901, 0), FIELD(dr7, GUEST_DR7, DEBUG, 0xffff23ff, 0x400),
    FIELD(tsc_offset, CONTROL_TSC_OFFSET, TSC, WHOLE, 0), FIELD(gdtr_base, GUEST_GDTR_BASE, TABLE, ADDRESS, 0),
    FIELD(gdtr_limit, GUEST_GDTR_LIMIT, TABLE, 0xffff, 0), FIELD(idtr_base, GUEST_IDTR_BASE, TABLE, ADDRESS, 0),
    FIELD(idtr_limit, GUEST_IDTR_LIMIT, TABLE, 0xffff, 0), FIELD(sysenter_cs, GUEST_SYSENTER_CS, MSR, 0xffff, 0),
    FIELD(sysenter_esp, GUEST_SYSENTER_ESP, MSR, ADDRESS, 0), FIELD(sysenter_eip, GUEST_SYSENTER_EIP, MSR, ADDRESS, 0)};
#define FOR_EACH_FIELD(field) for (const struct field *field = fields; field < fields + sizeof(fields) / sizeof(fields[0]); field++)
/* The same of the MSRs in vmx->msr, which stand in the page in this order. */
static const int64_t msr_guest[SWITCHED_MSRS] = {WHOLE, ADDRESS, ADDRESS, 0xffffffff, ADDRESS};

/* The page may change under our eyes: one access, then the copy is checked. */
static inline uint64_t once(const uint64_t *word) { return *(const volatile uint64_t *)word; }

static uint64_t confine(uint64_t value, int64_t guest)
{
    return guest == ADDRESS ? (uint64_t)((int64_t)(value << 16) >> 16) : value & (uint64_t)guest;
}

bool vmx_event(uint64_t inject, uint64_t error, uint64_t *event_out)
{
    uint32_t vector = EVENT_VECTOR(inject);
    uint64_t type = EVENT_TYPE(inject);
    bool exception = type == INJECT_TYPE_EXCEPTION && vector <= 31 && vector != 2, nmi = type == INJECT_TYPE_NMI && vector == 2;
    bool has_error = exception && (VECTORS_WITH_ERROR >> vector & 1) != 0;

    /* External interrupts are asked for by irq_vector; INT n is for the guest itself to execute. */
    if ((!exception && !nmi) || ((inject & EVENT_HAS_ERROR) != 0 && !has_error)) return false;
    /* The processor wants an error code wherever the vector has one. */
    *event_out = EVENT(type, vector) | (has_error ? EVENT_HAS_ERROR | error << EVENT_ERROR_SHIFT : 0);
    return true;
}

static void set_delivering(struct hvm *hvm)
{
    const struct vmx *vmx = vmx_of(hvm);
    hvm->delivering = hvm->event != 0 || vmx->nmi || vmx->irq != 0;
}

void vmx_start_event(struct hvm *hvm, uint64_t rflags)
{
    struct vmx *vmx = vmx_of(hvm);
    const uint64_t blocked = vmcs_read(GUEST_INTERRUPTIBILITY);
    const bool open = (rflags & RFLAGS_IF) != 0 && (blocked & BLOCKED_SHADOW) == 0;
    const uint32_t vector = EVENT_VECTOR(vmx->irq), task = *vmx_tpr(hvm) >> 4;
    /* No local APIC sends a vector below 32: it is the 8259's, which knows no TPR. */
    const bool masked = vmx->irq != 0 && vector >= 32 && vector >> 4 <= task;
    uint32_t windows = 0;

    if (vmx->nmi && hvm->event == 0 && (blocked & (BLOCKED_SHADOW | BLOCKED_NMI)) == 0) {
        hvm->event = EVENT(INJECT_TYPE_NMI, 2);
        vmx->nmi = false;
    }
    if (vmx->irq != 0 && !masked && open && hvm->event == 0) {
        hvm->event = EVENT(INJECT_TYPE_INTERRUPT, vector);
        vmx->irq = 0;
    }
    if (vmx->irq != 0 && !masked) windows |= PRIMARY_IRQ_WINDOW;
    /* The NMI window need not wait for STI's shadow to pass, the other does: 26.2. An event ends the shadow: 27.7.1. */
    if (vmx->nmi) windows |= hvm->event == 0 && (blocked & BLOCKED_STI) != 0 ? PRIMARY_IRQ_WINDOW : PRIMARY_NMI_WINDOW;
    vmcs_write(CONTROL_PRIMARY, (vmcs_read(CONTROL_PRIMARY) & ~(uint64_t)(PRIMARY_IRQ_WINDOW | PRIMARY_NMI_WINDOW)) | windows);
    vmcs_write(CONTROL_TPR_THRESHOLD, masked ? vector >> 4 : 0); /* at most VTPR's: 27.2.1.1 */
    /* Real mode has no error codes: 27.2.1.3. */
    vmcs_write(CONTROL_EVENT, (uint32_t)hvm->event & ~((vmcs_read(GUEST_CR0) & CR0_PE) != 0 ? 0 : (uint32_t)EVENT_HAS_ERROR));
    vmcs_write(CONTROL_EVENT_ERROR, hvm->event >> EVENT_ERROR_SHIFT);
}

void vmx_settle_events(struct hvm *hvm, uint64_t vectoring)
{
    struct vmx *vmx = vmx_of(hvm);

    hvm->event = 0;
    if ((vectoring & EVENT_VALID) != 0) switch (EVENT_TYPE(vectoring)) {
        case INJECT_TYPE_INTERRUPT: vmx->irq = IRQ_VALID | EVENT_VECTOR(vectoring); break;
        case INJECT_TYPE_NMI:
            vmx->nmi = true;
            vmcs_write(GUEST_INTERRUPTIBILITY, vmcs_read(GUEST_INTERRUPTIBILITY) & ~(uint64_t)BLOCKED_NMI);
            break;
        case INJECT_TYPE_EXCEPTION:
            hvm->event = vectoring & (EVENT(7, 0xff) | EVENT_HAS_ERROR);
            if ((vectoring & EVENT_HAS_ERROR) != 0) hvm->event |= vmcs_read(EXIT_VECTORING_ERROR) << EVENT_ERROR_SHIFT;
            break;
        default: break; /* INT n, INT1, INT3 and INTO happen again by themselves, for RIP still stands on them */
        }
    if (vmx->irq == 0) hvm->state->irq_vector = 0;
    set_delivering(hvm);
    vmcs_write(CONTROL_TPR_THRESHOLD, 0);
}

static uint64_t *word_at(struct vcpu_state *page, uint16_t offset) { return (uint64_t *)(void *)((uint8_t *)page + offset); }

/* Combinations that do not exist: [SDM-2023-09] Vol 3A 2.5. What the guest reads goes to the shadows. */
static void apply_control(struct hvm *hvm, struct vcpu_state *page)
{
    uint64_t cr0 = once(&page->cr0) & (CR0_GUEST | CACHING), cr4 = once(&page->cr4) & CR4_GUEST;
    uint64_t xcr0 = once(&page->xcr0) & (XCR0_SSE | XCR0_AVX);

    if ((cr0 & CR0_PE) == 0) cr0 &= ~CR0_PG;
    if ((cr0 & CR0_CD) == 0) cr0 &= ~(uint64_t)CR0_NW;
    vmcs_write(CONTROL_CR0_SHADOW, cr0 | CR0_ET);
    vmcs_write(GUEST_CR0, (cr0 & CR0_GUEST) | CR0_NE | CR0_ET);
    vmcs_write(CONTROL_CR4_SHADOW, cr4);
    vmcs_write(GUEST_CR4, (cr4 & cpu_self()->hvm_features) | CR4_VMXE | CR4_MCE);
    hvm->xcr0 = XCR0_X87 | ((xcr0 & XCR0_AVX) != 0 ? XCR0_SSE : 0) | xcr0; /* no AVX without SSE: Vol 1 13.3 */
    vmx_of(hvm)->cr2 = once(&page->cr2);
    *vmx_tpr(hvm) = (uint8_t)(once(&page->cr8) << 4);
}

static void apply_fields(struct hvm *hvm, uint32_t dirty)
{
    FOR_EACH_FIELD(field)
    if ((dirty & field->group) != 0)
        vmcs_write(field->field, confine(once(word_at(hvm->state, field->page)), field->guest) | field->ones);
    if ((dirty & VCPU_GROUP_TSC) != 0) hvm->tsc_offset = vmcs_read(CONTROL_TSC_OFFSET);
    if ((dirty & VCPU_GROUP_CONTROL) != 0) apply_control(hvm, hvm->state);
    if ((dirty & (VCPU_GROUP_CONTROL | VCPU_GROUP_EFER)) == 0) return;
    /* LMA follows from LME and paging: Vol 3A 2.2.1. Cached translations do not: 29.4.3. */
    const uint64_t efer = vmcs_read(GUEST_EFER) & ~(uint64_t)EFER_LMA;
    const bool active = (efer & EFER_LME) != 0 && (vmcs_read(GUEST_CR0) & CR0_PG) != 0;
    vmcs_write(GUEST_EFER, efer | (active ? EFER_LMA : 0));
    vmcs_write(CONTROL_ENTRY, (vmcs_read(CONTROL_ENTRY) & ~(uint64_t)ENTRY_LONG_MODE) | (active ? ENTRY_LONG_MODE : 0));
    hvm->flush = true;
}

/* Access in the page: descriptor bits 40-55 (8-11 zero); unusable = P clear. */
static void apply_segments(const struct vcpu_state *page)
{
    for (uint32_t i = 0; i < 8; i++) {
        const struct segment in = *(const volatile struct segment *)&page->seg[i];
        uint32_t access = in.access & ACCESS_BITS;

        if (i == 7) access = (access & ACCESS_TSS_GUEST) | ACCESS_TSS;
        if ((access & ACCESS_PRESENT) == 0) access |= ACCESS_UNUSABLE;
        vmcs_write(GUEST_SELECTOR + VMCS_STEP * i, in.selector);
        vmcs_write(GUEST_SEGMENT_LIMIT + VMCS_STEP * i, in.limit);
        vmcs_write(GUEST_ACCESS + VMCS_STEP * i, access);
        vmcs_write(GUEST_SEGMENT_BASE + VMCS_STEP * i, confine(in.base, ADDRESS));
    }
}

/* Eight memory types, each 0, 1 or 4-7: Vol 3A 12.12.2. */
static bool pat_valid(uint64_t pat)
{
    uint64_t two_or_three = pat >> 1 & ~(pat >> 2) & 0x0101010101010101ull;
    return ((pat & 0xf8f8f8f8f8f8f8f8ull) | two_or_three) == 0;
}

static void apply_msrs(struct hvm *hvm, const struct vcpu_state *page)
{
    const uint64_t pat = once(&page->pat);

    for (uint32_t i = 0; i < SWITCHED_MSRS; i++) vmx_of(hvm)->msr[i].value = confine(once(&page->star + i), msr_guest[i]);
    if (pat_valid(pat)) vmcs_write(GUEST_PAT, pat);
}

static void apply_debug(struct hvm *hvm, const struct vcpu_state *page)
{
    for (uint32_t i = 0; i < 4; i++) hvm->dr[i] = once(&page->dr[i]);
    vmx_of(hvm)->dr6 = (once(&page->dr6) & 0xe00f) | DR6_ONES;
    if (debug_resident(hvm)) cpu_self()->debug_owner = NULL; /* they are loaded before the next entry */
}

/* A shadow where there was none is STI's, or where interrupts are off MOV SS's; a step in it is pending: 27.3.1.4, 27.3.1.5. */
void vmx_apply_shadow(struct vmx *vmx, bool shadow, uint64_t rflags)
{
    const uint8_t kind = (rflags & RFLAGS_IF) != 0 && vmx->blocked != BLOCKED_MOV_SS ? BLOCKED_STI : BLOCKED_MOV_SS;

    vmx->blocked = shadow ? kind : 0;
    vmcs_write(GUEST_INTERRUPTIBILITY, (vmcs_read(GUEST_INTERRUPTIBILITY) & ~(uint64_t)BLOCKED_SHADOW) | vmx->blocked);
    if (!shadow) return;
    const uint64_t pending = vmcs_read(GUEST_PENDING_DEBUG) & ~(uint64_t)PENDING_STEP; /* MOV SS holds breakpoints back */
    vmcs_write(GUEST_PENDING_DEBUG, pending | ((rflags & RFLAGS_TF) != 0 ? PENDING_STEP : 0));
}

static COLD enum error apply_rest(struct hvm *hvm, struct vcpu_state *page, uint32_t dirty)
{
    struct vmx *vmx = vmx_of(hvm);
    const uint64_t inject = once(&page->inject), irq = once(&page->irq_vector);
    uint64_t event = 0;

    vmx_select(cpu_self(), hvm);
    if ((inject & EVENT_VALID) != 0) {
        if (!vmx_event(inject, once(&page->inject_error), &event)) return ERR_ARGUMENT;
        page->inject = 0;
        if (EVENT_TYPE(event) == INJECT_TYPE_NMI) vmx->nmi = true;
        else hvm->event = event;
    }
    vmx->irq = (irq & IRQ_VALID) != 0 ? irq & (IRQ_VALID | 0xff) : 0;
    set_delivering(hvm);
    apply_fields(hvm, dirty);
    if ((dirty & VCPU_GROUP_SEGMENT) != 0) apply_segments(page);
    if ((dirty & VCPU_GROUP_MSR) != 0) apply_msrs(hvm, page);
    if ((dirty & VCPU_GROUP_DEBUG) != 0) apply_debug(hvm, page);
    return OK;
}

enum error hvm_apply(struct hvm *hvm, uint32_t dirty)
{
    struct vcpu_state *page = hvm->state;

    if (UNLIKELY((once(&page->inject) & EVENT_VALID) != 0 || (once(&page->irq_vector) & IRQ_VALID) != 0 || hvm->delivering ||
            (dirty & ~(uint32_t)(VCPU_GROUP_GPR | VCPU_GROUP_IP)) != 0))
        return apply_rest(hvm, page, dirty);
    return OK;
}

static void read_segments(struct vcpu_state *page)
{
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t access = (uint32_t)vmcs_read(GUEST_ACCESS + VMCS_STEP * i);

        if ((access & ACCESS_UNUSABLE) != 0) access &= ~(uint32_t)ACCESS_PRESENT;
        page->seg[i] = (struct segment){(uint16_t)vmcs_read(GUEST_SELECTOR + VMCS_STEP * i), access & ACCESS_BITS,
            (uint32_t)vmcs_read(GUEST_SEGMENT_LIMIT + VMCS_STEP * i), vmcs_read(GUEST_SEGMENT_BASE + VMCS_STEP * i)};
    }
}

void hvm_read(struct hvm *hvm, uint32_t groups)
{
    struct vcpu_state *page = hvm->state;
    struct vmx *vmx = vmx_of(hvm);

    vmx_select(cpu_self(), hvm);
    FOR_EACH_FIELD(field)
    if ((groups & field->group) != 0) *word_at(page, field->page) = vmcs_read(field->field);
    if ((groups & VCPU_GROUP_CONTROL) != 0) {
        page->cr0 = (vmcs_read(GUEST_CR0) & ~(uint64_t)CR0_OWNED) | (vmcs_read(CONTROL_CR0_SHADOW) & CR0_OWNED);
        page->cr4 = (vmcs_read(GUEST_CR4) & ~CR4_OWNED) | (vmcs_read(CONTROL_CR4_SHADOW) & CR4_OWNED);
        page->cr2 = vmx->cr2;
        page->cr8 = *vmx_tpr(hvm) >> 4;
        page->xcr0 = hvm->xcr0;
    }
    if ((groups & VCPU_GROUP_SEGMENT) != 0) read_segments(page);
    if ((groups & VCPU_GROUP_MSR) != 0) {
        for (uint32_t i = 0; i < SWITCHED_MSRS; i++) (&page->star)[i] = vmx->msr[i].value;
        page->pat = vmcs_read(GUEST_PAT);
    }
    if ((groups & VCPU_GROUP_DEBUG) != 0) {
        if (debug_resident(hvm)) {
            debug_save(hvm->dr);
            vmx->dr6 = read_dr6();
        }
        memcpy(page->dr, hvm->dr, sizeof(hvm->dr));
        page->dr6 = vmx->dr6;
    }
    page->valid |= groups;
}
