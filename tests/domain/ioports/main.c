/* An I/O port capability reaches its ports and no other, in no size; withheld ports are in none. */
#include "hostile.h"

enum { FIRST = 0x700, LAST = 0x707 };

void test(struct lab *lab)
{
    const uint32_t slot = lab_slot(lab), spare = lab_slot(lab);
    static const uint16_t withheld[] = {0x20, 0x21, 0x22, 0x23, 0xa0, 0xa1, 0xb2, 0xb3};
    uint32_t value;

    EXPECT(control_ioport(lab->control, lab->captab, slot, FIRST, LAST), OK);
    for (uint32_t port = 0; port < 65536; port++) {
        for (uint8_t bytes = 1; bytes <= 4; bytes = (uint8_t)(bytes * 2)) {
            const bool inside = port >= FIRST && port + bytes - 1 <= LAST;

            EXPECT(ioport_in(slot, (uint16_t)port, bytes, &value), inside ? OK : ERR_RANGE);
            if (!inside)
                EXPECT(ioport_out(slot, (uint16_t)port, bytes, 0), ERR_RANGE);
        }
    }
    EXPECT(ioport_in(slot, FIRST, 3, &value), ERR_ARGUMENT);
    for (uint64_t bytes = 0; bytes < 300; bytes++) {
        const uint64_t words[10] = {FIRST, bytes}, wide[10] = {FIRST | (bytes + 1) << 16, 1};

        if (bytes != 1 && bytes != 2 && bytes != 4)
            EXPECT(call_words(target(CALL_IOPORT_IN, slot), words), ERR_ARGUMENT);
        EXPECT(call_words(target(CALL_IOPORT_IN, slot), wide), ERR_ARGUMENT);
        EXPECT(call_words(target(CALL_IOPORT_OUT, slot), wide), ERR_ARGUMENT);
    }
    for (size_t i = 0; i < sizeof withheld / sizeof withheld[0]; i++) {
        EXPECT(control_ioport(lab->control, lab->captab, spare, withheld[i], withheld[i]), ERR_DENIED);
        EXPECT(control_ioport(lab->control, lab->captab, spare, 0, withheld[i]), ERR_DENIED);
        EXPECT(control_ioport(lab->control, lab->captab, spare, withheld[i], 0xffff), ERR_DENIED);
    }
    EXPECT(control_ioport(lab->control, lab->captab, spare, 0, 0xffff), ERR_DENIED);
    EXPECT(control_ioport(lab->control, lab->captab, spare, LAST, FIRST), ERR_RANGE);
    EXPECT(control_ioport(lab->control, lab->captab, slot, FIRST, LAST), ERR_OCCUPIED);
    EXPECT(control_ioport(lab->control, lab->captab, spare, 0xffff, 0xffff), OK);
    EXPECT(ioport_in(spare, 0xffff, 1, &value), OK);
    EXPECT(ioport_in(spare, 0xffff, 2, &value), ERR_RANGE);
    EXPECT(captab_delete(lab->captab, slot), OK);
    EXPECT(ioport_in(slot, FIRST, 1, &value), ERR_SLOT);
}
