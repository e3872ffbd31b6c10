/* Memory that served as frames full of secrets, tables and objects is zero when it serves again. */
#include "hostile.h"

enum { BYTES = 1 << 20, PAGES = BYTES / 4096 };

static uint32_t map_all(struct lab *lab, uint32_t untyped, uint32_t first)
{
    for (uint32_t i = 0; i < PAGES; i++) {
        EXPECT(untyped_retype(untyped, OBJECT_TYPE_FRAME, 0, 4096, lab->captab, first + i, 1), OK);
        EXPECT(space_map(lab->space, first + i, lab->window + i * 4096ull, MAP_READ | MAP_WRITE), OK);
    }
    return first;
}

static void check_zero(const volatile uint64_t *words)
{
    for (uint32_t i = 0; i < BYTES / 8; i++)
        if (words[i] != 0)
            fail_value(__LINE__, "a word of reused memory", words[i], 0);
}

static void dirty_with_objects(struct lab *lab, uint32_t untyped, uint32_t first)
{
    static const struct {
        enum object_type type;
        uint64_t size;
    } kinds[] = {{OBJECT_TYPE_CAPTAB, 64},     {OBJECT_TYPE_SPACE, 8},    {OBJECT_TYPE_THREAD, 4096},
                 {OBJECT_TYPE_ENDPOINT, 1024}, {OBJECT_TYPE_VCPU, 16384}, {OBJECT_TYPE_SCHED, 256},
                 {OBJECT_TYPE_NOTIF, 256}};
    uint32_t slot = first;

    for (size_t k = 0; k < 7; k++)
        for (unsigned i = 0; i < 4; i++, slot++)
            EXPECT(untyped_retype(untyped, kinds[k].type, 0, kinds[k].size, lab->captab, slot, 1), OK);
    /* Into the first table and the first space, so that they hold something. */
    for (uint32_t i = 1; i < 20; i++)
        EXPECT(captab_copy(first, i, lab->captab, first + 12, RIGHT_CALL, 0, INTERFACE_ANY, 1, ~0ull), OK);
    EXPECT(untyped_retype(untyped, OBJECT_TYPE_FRAME, 0, 4096, lab->captab, slot, 1), OK);
    EXPECT(space_map(first + 4, slot, 0x123456789000, MAP_READ), OK);
    EXPECT(notif_signal(first + 24, UINT32_MAX), OK);
}

void test(struct lab *lab)
{
    const uint32_t untyped = lab_make(lab, OBJECT_TYPE_UNTYPED, 0, BYTES), first = lab->next;
    volatile uint64_t *const words = (volatile uint64_t *)lab->window;

    for (unsigned round = 0; round < 3; round++) {
        (void)map_all(lab, untyped, first);
        check_zero(words);
        for (uint32_t i = 0; i < BYTES / 8; i++)
            words[i] = 0x5ec2e7 ^ i;
        EXPECT(captab_revoke(lab->captab, untyped), OK);
        dirty_with_objects(lab, untyped, first);
        EXPECT(captab_revoke(lab->captab, untyped), OK);
    }
    /* A delete in the middle gives nothing back before the whole is revoked. */
    (void)map_all(lab, untyped, first);
    words[0] = 1;
    EXPECT(captab_delete(lab->captab, first), OK);
    EXPECT(untyped_retype(untyped, OBJECT_TYPE_FRAME, 0, 4096, lab->captab, first, 1), ERR_MEMORY);
    EXPECT(captab_revoke(lab->captab, untyped), OK);
    (void)map_all(lab, untyped, first);
    check_zero(words);
}
