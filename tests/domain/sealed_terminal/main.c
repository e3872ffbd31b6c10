/* Sealed capabilities are used, never copied; a terminal table takes sealed endpoints and notifications only, and gives nothing. */
#include "hostile.h"

static uint32_t fresh(struct lab *lab)
{
    return lab_slot(lab);
}

static enum error copy(struct lab *lab, uint32_t table, uint32_t to, uint32_t source, uint8_t rights,
                       uint8_t flags, uint16_t interface, uint32_t mask)
{
    return captab_copy(table, to, lab->captab, source, rights, flags, interface, mask, 0);
}

void test(struct lab *lab)
{
    const uint32_t terminal = fresh(lab), endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024),
                   notif = lab_make(lab, OBJECT_TYPE_NOTIF, 0, 256);
    const uint32_t frame = lab_make(lab, OBJECT_TYPE_FRAME, 0, 4096),
                   plain = lab_make(lab, OBJECT_TYPE_CAPTAB, 0, 64), sealed = fresh(lab), spare = fresh(lab);
    const uint32_t thread = lab_make(lab, OBJECT_TYPE_THREAD, 0, 4096);

    EXPECT(untyped_retype(lab->untyped, OBJECT_TYPE_CAPTAB, CAPTAB_TERMINAL, 64, lab->captab, terminal, 1),
           OK);
    /* sealed */
    EXPECT(copy(lab, lab->captab, sealed, endpoint, RIGHT_CALL | RIGHT_COPY, COPY_SEALED, INTERFACE_ANY, 3),
           OK);
    EXPECT(copy(lab, lab->captab, spare, sealed, RIGHT_CALL, 0, INTERFACE_ANY, 3), ERR_SEALED);
    EXPECT(copy(lab, lab->captab, spare, sealed, RIGHT_CALL, COPY_SEALED, INTERFACE_ANY, 1), ERR_SEALED);
    EXPECT(copy(lab, lab->captab, spare, lab->untyped, RIGHT_READ, 0, 0, 0), ERR_SEALED);
    EXPECT(copy(lab, lab->captab, spare, lab->control, RIGHT_MANAGE, 0, 0, 0), ERR_SEALED);
    EXPECT(copy(lab, lab->captab, spare, lab->captab, RIGHT_MANAGE, 0, 0, 0), ERR_SEALED);
    EXPECT(copy(lab, lab->captab, spare, lab->space, RIGHT_MANAGE, 0, 0, 0), ERR_SEALED);
    /* into a terminal table */
    EXPECT(copy(lab, terminal, 1, endpoint, RIGHT_CALL, 0, INTERFACE_ANY, 1), ERR_SEALED);
    EXPECT(copy(lab, terminal, 1, endpoint, RIGHT_CALL | RIGHT_WAIT, COPY_SEALED, INTERFACE_ANY, 1),
           ERR_SEALED);
    EXPECT(copy(lab, terminal, 1, endpoint, RIGHT_CALL | RIGHT_COPY, COPY_SEALED, INTERFACE_ANY, 1),
           ERR_SEALED);
    EXPECT(copy(lab, terminal, 1, notif, RIGHT_WAIT, COPY_SEALED, 0, 1), ERR_SEALED);
    EXPECT(copy(lab, terminal, 1, frame, RIGHT_READ, COPY_SEALED, 0, 0), ERR_SEALED);
    EXPECT(copy(lab, terminal, 1, frame, 0, COPY_SEALED, 0, 0), ERR_TYPE);
    EXPECT(copy(lab, terminal, 1, plain, 0, COPY_SEALED, 0, 0), ERR_TYPE);
    EXPECT(copy(lab, terminal, 1, endpoint, RIGHT_CALL, COPY_SEALED, INTERFACE_ANY, 1), OK);
    EXPECT(copy(lab, terminal, 2, notif, RIGHT_SIGNAL, COPY_SEALED, 0, 1), OK);
    EXPECT(copy(lab, terminal, 0, notif, RIGHT_SIGNAL, COPY_SEALED, 0, 1), ERR_SLOT);
    EXPECT(copy(lab, terminal, 64, notif, RIGHT_SIGNAL, COPY_SEALED, 0, 1), ERR_SLOT);
    /* out of one */
    EXPECT(captab_copy(lab->captab, spare, terminal, 1, RIGHT_CALL, COPY_SEALED, INTERFACE_ANY, 1, 0),
           ERR_SEALED);
    EXPECT(captab_copy(terminal, 3, terminal, 1, RIGHT_CALL, COPY_SEALED, INTERFACE_ANY, 1, 0), ERR_SEALED);
    /* nothing is made in one */
    EXPECT(untyped_retype(lab->untyped, OBJECT_TYPE_NOTIF, 0, 256, terminal, 5, 1), ERR_SEALED);
    EXPECT(control_ioport(lab->control, terminal, 5, 0x700, 0x700), ERR_SEALED);
    EXPECT(control_irq(lab->control, terminal, 5, 7, 0), ERR_SEALED);
    /* and no thread runs on one */
    EXPECT(thread_configure(thread, lab->space, terminal, 0, 0, 0, 0, 0, 1), ERR_TYPE);
    EXPECT(captab_delete(terminal, 1), OK);
    EXPECT(captab_delete(terminal, 1), ERR_SLOT);
}
