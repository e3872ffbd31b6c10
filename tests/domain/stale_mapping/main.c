/* A space dies while frames are mapped in it: the frames are free again, the dead space's successor does not know them, and a frame that is
 * revoked is gone from wherever it was mapped, translation and all. */
#include "hostile.h"

void test(struct lab *lab)
{
    static struct probe probe;
    static const uint8_t touch[] = {0x48, 0x8b, 0x47, 0x00, 0x48, 0x8b, 0x04,
                                    0x25, 0x00, 0x00, 0x03, 0x00, 0x0f, 0x0b}; /* read (rdi), read 0x30000 */
    const uint32_t frame = lab_make(lab, OBJECT_TYPE_FRAME, 0, 4096);
    uint32_t space = lab_make(lab, OBJECT_TYPE_SPACE, 0, 8), tables, used, copy;

    EXPECT(space_map(space, frame, 0x30000, MAP_READ | MAP_WRITE), OK);
    EXPECT(space_map(lab->space, frame, lab->window, MAP_READ), ERR_STATE);
    EXPECT(captab_delete(lab->captab, space), OK);
    /* A successor in the same index, perhaps at the same address. */
    for (unsigned i = 0; i < 8; i++) {
        EXPECT(untyped_retype(lab->untyped, OBJECT_TYPE_SPACE, 0, 8, lab->captab, space, 1), OK);
        EXPECT(space_unmap(space, frame), ERR_STATE);
        EXPECT(space_info(space, &tables, &used), OK);
        EXPECT_VALUE(used, 0);
        if (i < 7)
            EXPECT(captab_delete(lab->captab, space), OK);
    }
    EXPECT(space_map(lab->space, frame, lab->window, MAP_READ | MAP_WRITE), OK);
    *(volatile uint64_t *)lab->window = 0x1234;
    EXPECT(space_unmap(lab->space, frame), OK);

    probe_open(lab, &probe);
    EXPECT(probe_run_at(&probe, touch, sizeof touch, 0, 0, __LINE__).vector == VECTOR_PF ? OK : ERR_STATE,
           OK);
    copy = lab_copy(lab, 0, 0, frame, RIGHT_READ, 0, 0, 0);
    EXPECT(space_map(probe.space, copy, 0x30000, MAP_READ), OK);
    EXPECT_VALUE(probe_run_at(&probe, touch, sizeof touch, 0, 0, __LINE__).vector, VECTOR_UD);
    EXPECT(captab_revoke(lab->captab, frame), OK); /* the copy goes, and what it had mapped */
    const struct fault fault = probe_run_at(&probe, touch, sizeof touch, 0, 0, __LINE__);
    EXPECT_VALUE(fault.vector, VECTOR_PF);
    EXPECT_VALUE(fault.address, 0x30000);
}
