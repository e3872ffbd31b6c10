/* What must not be mapped: writable and executable, unreadable, beyond the rights, misaligned, in the kernel's half or at its edge. */
#include "hostile.h"

void test(struct lab *lab)
{
    const uint32_t space = lab_make(lab, OBJECT_TYPE_SPACE, 0, 64), guest = lab_slot(lab);
    const uint32_t frame = lab_make(lab, OBJECT_TYPE_FRAME, 0, 4096),
                   large = lab_make(lab, OBJECT_TYPE_FRAME, 0, 2 << 20);
    const uint32_t vcpu = lab_make(lab, OBJECT_TYPE_VCPU, 0, 16384);
    static const uint64_t beyond[] = {0x7ffffffff000, 0x800000000000, 0xffff800000000000, 0xffffffff80000000,
                                      0xfffffffffffff000};
    static const uint64_t misaligned[] = {1, 8, 0xfff, 0x10001, 0x7fffffffefff};

    EXPECT(untyped_retype(lab->untyped, OBJECT_TYPE_SPACE, SPACE_GUEST, 64, lab->captab, guest, 1), OK);
    for (uint8_t access = 0; access < 8; access++) {
        const bool readable = (access & MAP_READ) != 0, both = (access & MAP_WRITE) && (access & MAP_EXEC);

        EXPECT(space_map(space, frame, 0x10000, access), readable && !both ? OK : ERR_ARGUMENT);
        if (readable && !both)
            EXPECT(space_unmap(space, frame), OK);
        EXPECT(space_map(guest, frame, 0x10000, access),
               readable ? OK : ERR_ARGUMENT); /* a guest's own business */
        if (readable)
            EXPECT(space_unmap(guest, frame), OK);
    }
    for (unsigned bit = 4; bit < 64; bit++) {
        const uint64_t words[10] = {frame, 0x10000, 1ull << bit | MAP_READ};

        EXPECT(call_words(target(CALL_SPACE_MAP, space), words), ERR_ARGUMENT);
    }
    for (uint32_t rights = 0; rights < 8; rights++) {
        const uint32_t copy = lab_copy(lab, 0, 0, frame, (uint8_t)rights, 0, 0, 0);

        for (uint8_t access = 1; access < 8; access = (uint8_t)(access + 2)) {
            if (access & ~rights)
                EXPECT(space_map(guest, copy, 0x20000, access), ERR_RIGHTS);
            else {
                EXPECT(space_map(guest, copy, 0x20000, access), OK);
                EXPECT(space_unmap(guest, copy), OK);
            }
        }
    }
    for (size_t i = 0; i < 5; i++) {
        EXPECT(space_map(space, frame, beyond[i], MAP_READ), ERR_RANGE);
        EXPECT(space_map(space, frame, misaligned[i], MAP_READ), ERR_ALIGN);
    }
    EXPECT(space_map(space, frame, 0x7fffffffe000, MAP_READ), OK);
    EXPECT(space_map(space, large, 0x7fffffe00000, MAP_READ), ERR_RANGE);
    EXPECT(space_map(space, large, 0x7fffffc00000, MAP_READ), OK);
    EXPECT(space_unmap(space, large), OK);
    EXPECT(space_map(space, large, 0x1000, MAP_READ), ERR_ALIGN);
    EXPECT(space_map(space, large, 0x7fffff400000, MAP_READ), OK);
    EXPECT(space_map(space, vcpu, 0x7fffff400000, MAP_READ), ERR_OCCUPIED); /* below a large leaf */
    EXPECT(space_map(space, vcpu, 0x50000, MAP_READ | MAP_EXEC), ERR_RIGHTS);
    EXPECT(space_map(space, vcpu, 0x50000, MAP_READ | MAP_WRITE), OK);
    EXPECT(space_map(lab->space, frame, 0x400000, MAP_READ), ERR_STATE);
    EXPECT(space_unmap(space, frame), OK);
    EXPECT(space_map(lab->space, frame, 0x400000, MAP_READ), ERR_OCCUPIED);
}
