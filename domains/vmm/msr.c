/* [SDM-2023-09] Vol 4, [APM2] appendix A; which of them Linux touches: docs/guest-platform.md. Sorted. */
#include "msr.h"

#define CR0_PG (UINT64_C(1) << 31)
#define DE_CFG_LFENCE UINT64_C(2)
#define VM_CR_LOCKED_OFF UINT64_C(0x18) /* SVMDIS and its lock */

static const struct msr_rule rules[] = {
    {0x017, 0x017, 0, MSR_WRITE_FAULTS},  /* platform id */
    {0x03a, 0x03a, 1, MSR_WRITE_FAULTS},  /* FEATURE_CONTROL: locked, VMX off */
    {0x03b, 0x03b, 0, MSR_WRITE_IGNORED}, /* TSC_ADJUST */
    {0x08b, 0x08b, 0, MSR_WRITE_IGNORED}, /* microcode revision */
    {0x0fe, 0x0fe, 0, MSR_WRITE_FAULTS},  /* MTRRcap: no range registers, the default type is all */
    {0x10a, 0x10a, 0, MSR_WRITE_FAULTS},  /* ARCH_CAPABILITIES */
    {0x179, 0x17a, 0, MSR_WRITE_FAULTS},  /* MCG_CAP: no banks; MCG_STATUS */
    {0x1a0, 0x1a0, 1, MSR_WRITE_IGNORED}, /* MISC_ENABLE: fast strings */
    {0x1d9, 0x1d9, 0, MSR_WRITE_IGNORED}, /* DEBUGCTL: offered by hardware only when virtualized */
    {0x200, 0x20f, 0, MSR_WRITE_IGNORED}, /* MTRRs, for kernels that do not ask MTRRcap */
    {0x250, 0x250, 0, MSR_WRITE_IGNORED},
    {0x258, 0x259, 0, MSR_WRITE_IGNORED},
    {0x268, 0x26f, 0, MSR_WRITE_IGNORED},
    {UINT32_C(0xc0010000), UINT32_C(0xc0010007), 0, MSR_WRITE_IGNORED}, /* performance counters, stopped */
    {UINT32_C(0xc0010010), UINT32_C(0xc0010010), 0, MSR_WRITE_IGNORED}, /* SYSCFG */
    {UINT32_C(0xc0010015), UINT32_C(0xc0010015), 0, MSR_WRITE_IGNORED}, /* HWCR */
    {UINT32_C(0xc001001a), UINT32_C(0xc001001a), 0, MSR_WRITE_FAULTS},  /* TOP_MEM */
    {UINT32_C(0xc001001d), UINT32_C(0xc001001d), 0, MSR_WRITE_FAULTS},  /* TOP_MEM2 */
    {UINT32_C(0xc001001f), UINT32_C(0xc001001f), 0, MSR_WRITE_IGNORED}, /* NB_CFG */
    {UINT32_C(0xc0010055), UINT32_C(0xc0010055), 0, MSR_WRITE_IGNORED}, /* interrupt pending: no C1E */
    {UINT32_C(0xc0010058), UINT32_C(0xc0010058), 0, MSR_WRITE_FAULTS},  /* MMIO configuration space: none */
    {UINT32_C(0xc0010112), UINT32_C(0xc0010113), 0, MSR_WRITE_FAULTS},  /* SMM segment: none */
    {UINT32_C(0xc0010114), UINT32_C(0xc0010114), VM_CR_LOCKED_OFF, MSR_WRITE_FAULTS},
    {UINT32_C(0xc0011020), UINT32_C(0xc0011023), 0, MSR_WRITE_IGNORED}, /* LS, IC, DC, BU_CFG */
    {UINT32_C(0xc0011029), UINT32_C(0xc0011029), DE_CFG_LFENCE, MSR_WRITE_IGNORED},
};

const struct msr_rule *msr_find(uint32_t index)
{
    for (size_t i = 0; i < ARRAY_COUNT(rules) && rules[i].first <= index; i++) {
        if (index <= rules[i].last) {
            return &rules[i];
        }
    }
    return NULL;
}

bool pat_valid(uint64_t pat)
{
    uint64_t reserved = pat & UINT64_C(0xf8f8f8f8f8f8f8f8);
    uint64_t two_or_three = pat >> 1 & ~(pat >> 2) & UINT64_C(0x0101010101010101);
    return (reserved | two_or_three) == 0;
}

bool efer_write(uint64_t *efer, uint64_t value, uint64_t cr0, bool ffxsr_offered)
{
    uint64_t writable = EFER_SCE | EFER_LME | EFER_NXE | (ffxsr_offered ? EFER_FFXSR : 0);
    if ((value & ~(writable | EFER_LMA)) != 0) {
        return false;
    }
    /* [APM2] 14.6.1: LME may not change while paging is on; LMA is the processor's. */
    if (((value ^ *efer) & EFER_LME) != 0 && (cr0 & CR0_PG) != 0) {
        return false;
    }
    *efer = (*efer & ~writable) | (value & writable);
    return true;
}
