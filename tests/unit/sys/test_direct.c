/* obj/iospace.c with obj/ioformat_direct.c: the book of what devices are to reach where no IOMMU sees to it. */
#include "obj/iospace.h"
#include "obj/walker.h"
#include "unit.h"
#include "world.h"

enum { TABLES = 8, SOURCE = 0x100 };

/* Where frame @slot lies in memory. */
static uint64_t place(uint32_t slot)
{
    return world_slot(slot)->cap.object;
}

static uint32_t iospace(void)
{
    return world_new(OBJECT_TYPE_IOSPACE, TABLES, 0);
}

static void test_direct__an_address_is_the_frames_own(void)
{
    uint32_t io = iospace(), page = world_new(OBJECT_TYPE_FRAME, PAGE_BYTES, 0),
             large = world_new(OBJECT_TYPE_FRAME, 2 << 20, 0);

    REFUSED(ERR_RANGE, CALL_IOSPACE_MAP, io, page, place(page) + PAGE_BYTES, 3);
    REFUSED(ERR_RANGE, CALL_IOSPACE_MAP, io, page, 0x1000000000, 3);
    REFUSED(ERR_RANGE, CALL_IOSPACE_MAP, io, large, place(large) + (2 << 20), 3);
    CHECK_EQ(CALL(CALL_IOSPACE_MAP, io, page, place(page), 3), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_MAP, io, large, place(large), 1), OK);
    REFUSED(ERR_STATE, CALL_IOSPACE_MAP, io, page, place(page), 3);
    CHECK_WORLD();
    CHECK_EQ(CALL(CALL_IOSPACE_UNMAP, io, page), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_MAP, io, page, place(page), 1), OK);
    CHECK_WORLD();
}

/* What is attached, mapped and revoked is counted as with an IOMMU. */
static void test_direct__the_book_is_kept(void)
{
    uint32_t io = iospace(), other = iospace(), page = world_new(OBJECT_TYPE_FRAME, PAGE_BYTES, 0);

    CHECK_EQ(CALL(CALL_IOSPACE_MAP, io, page, place(page), 3), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_ATTACH, io, SLOT_CONTROL, SOURCE), OK);
    REFUSED(ERR_BUSY, CALL_IOSPACE_ATTACH, other, SLOT_CONTROL, SOURCE);
    world_revoke(world_slot(io), true);
    CHECK_EQ(CALL(CALL_IOSPACE_ATTACH, other, SLOT_CONTROL, SOURCE), OK);
    CHECK_EQ(CALL(CALL_IOSPACE_MAP, other, page, place(page), 3), OK);
    CHECK_WORLD();
}

int main(void)
{
    RUN_WORLD(test_direct__an_address_is_the_frames_own);
    RUN_WORLD(test_direct__the_book_is_kept);
    world_reset();
    return UNIT_RESULT();
}
