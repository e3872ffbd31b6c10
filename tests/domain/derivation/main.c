/* What a copy may hold: never more rights, methods, another interface or badge than its source; not beyond the depth. */
#include "hostile.h"

static enum error copy(struct lab *lab, uint32_t to, uint32_t source, uint8_t rights, uint16_t interface,
                       uint32_t mask, uint64_t badge)
{
    return captab_copy(lab->captab, to, lab->captab, source, rights, 0, interface, mask, badge);
}

void test(struct lab *lab)
{
    const uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024),
                   frame = lab_make(lab, OBJECT_TYPE_FRAME, 0, 4096);
    const uint32_t narrow = lab_copy(lab, 0, 0, endpoint, RIGHT_CALL, INTERFACE_ANY, 0x5, 9),
                   spare = lab_slot(lab);
    const uint64_t wide[10] = {spare, lab->captab, endpoint, 0x100 | RIGHT_CALL, 0, INTERFACE_ANY, 1, 1};
    const uint64_t flags[10] = {spare, lab->captab, endpoint, RIGHT_CALL, 2, INTERFACE_ANY, 1, 1};
    const uint64_t interface[10] = {spare, lab->captab, endpoint, RIGHT_CALL, 0, 0x10000, 1, 1};
    const uint64_t mask[10] = {spare, lab->captab, endpoint, RIGHT_CALL, 0, INTERFACE_ANY, 1ull << 32, 1};
    uint32_t at, depth = 0;
    enum error error;

    for (uint32_t bit = 0; bit < 8; bit++) {
        EXPECT(copy(lab, spare, narrow, (uint8_t)(1u << bit), INTERFACE_ANY, 1, 9),
               1u << bit == RIGHT_CALL ? OK : ERR_RIGHTS);
        (void)!captab_delete(lab->captab, spare);
    }
    for (uint32_t bit = 0; bit < 32; bit++) {
        EXPECT(copy(lab, spare, narrow, RIGHT_CALL, INTERFACE_ANY, 1u << bit, 9),
               (0x5u >> bit & 1) ? OK : ERR_METHOD);
        (void)!captab_delete(lab->captab, spare);
    }
    EXPECT(copy(lab, spare, narrow, RIGHT_CALL, INTERFACE_ANY + 1, 1, 9), ERR_INTERFACE);
    EXPECT(copy(lab, spare, narrow, RIGHT_CALL, 0, 1, 9), ERR_INTERFACE);
    EXPECT(copy(lab, spare, narrow, RIGHT_CALL, INTERFACE_ANY, 1, 10), ERR_ARGUMENT);
    EXPECT(copy(lab, spare, narrow, RIGHT_CALL, INTERFACE_ANY, 1, 0), ERR_ARGUMENT);
    EXPECT(copy(lab, spare, frame, RIGHT_READ, 1, 0, 0), ERR_ARGUMENT);
    EXPECT(copy(lab, spare, frame, RIGHT_READ, 0, 1, 0), ERR_ARGUMENT);
    EXPECT(copy(lab, spare, frame, RIGHT_READ, 0, 0, 1), ERR_ARGUMENT);
    EXPECT(copy(lab, narrow, frame, RIGHT_READ, 0, 0, 0), ERR_OCCUPIED);
    EXPECT(call_words(target(CALL_CAPTAB_COPY, lab->captab), wide), ERR_ARGUMENT);
    EXPECT(call_words(target(CALL_CAPTAB_COPY, lab->captab), flags), ERR_ARGUMENT);
    EXPECT(call_words(target(CALL_CAPTAB_COPY, lab->captab), interface), ERR_ARGUMENT);
    EXPECT(call_words(target(CALL_CAPTAB_COPY, lab->captab), mask), ERR_ARGUMENT);
    for (at = endpoint; (error = copy(lab, lab->next, at, UINT8_MAX, INTERFACE_ANY, 1, 1)) == OK; depth++)
        at = lab_slot(lab);
    EXPECT(error, ERR_DEPTH);
    CHECK(depth >= 8 && depth <= 15);
    /* The deepest still works as a client, and cannot become a hidden reference. */
    uint64_t word = 0;
    EXPECT(call_one(at, 0, &word), ERR_TIMEOUT);
    EXPECT(thread_configure(lab_make(lab, OBJECT_TYPE_THREAD, 0, 4096), lab->space, lab->captab, 0, 0, at, 0,
                            0, 1),
           ERR_DEPTH);
    EXPECT(captab_revoke(lab->captab, endpoint), OK);
    EXPECT(call_one(at, 0, &word), ERR_SLOT);
}
