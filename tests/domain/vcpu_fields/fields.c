#include "fields.h"

#include "guest.h"

#define WHOLE UINT64_MAX
#define AT(member) offsetof(struct vcpu_state, member), sizeof(((struct vcpu_state *)0)->member)
#define WORD(member, rule, flags, mask, ones)                                 \
    {                                                                         \
#member, AT(member), RULE_##rule, WALK_WORD, flags, (mask), (ones), 0 \
    }
#define CONTROL(member, rule, pairs, moves)                                              \
    {                                                                                    \
#member, AT(member), RULE_##rule, WALK_CONTROL, FIELD_INERT, (pairs), 0, (moves) \
    }
#define SEGMENT(name, index, walk, flags, rule)                                                \
    {name " selector", AT(seg[index].selector), RULE_EXACT, WALK_WORD, flags, 0xffff, 0, 0},   \
        {name " access",                                                                       \
         AT(seg[index].access),                                                                \
         RULE_##rule,                                                                          \
         WALK_##walk,                                                                          \
         FIELD_INERT | ((flags)&FIELD_NULL),                                                   \
         0,                                                                                    \
         0,                                                                                    \
         0xf0ff},                                                                              \
        {name " limit", AT(seg[index].limit), RULE_EXACT, WALK_WORD, flags, 0xffffffff, 0, 0}, \
    {                                                                                          \
        name " base", AT(seg[index].base), RULE_ADDRESS, WALK_WORD, flags, 0, 0, 0             \
    }
#define UNREAD(member, walk, flags)                                 \
    {                                                               \
#member, AT(member), RULE_NONE, WALK_##walk, flags, 0, 0, 0 \
    }
#define I FIELD_INERT
#define IC (FIELD_INERT | FIELD_CHECKED)
#define IN (IC | FIELD_NULL)

/* CR2, CR8, DR6, DR7: [APM2] 3.1.2, 3.1.4, 13.1.1; [SDM-2023-09] Vol 3A 2.5, 10.8.6, Vol 3B 17.2. STAR and its kin: [APM2] 6.1. */
const struct field fields[] = {
    UNREAD(gpr[0], EDGES, I),
    UNREAD(gpr[1], EDGES, I),
    UNREAD(gpr[2], EDGES, I),
    UNREAD(gpr[3], EDGES, I),
    UNREAD(gpr[4], WORD, 0),
    UNREAD(gpr[5], EDGES, I),
    UNREAD(gpr[6], EDGES, I),
    UNREAD(gpr[7], EDGES, I),
    UNREAD(gpr[8], EDGES, I),
    UNREAD(gpr[9], EDGES, I),
    UNREAD(gpr[10], EDGES, I),
    UNREAD(gpr[11], EDGES, I),
    UNREAD(gpr[12], EDGES, I),
    UNREAD(gpr[13], EDGES, I),
    UNREAD(gpr[14], EDGES, I),
    UNREAD(gpr[15], EDGES, I),
    UNREAD(rip, WORD, 0),
    CONTROL(rflags, NONE, 0, 0x3f7300),
    /* The kernel's own words: nothing that stands there counts. */
    UNREAD(exit_reason, EDGES, I),
    UNREAD(exit_flags, EDGES, I),
    UNREAD(exit_info, EDGES, I),
    UNREAD(exit_address, EDGES, I),
    UNREAD(exit_size, EDGES, I),
    UNREAD(exit_insn_bytes, EDGES, I),
    UNREAD(exit_code, EDGES, I),
    UNREAD(cpl, EDGES, I),
    UNREAD(valid, EDGES, I),
    UNREAD(hypercalls, EDGES, I),
    UNREAD(exits, EDGES, I),
    UNREAD(external_interrupts, EDGES, I),
    /* Read by processors that do not read them at each load of CR3: [SDM-2023-09] Vol 3A 4.4.1 */
    WORD(pdpte[0], POINTER, I, 0x000ffffffffff019, 0),
    WORD(pdpte[1], POINTER, I, 0x000ffffffffff019, 0),
    WORD(pdpte[2], POINTER, I, 0x000ffffffffff019, 0),
    WORD(pdpte[3], POINTER, I, 0x000ffffffffff019, 0),
    UNREAD(dirty, WORD, 0),
    UNREAD(inject, EVENT, 0),
    UNREAD(inject_error, WORD, I),
    UNREAD(irq_vector, EVENT, 0),
    UNREAD(call_limit, WORD, I),
    UNREAD(shadow, WORD, I),
    WORD(tsc_offset, EXACT, I, WHOLE, 0),
    CONTROL(cr0, CR0, 0xe00d007f, 0x8000000d),
    WORD(cr2, EXACT, I, WHOLE, 0),
    {"cr3", AT(cr3), RULE_EXACT, WALK_TOGGLE, I, 0x000fffffffffffff, 0, 0x000fffffffffffff},
    CONTROL(cr4, CR4, 0xff3fff, 0x370fff),
    WORD(cr8, EXACT, I, 15, 0),
    WORD(xcr0, XCR0, I, 0, 0),
    CONTROL(efer, EFER, 0x7d03, 0x4d01),
    SEGMENT("es", 0, WORD, IN, ACCESS),
    SEGMENT("cs", 1, ACCESS, 0, ACCESS),
    SEGMENT("ss", 2, ACCESS, IC, ACCESS),
    SEGMENT("ds", 3, WORD, IN, ACCESS),
    SEGMENT("fs", 4, WORD, IN, ACCESS),
    SEGMENT("gs", 5, WORD, IN, ACCESS),
    SEGMENT("ldtr", 6, ACCESS, IN, ACCESS),
    SEGMENT("tr", 7, ACCESS, IC, TASK),
    WORD(gdtr_base, ADDRESS, I, 0, 0),
    WORD(gdtr_limit, EXACT, I, 0xffff, 0),
    WORD(idtr_base, ADDRESS, I, 0, 0),
    WORD(idtr_limit, EXACT, I, 0xffff, 0),
    WORD(star, EXACT, I, WHOLE, 0),
    WORD(lstar, ADDRESS, 0, 0, 0),
    WORD(cstar, ADDRESS, I, 0, 0),
    WORD(sfmask, EXACT, I, 0xffffffff, 0),
    WORD(kernel_gs_base, ADDRESS, I, 0, 0),
    WORD(sysenter_cs, EXACT, I, 0xffff, 0),
    WORD(sysenter_esp, ADDRESS, I, 0, 0),
    WORD(sysenter_eip, ADDRESS, I, 0, 0),
    WORD(pat, PAT, I, 0, 0),
    WORD(dr[0], EXACT, I, WHOLE, 0),
    WORD(dr[1], EXACT, I, WHOLE, 0),
    WORD(dr[2], EXACT, I, WHOLE, 0),
    WORD(dr[3], EXACT, I, WHOLE, 0),
    WORD(dr6, EXACT, I, 0xe00f, 0xffff0ff0),
    {"dr7", AT(dr7), RULE_EXACT, WALK_TOGGLE, I, 0xffff23ff, 0x400, 0xffff23ff}};
