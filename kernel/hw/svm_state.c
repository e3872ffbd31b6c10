/* Guest state between the VMCB and the page that the VMM shares. The VMM is hostile: every word is read once and confined
 * to what cannot harm the core; what hardware refuses beyond that ends in INVALID_STATE. Memory only but for DR0-3. */
#include "base/string.h"
#include "hw/debug.h"
#include "hw/svm.h"

enum { CR0_PE = 1 << 0, CR0_NW = 1 << 29, CR0_CD = 1 << 30 };
#define ATTRIBUTE_DPL(attributes) ((attributes) >> 5 & 3u)
/* Guest's RFLAGS: [APM2] 3.1.4. Vectors with an error code: 8.2, 8 10-14 17 21 29 30. Of a TSS: all but present, system, type bits 0-2. */
enum { RFLAGS_GUEST = 0x3f7fd5, RFLAGS_ONE = 2, XCR0_X87 = 1, XCR0_SSE = 2, XCR0_AVX = 4, VECTORS_WITH_ERROR = 0x60227d00 };
enum { ATTRIBUTES_TSS_GUEST = 0xf68, ATTRIBUTES_TSS = 0x81, ATTRIBUTES_BUSY = 0x02 };

/* Registers that travel word by word: @guest are the bits that a VMM may set, @ones those that are always set.
 * CR0: [APM2] 3.1.1. CR3: 5.3.2. CR4: 3.1.3, without 5-level tables, protection keys, shadow stacks. EFER: 3.1.7, SCE LME NXE FFXSR.
 * DR6, DR7: 13.1.1. */
#define FIELD(name, member, group, guest, ones)                                                           \
    {                                                                                                     \
        offsetof(struct vcpu_state, name), offsetof(struct vmcb, member), VCPU_GROUP_##group, guest, ones \
    }
enum { WHOLE = -1, ADDRESS = 0 }; /* of @guest: every bit; what is made canonical */
static const struct field {
    uint16_t page, vmcb, group;
    int64_t guest;
    uint64_t ones;
} fields[] = {FIELD(cr0, cr0, CONTROL, 0xe005003f, 0), FIELD(cr2, cr2, CONTROL, WHOLE, 0),
    FIELD(cr3, cr3, CONTROL, 0x000fffffffffffff, 0), FIELD(cr4, cr4, CONTROL, 0x00370fff, 0),
    FIELD(efer, efer, EFER, 0x4901, EFER_SVME), FIELD(dr6, dr6, DEBUG, 0xe00f, 0xffff0ff0),
    FIELD(dr7, dr7, DEBUG, 0xffff23ff, 0x400), FIELD(tsc_offset, tsc_offset, TSC, WHOLE, 0),
    FIELD(gdtr_base, segment[VMCB_GDTR].base, TABLE, ADDRESS, 0), FIELD(idtr_base, segment[VMCB_IDTR].base, TABLE, ADDRESS, 0),
    FIELD(star, star, MSR, WHOLE, 0), FIELD(lstar, lstar, MSR, ADDRESS, 0), FIELD(cstar, cstar, MSR, ADDRESS, 0),
    FIELD(sfmask, sfmask, MSR, 0xffffffff, 0), FIELD(kernel_gs_base, kernel_gs_base, MSR, ADDRESS, 0),
    FIELD(sysenter_cs, sysenter_cs, MSR, 0xffff, 0), FIELD(sysenter_esp, sysenter_esp, MSR, ADDRESS, 0),
    FIELD(sysenter_eip, sysenter_eip, MSR, ADDRESS, 0)};
#define FOR_EACH_FIELD(field) for (const struct field *field = fields; field < fields + sizeof(fields) / sizeof(fields[0]); field++)

/* The page's order: es cs ss ds fs gs ldtr tr. */
static const uint8_t segment_index[8] = {VMCB_ES, VMCB_CS, VMCB_SS, VMCB_DS, VMCB_FS, VMCB_GS, VMCB_LDTR, VMCB_TR};

/* The page may change under our eyes: one access, then the copy is checked. */
static inline uint64_t once(const uint64_t *word) { return *(const volatile uint64_t *)word; }

static uint64_t canonical(uint64_t address) { return (uint64_t)((int64_t)(address << 16) >> 16); }

bool svm_event(uint64_t inject, uint64_t error, uint64_t *event_out)
{
    uint32_t vector = EVENT_VECTOR(inject);
    uint64_t type = EVENT_TYPE(inject);
    bool has_error = (inject & EVENT_HAS_ERROR) != 0;
    bool exception =
        type == INJECT_TYPE_EXCEPTION && vector <= 31 && vector != 2 && (!has_error || (VECTORS_WITH_ERROR >> vector & 1) != 0);
    bool nmi = type == INJECT_TYPE_NMI && vector == 2 && !has_error;

    /* External interrupts are asked for by irq_vector; INT n is for the guest itself to execute. */
    if (!exception && !nmi) return false;
    *event_out = EVENT(type, vector) | (has_error ? EVENT_HAS_ERROR | error << EVENT_ERROR_SHIFT : 0);
    return true;
}

