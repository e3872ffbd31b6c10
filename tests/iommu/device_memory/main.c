/* Device memory that control gives away is neither RAM nor what steers interrupts, memory and DMA; it yields frames only, which no device
 * reaches by DMA. */
#include "edu.h"

enum { PAGE = 4096 };

void test(struct lab *lab)
{
    /* RAM with the kernel, its end and what the firmware keeps there, the legacy hole, IOAPIC, HPET, the IOMMU, local APIC, flash. */
    static const uint64_t denied[][2] = {{0, PAGE},
                                         {0x100000, PAGE},
                                         {0x0ffff000, PAGE},
                                         {0xa0000, PAGE},
                                         {0xfec00000, PAGE},
                                         {0xfed00000, PAGE},
                                         {0xfed90000, PAGE},
                                         {0xfee00000, PAGE},
                                         {0xfffff000, PAGE},
                                         {0xfebff000, 2 * PAGE},
                                         {0x0f000000, 1u << 31},
                                         {1ull << 39, PAGE},
                                         {(1ull << 39) - PAGE, 2 * PAGE},
                                         {1ull << 63, PAGE}};
    const uint32_t slot = lab_slot(lab), frame = lab_slot(lab), io = lab_make(lab, OBJECT_TYPE_IOSPACE, 0, 8);
    struct edu edu;

    edu_open(lab, &edu);
    for (size_t i = 0; i < sizeof denied / sizeof denied[0]; i++)
        EXPECT(control_device(lab->control, lab->captab, slot, denied[i][0], denied[i][1]), ERR_DENIED);
    EXPECT(control_device(lab->control, lab->captab, slot, edu.base + 1, PAGE), ERR_ALIGN);
    EXPECT(control_device(lab->control, lab->captab, slot, edu.base, PAGE + 1), ERR_ALIGN);
    EXPECT(control_device(lab->control, lab->captab, slot, edu.base, 0), ERR_RANGE);
    EXPECT(control_device(lab->control, lab->captab, slot, edu.base, -(uint64_t)PAGE), ERR_RANGE);
    EXPECT(control_device(lab->control, lab->captab, lab->captab, edu.base, PAGE), ERR_OCCUPIED);
    EXPECT(control_device(lab->control, lab->captab, slot, edu.base, PAGE), OK);
    EXPECT(untyped_retype(slot, OBJECT_TYPE_NOTIF, 0, 256, lab->captab, frame, 1), ERR_TYPE);
    EXPECT(untyped_retype(slot, OBJECT_TYPE_FRAME, 0, PAGE, lab->captab, frame, 1), OK);
    EXPECT(iospace_map(io, frame, 0x800000, MAP_READ), ERR_TYPE);
}