const size_t field_count = sizeof(fields) / sizeof(fields[0]);

uint64_t field_read(const struct vcpu_state *state, const struct field *field)
{
    uint64_t value = 0;

    __builtin_memcpy(&value, (const uint8_t *)state + field->offset, field->bytes);
    return value;
}

void field_write(volatile struct vcpu_state *state, const struct field *field, uint64_t value)
{
    volatile uint8_t *at = (volatile uint8_t *)state + field->offset;

    for (unsigned i = 0; i < field->bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static const uint64_t edges[] = {
    0, WHOLE, 0x0000800000000000, 0xffff7fffffffffff, 0x00007fffffffffff, 0xffff800000000000,
    0x5555555555555555, 0xaaaaaaaaaaaaaaaa, 0x00000000ffffffff, 0xffffffff00000000, 0x7fffffffffffffff,
    /* The domain's own image and the kernel's */
    0x400000, 0xffffffff80000000, 0xffffffff80100000,
    /* Every breakpoint: DR0 and DR2 for accesses to eight bytes, DR1 and DR3 for execution. */
    0x0b0b04ff, 0x0b0b2fff};
enum { EDGES = sizeof(edges) / sizeof(edges[0]) };

/* Each bit, then each pair of bits of @pairs. */
static bool control_value(uint64_t legal, uint64_t pairs, uint32_t index, uint64_t *value)
{
    if (index < 64) {
        *value = legal ^ 1ull << index;
        return true;
    }
    index -= 64;
    for (uint32_t high = 1; high < 64; high++) {
        for (uint32_t low = 0; (pairs >> high & 1) != 0 && low < high; low++) {
            if ((pairs >> low & 1) == 0 || index-- != 0)
                continue;
            *value = legal ^ (1ull << high | 1ull << low);
            return true;
        }
    }
    return false;
}

bool hostile_value(const struct field *field, uint64_t legal, uint32_t index, uint64_t *value)
{
    const uint32_t bits = 8u * field->bytes;
    const uint64_t all = bits == 64 ? WHOLE : (1ull << bits) - 1;

    if (field->walk == WALK_ACCESS) { /* descriptor bits 40-47, then 52-55, then what must be zero */
        if (index < 256)
            *value = index | (legal & 0xff00);
        else if (index < 272)
            *value = (legal & 0xff) | (uint64_t)(index - 256) << 12;
        else
            *value = legal ^ (uint64_t)(index - 271) << 8;
        return index < 287;
    }
    if (index < EDGES) {
        *value = edges[index] & all;
        return true;
    }
    index -= EDGES;
    if (field->walk == WALK_EDGES)
        return false;
    if (index < bits) {
        *value = 1ull << index;
        return true;
    }
    index -= bits;
    if (field->walk != WALK_CONTROL && field->walk != WALK_TOGGLE)
        return false;
    return control_value(legal, field->walk == WALK_CONTROL ? field->mask : 0, index, value);
}

enum { PE = 1, ET = 1 << 4, CD = 1 << 30, NW = 1 << 29, LME = 1 << 8, LMA = 1 << 10, FFXSR = 1 << 14 };
#define PG (1ull << 31)

static uint64_t canonical(uint64_t address)
{
    return (uint64_t)((int64_t)(address << 16) >> 16);
}

static bool pat_exists(uint64_t pat)
{
    for (unsigned i = 0; i < 64; i += 8) {
        const uint64_t type = pat >> i & 0xff;

        if (type > 7 || type == 2 || type == 3)
            return false;
    }
    return true;
}

/* Which bits exist, and which together: [APM2] 3.1.1; CR0.NW needs CD. */
static bool cr0_exists(uint64_t cr0)
{
    return (cr0 & ~0xe005003full) == 0 && ((cr0 & PG) == 0 || (cr0 & PE) != 0) &&
           ((cr0 & NW) == 0 || (cr0 & CD) != 0);
}

/* No LA57, VMXE, SMXE, PKE, CET: [APM2] 3.1.3 */
static bool cr4_exists(uint64_t cr4)
{
    return (cr4 & ~0x370fffull) == 0;
}

/* SCE, LME, LMA, NXE, FFXSR: [APM2] 3.1.7. LMA is LME with paging: 14.6.1. */
static bool efer_exists(uint64_t efer, uint64_t cr0)
{
    const bool active = (efer & LME) != 0 && (cr0 & PG) != 0;

    return (efer & ~0x4d01ull) == 0 && ((efer & LMA) != 0) == active;
}

const char *field_refuses(const struct field *field, const struct vcpu_state *written,
                          const struct vcpu_state *got)
{
    const uint64_t in = field_read(written, field), out = field_read(got, field);

    switch ((enum rule)field->rule) {
    case RULE_NONE:
        return NULL;
    case RULE_EXACT:
        return out == ((in & field->mask) | field->ones) ? NULL : "is not what was asked for, confined";
    case RULE_ADDRESS:
        return out == canonical(in) ? NULL : "is not what was asked for, canonical";
    case RULE_POINTER:
        return out == (on_amd() ? in : in & field->mask) ? NULL : "is not what was asked for, confined";
    case RULE_CR0:
        if (cr0_exists(in) && (out | ET) != (in | ET)) /* always set, whatever is written */
            return "was legal and has changed";
        return cr0_exists(out) ? NULL : "does not exist";
    case RULE_CR4:
        if (cr4_exists(in) && out != in)
            return "was legal and has changed";
        return cr4_exists(out) ? NULL : "does not exist";
    case RULE_EFER:
        if (efer_exists(in, got->cr0) && (in & FFXSR) == 0 && out != in) /* Intel has none */
            return "was legal and has changed";
        return efer_exists(out, got->cr0) ? NULL : "does not exist";
    case RULE_XCR0:
        if ((in == 1 || in == 3 || in == 7) && out != in)
            return "was legal and has changed";
        return out == 1 || out == 3 || out == 7 ? NULL : "does not exist";
    case RULE_PAT:
        if (pat_exists(in) && out != in)
            return "was legal and has changed";
        return pat_exists(out) ? NULL : "does not exist";
    case RULE_ACCESS:
        return out == (in & 0xf0ff) ? NULL : "is not what was asked for";
    case RULE_TASK:
        return (out & 0x97) == 0x83 && (out & 0x0f00) == 0 ? NULL : "is no busy TSS that is present";
    }
    return "has no rule";
}
