/* A space whose pool of page tables is used up answers ERR_MEMORY, maps what needs no table, and harms no other space. */
#include "hostile.h"

enum { TABLES = 5 };

void test(struct lab *lab)
{
    const uint32_t space = lab_make(lab, OBJECT_TYPE_SPACE, 0, TABLES);
    uint32_t frame[8], tables, used;

    for (size_t i = 0; i < 8; i++)
        frame[i] = lab_make(lab, OBJECT_TYPE_FRAME, 0, 4096);
    EXPECT(space_map(space, frame[0], 0x10000, MAP_READ), OK); /* three tables */
    EXPECT(space_map(space, frame[1], 1ull << 40, MAP_READ), ERR_MEMORY);
    EXPECT(space_info(space, &tables, &used), OK);
    EXPECT_VALUE(tables, TABLES);
    EXPECT_VALUE(used, 3);
    EXPECT(space_map(space, frame[1], 1ull << 30, MAP_READ), OK); /* two more */
    EXPECT(space_map(space, frame[2], 2ull << 30, MAP_READ), ERR_MEMORY);
    EXPECT(space_map(space, frame[2], 1ull << 21, MAP_READ), ERR_MEMORY);
    EXPECT(space_map(space, frame[2], 0x11000, MAP_READ), OK);
    EXPECT(space_map(space, frame[3], 0x11000, MAP_READ), ERR_OCCUPIED);
    EXPECT(space_map(space, frame[2], 0x12000, MAP_READ), ERR_STATE); /* mapped already */
    EXPECT(space_unmap(space, frame[2]), OK);
    EXPECT(space_unmap(space, frame[2]), ERR_STATE);
    EXPECT(space_map(space, frame[3], 0x11000, MAP_READ), OK);
    EXPECT(space_unmap(lab->space, frame[3]), ERR_STATE); /* mapped elsewhere */
    EXPECT(space_info(space, &tables, &used), OK);
    EXPECT_VALUE(used, TABLES);
    EXPECT(space_map(lab->space, frame[4], lab->window, MAP_READ | MAP_WRITE), OK);
    *(volatile uint64_t *)lab->window = 1;
    EXPECT(space_unmap(lab->space, frame[4]), OK);
    for (uint64_t size = 0; size < 2; size++)
        EXPECT(untyped_retype(lab->untyped, OBJECT_TYPE_SPACE, 0, size ? 4097 : 0, lab->captab, lab->next, 1),
               ERR_RANGE);
}
