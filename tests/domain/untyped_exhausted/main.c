/* Everything is carved from an untyped until it has no more: an error to the caller, nothing to the others; revoked, it serves again. */
#include "hostile.h"

static uint32_t fill(struct lab *lab, uint32_t untyped, enum object_type type, uint64_t size, uint32_t first)
{
    uint32_t made = 0;
    enum error error;

    while ((error = untyped_retype(untyped, type, 0, size, lab->captab, first + made, 1)) == OK)
        made++;
    EXPECT(error, ERR_MEMORY);
    return made;
}

static void test_type(struct lab *lab, enum object_type type, uint64_t size, uint32_t wanted)
{
    const uint32_t untyped = lab_make(lab, OBJECT_TYPE_UNTYPED, 0, 1 << 16);
    uint64_t base, bytes, used;
    uint8_t flags;

    for (unsigned round = 0; round < 2; round++) {
        EXPECT_VALUE(fill(lab, untyped, type, size, lab->next), wanted);
        EXPECT(untyped_info(untyped, &base, &bytes, &used, &flags), OK);
        CHECK(used <= bytes && bytes == 1 << 16);
        EXPECT(captab_revoke(lab->captab, untyped), OK);
        EXPECT(untyped_info(untyped, &base, &bytes, &used, &flags), OK);
        EXPECT_VALUE(used, 0);
    }
}

/* Counts and sizes whose product does not fit in 64 bits must not come round to something small. */
static void test_arithmetic(struct lab *lab)
{
    static const uint64_t sizes[] = {0,          1,          4095,       4097,  1ull << 40,
                                     1ull << 52, 1ull << 58, 1ull << 63, ~0ull, ~4095ull};
    static const uint64_t counts[] = {0, 65, 1ull << 32, ~0ull};

    for (uint64_t type = 0; type < 20; type++) {
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            const uint64_t words[10] = {type, 0, sizes[s], lab->captab, lab->next, 64};
            const enum error error = call_words(target(CALL_UNTYPED_RETYPE, lab->untyped), words);

            if (type >= OBJECT_TYPE_THREAD && type <= OBJECT_TYPE_VCPU)
                continue; /* of one size, whatever is said: made below */
            CHECK(error == ERR_RANGE || error == ERR_MEMORY || error == ERR_ARGUMENT || error == ERR_LIMIT);
        }
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            const uint64_t words[10] = {type, 0, 4096, lab->captab, lab->end - 70, counts[c]};

            EXPECT(call_words(target(CALL_UNTYPED_RETYPE, lab->untyped), words), ERR_ARGUMENT);
        }
    }
}

void test(struct lab *lab)
{
    test_type(lab, OBJECT_TYPE_FRAME, 4096, 16);
    test_type(lab, OBJECT_TYPE_THREAD, 4096, 16);
    test_type(lab, OBJECT_TYPE_ENDPOINT, 1024, 64);
    test_type(lab, OBJECT_TYPE_NOTIF, 256, 256);
    test_type(lab, OBJECT_TYPE_CAPTAB, 64, 16);
    test_type(lab, OBJECT_TYPE_VCPU, 16384, 4);
    test_type(lab, OBJECT_TYPE_SPACE, 2, 4);
    test_type(lab, OBJECT_TYPE_UNTYPED, 8192, 8);
    EXPECT(untyped_retype(lab->untyped, OBJECT_TYPE_FRAME, 0, 1 << 30, lab->captab, lab->next, 1),
           ERR_MEMORY);
    EXPECT(untyped_retype(lab->untyped, OBJECT_TYPE_FRAME, 0, 1 << 21, lab->captab, lab->next, 64),
           ERR_MEMORY);
    EXPECT(untyped_retype(lab->untyped, OBJECT_TYPE_NOTIF, 0, 256, lab->captab, 4096 - 63, 64), ERR_SLOT);
    EXPECT(untyped_retype(lab->untyped, OBJECT_TYPE_NOTIF, 0, 256, lab->captab, UINT32_MAX - 1, 64),
           ERR_SLOT);
    EXPECT(untyped_retype(lab->untyped, OBJECT_TYPE_NOTIF, 0, 256, lab->captab, lab->captab, 1),
           ERR_OCCUPIED);
    test_arithmetic(lab);
}