void svm_request_irq(struct hvm *hvm, uint64_t irq)
{
    struct vmcb *vmcb = hvm->control;
    uint32_t vector = irq & 0xffu;

    vmcb->interrupt_control &= ~(V_IRQ | V_PRIORITY(0xffu) | V_IGNORE_TPR);
    if ((irq & V_IRQ) == 0) return;
    /* No local APIC sends a vector below 32: it is the 8259's, which knows no TPR. */
    vmcb->interrupt_control |= V_IRQ | V_PRIORITY(vector) | (vector < 32 ? V_IGNORE_TPR : 0);
    vmcb->interrupt_vector = vector;
    hvm->delivering = true;
}

void svm_settle_events(struct hvm *hvm)
{
    struct vmcb *vmcb = hvm->control;
    /* What a refused entry was to deliver may be why it was refused: it is forgotten. */
    uint64_t event = (uint32_t)vmcb->exit_code == SVM_EXIT_INVALID ? 0 : vmcb->exit_event;
    uint64_t type = EVENT_TYPE(event);
    uint32_t vector = EVENT_VECTOR(event);
    /* INT n, INT3 and INTO happen again by themselves, for RIP still stands on them, unless it was put in. */
    bool by_instruction = (type == INJECT_TYPE_SOFTWARE || (type == INJECT_TYPE_EXCEPTION && (vector == 3 || vector == 4))) &&
        (uint32_t)hvm->event != (uint32_t)event;

    hvm->event = 0;
    if ((event & EVENT_VALID) != 0 && !by_instruction) {
        /* QEMU 7.2 reports an external interrupt as an exception above 31, which does not exist otherwise. */
        if (type == INJECT_TYPE_INTERRUPT || (type == INJECT_TYPE_EXCEPTION && vector > 31)) svm_request_irq(hvm, V_IRQ | vector);
        else hvm->event = event;
    }
    vmcb->event = 0;
    bool waiting = (vmcb->interrupt_control & V_IRQ) != 0;
    if (!waiting) hvm->state->irq_vector = 0;
    hvm->delivering = waiting || hvm->event != 0;
}

static uint64_t *word_at(void *base, uint16_t offset) { return (uint64_t *)(void *)((uint8_t *)base + offset); }

static void apply_fields(struct hvm *hvm, struct vmcb *vmcb, uint32_t dirty)
{
    FOR_EACH_FIELD(field)
    {
        if ((dirty & field->group) == 0) continue;
        uint64_t value = once(word_at(hvm->state, field->page)), *to = word_at(vmcb, field->vmcb);
        value = (field->guest == ADDRESS ? canonical(value) : value & (uint64_t)field->guest) | field->ones;
        /* VMRUN keeps the ASID's translations, whatever CR3 and the paging mode say: [APM2] 15.16. */
        hvm->flush |= (field->group & (VCPU_GROUP_CONTROL | VCPU_GROUP_EFER)) != 0 && value != *to;
        *to = value;
    }
    hvm->tsc_offset = vmcb->tsc_offset;
    /* Combinations that do not exist: [APM2] 3.1.1, and 14.6.1 for LMA, which follows from LME and paging. */
    if ((vmcb->cr0 & CR0_PE) == 0) vmcb->cr0 &= ~CR0_PG;
    if ((vmcb->cr0 & CR0_CD) == 0) vmcb->cr0 &= ~(uint64_t)CR0_NW;
    bool active = (vmcb->cr0 & CR0_PG) != 0 && (vmcb->efer & EFER_LME) != 0;
    vmcb->efer = (vmcb->efer & ~EFER_LMA) | (active ? EFER_LMA : 0);
}

static void apply_control(struct hvm *hvm, struct vmcb *vmcb, const struct vcpu_state *page)
{
    uint64_t xcr0 = once(&page->xcr0) & (XCR0_SSE | XCR0_AVX);
    hvm->xcr0 = XCR0_X87 | ((xcr0 & XCR0_AVX) != 0 ? XCR0_SSE : 0) | xcr0; /* no AVX without SSE: [APM2] 11.5.2 */
    vmcb->interrupt_control = (vmcb->interrupt_control & ~V_TPR) | ((uint32_t)once(&page->cr8) & V_TPR);
}

/* Access in the page: descriptor bits 40-55 (8-11 zero); unusable = P clear. */
static void apply_segments(struct vmcb *vmcb, const struct vcpu_state *page)
{
    for (uint32_t i = 0; i < 8; i++) {
        struct segment in = *(const volatile struct segment *)&page->seg[i];
        uint16_t attributes = (uint16_t)((in.access & 0xffu) | (in.access >> 4 & 0xf00u));
        vmcb->segment[segment_index[i]] = (struct vmcb_segment){in.selector, attributes, in.limit, canonical(in.base)};
    }
    /* TR is a 16- or 32/64-bit TSS, whatever the VMM says: QEMU 7.2 aborts at any other, a busy one included. */
    struct vmcb_segment *tr = &vmcb->segment[VMCB_TR];
    tr->attributes = (uint16_t)((tr->attributes & ATTRIBUTES_TSS_GUEST) | ATTRIBUTES_TSS);
    vmcb->cpl = ATTRIBUTE_DPL(vmcb->segment[VMCB_SS].attributes); /* a field of its own: [APM2] 15.5.1 */
}

