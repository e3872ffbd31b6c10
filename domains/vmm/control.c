#include "control.h"

#define CR0_PE UINT64_C(0x1)
#define CR0_ET UINT64_C(0x10)
#define CR0_NW (UINT64_C(1) << 29)
#define CR0_CD (UINT64_C(1) << 30)
#define CR0_PG (UINT64_C(1) << 31)
#define CR0_KNOWN UINT64_C(0xe005003f)
#define CR4_PAE (UINT64_C(1) << 5)
#define CR4_PCIDE (UINT64_C(1) << 17)
#define EFER_LME (UINT64_C(1) << 8)
#define EFER_LMA (UINT64_C(1) << 10)
#define PDPTE_PRESENT UINT64_C(1)
#define PDPTE_RESERVED UINT64_C(0xfff00000000001e6)
#define PDPT_ADDRESS UINT64_C(0xffffffe0)
#define PCID UINT64_C(0xfff)

enum leaf { LEAF_1_ECX, LEAF_1_EDX, LEAF_7_EBX, LEAF_7_ECX, LEAVES };
/* Which CPUID bit offers which bit of CR4; PCE (8) comes with the architecture. */
static const struct offer {
    uint8_t cr4_bit, leaf, cpuid_bit;
} offers[] = {{0, LEAF_1_EDX, 1},   {1, LEAF_1_EDX, 1},   {2, LEAF_1_EDX, 4},  {3, LEAF_1_EDX, 2},
              {4, LEAF_1_EDX, 3},   {5, LEAF_1_EDX, 6},   {6, LEAF_1_EDX, 7},  {7, LEAF_1_EDX, 13},
              {9, LEAF_1_EDX, 24},  {10, LEAF_1_EDX, 25}, {11, LEAF_7_ECX, 2}, {16, LEAF_7_EBX, 0},
              {17, LEAF_1_ECX, 17}, {18, LEAF_1_ECX, 26}, {20, LEAF_7_EBX, 7}, {21, LEAF_7_EBX, 20}};

uint64_t control_cr4_offered(const struct cpuid_policy *policy)
{
    const struct cpuid_leaf *one = cpuid_find(policy, 1, 0), *seven = cpuid_find(policy, 7, 0);
    const uint32_t leaf[LEAVES] = {one->ecx, one->edx, seven->ebx, seven->ecx};
    uint64_t offered = UINT64_C(1) << 8;
    for (size_t i = 0; i < ARRAY_COUNT(offers); i++) {
        if ((leaf[offers[i].leaf] >> offers[i].cpuid_bit & 1u) != 0) {
            offered |= UINT64_C(1) << offers[i].cr4_bit;
        }
    }
    return offered;
}

/* With PAE paging CR3's four entries are loaded at once: Vol 3A 4.4.1. */
static bool load_pdptes(struct control *control, struct memory *memory)
{
    uint64_t entries[4];
    if (!memory_read(memory, gpa(control->cr3 & PDPT_ADDRESS), entries, sizeof entries)) {
        return false;
    }
    for (unsigned i = 0; i < 4; i++) {
        if ((entries[i] & PDPTE_PRESENT) != 0 && (entries[i] & PDPTE_RESERVED) != 0) {
            return false;
        }
    }
    for (unsigned i = 0; i < 4; i++) {
        control->pdpte[i] = entries[i];
    }
    return true;
}

/* The new registers stand in @next; they become @control's if they can be together. */
static bool commit(struct control *control, struct memory *memory, struct control *next)
{
    bool paging = (next->cr0 & CR0_PG) != 0;
    next->efer &= ~EFER_LMA;
    if (paging && (next->efer & EFER_LME) != 0) {
        next->efer |= EFER_LMA;
    } else if (paging && (next->cr4 & CR4_PAE) != 0 && !load_pdptes(next, memory)) {
        return false;
    }
    *control = *next;
    return true;
}

bool control_write_cr0(struct control *control, struct memory *memory, uint64_t value)
{
    struct control next = *control;
    bool paging = (value & CR0_PG) != 0, before = (control->cr0 & CR0_PG) != 0;
    if (value >> 32 != 0 || (paging && (value & CR0_PE) == 0) ||
        ((value & CR0_NW) != 0 && (value & CR0_CD) == 0)) {
        return false;
    }
    if (!paging && before && (control->code_64 || (control->cr4 & CR4_PCIDE) != 0)) {
        return false;
    }
    if (paging && !before && (control->efer & EFER_LME) != 0 &&
        ((control->cr4 & CR4_PAE) == 0 || control->code_64)) {
        return false;
    }
    next.cr0 = (value & CR0_KNOWN) | CR0_ET;
    return commit(control, memory, &next);
}

bool control_write_cr4(struct control *control, struct memory *memory, uint64_t offered, uint64_t value)
{
    struct control next = *control;
    bool active = (control->efer & EFER_LMA) != 0;
    if ((value & ~offered) != 0 || (active && (value & CR4_PAE) == 0)) {
        return false;
    }
    if ((value & CR4_PCIDE) != 0 && (control->cr4 & CR4_PCIDE) == 0 &&
        (!active || (control->cr3 & PCID) != 0)) {
        return false;
    }
    next.cr4 = value;
    return commit(control, memory, &next);
}