/* Eight memory types, each 0, 1 or 4-7: [APM2] 7.8.1. */
static bool pat_valid(uint64_t pat)
{
    uint64_t two_or_three = pat >> 1 & ~(pat >> 2) & 0x0101010101010101ull;
    return ((pat & 0xf8f8f8f8f8f8f8f8ull) | two_or_three) == 0;
}

static COLD enum error apply_rest(struct hvm *hvm, struct vmcb *vmcb, struct vcpu_state *page, uint32_t dirty)
{
    uint64_t inject = once(&page->inject);

    if ((inject & EVENT_VALID) != 0) {
        if (!svm_event(inject, once(&page->inject_error), &hvm->event)) return ERR_ARGUMENT;
        page->inject = 0;
        hvm->delivering = true;
    }
    svm_request_irq(hvm, once(&page->irq_vector));
    apply_fields(hvm, vmcb, dirty);
    if ((dirty & VCPU_GROUP_CONTROL) != 0) apply_control(hvm, vmcb, page);
    if ((dirty & VCPU_GROUP_SEGMENT) != 0) apply_segments(vmcb, page);
    if ((dirty & VCPU_GROUP_TABLE) != 0) {
        vmcb->segment[VMCB_GDTR].limit = (uint16_t)once(&page->gdtr_limit);
        vmcb->segment[VMCB_IDTR].limit = (uint16_t)once(&page->idtr_limit);
    }
    uint64_t pat = once(&page->pat);
    if ((dirty & VCPU_GROUP_MSR) != 0 && pat_valid(pat)) vmcb->pat = pat;
    for (uint32_t i = 0; i < 4 && (dirty & VCPU_GROUP_DEBUG) != 0; i++) hvm->dr[i] = once(&page->dr[i]);
    if ((dirty & VCPU_GROUP_DEBUG) != 0 && debug_resident(hvm)) debug_load(hvm->dr);
    return OK;
}

enum error hvm_apply(struct hvm *hvm, uint32_t dirty)
{
    struct vmcb *vmcb = hvm->control;
    struct vcpu_state *page = hvm->state;

    vmcb->rip = once(&page->rip);
    vmcb->rflags = (once(&page->rflags) & RFLAGS_GUEST) | RFLAGS_ONE;
    vmcb->interrupt_shadow = once(&page->shadow) & SHADOW_ACTIVE;
    if (UNLIKELY((once(&page->inject) & EVENT_VALID) != 0 || (once(&page->irq_vector) & V_IRQ) != 0 || hvm->delivering ||
            (dirty & ~(uint32_t)(VCPU_GROUP_GPR | VCPU_GROUP_IP)) != 0))
        return apply_rest(hvm, vmcb, page, dirty);
    return OK;
}

static void read_segments(const struct vmcb *vmcb, struct vcpu_state *page)
{
    for (uint32_t i = 0; i < 8; i++) {
        struct vmcb_segment in = vmcb->segment[segment_index[i]];
        if (segment_index[i] == VMCB_SS) /* SYSRET may leave another DPL than the true CPL: [APM2] 15.5.1 */
            in.attributes = (uint16_t)((in.attributes & ~(3u << 5)) | (vmcb->cpl & 3u) << 5);
        if (segment_index[i] == VMCB_TR) in.attributes |= ATTRIBUTES_BUSY; /* as architecture has it */
        uint16_t access = (uint16_t)((in.attributes & 0xffu) | (in.attributes & 0xf00u) << 4);
        page->seg[i] = (struct segment){in.selector, access, in.limit, in.base};
    }
}

void hvm_read(struct hvm *hvm, uint32_t groups)
{
    struct vmcb *vmcb = hvm->control;
    struct vcpu_state *page = hvm->state;

    FOR_EACH_FIELD(field)
    if ((groups & field->group) != 0) *word_at(page, field->page) = *word_at(vmcb, field->vmcb);
    if ((groups & VCPU_GROUP_CONTROL) != 0) {
        page->cr8 = vmcb->interrupt_control & V_TPR;
        page->xcr0 = hvm->xcr0;
    }
    if ((groups & VCPU_GROUP_EFER) != 0) page->efer &= ~EFER_SVME;
    if ((groups & VCPU_GROUP_SEGMENT) != 0) read_segments(vmcb, page);
    if ((groups & VCPU_GROUP_TABLE) != 0) {
        page->gdtr_limit = vmcb->segment[VMCB_GDTR].limit;
        page->idtr_limit = vmcb->segment[VMCB_IDTR].limit;
    }
    if ((groups & VCPU_GROUP_MSR) != 0) page->pat = vmcb->pat;
    if ((groups & VCPU_GROUP_DEBUG) != 0) {
        if (debug_resident(hvm)) debug_save(hvm->dr);
        memcpy(page->dr, hvm->dr, sizeof(hvm->dr));
    }
    page->valid |= groups;
}
