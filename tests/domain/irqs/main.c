/* An interrupt has one owner: made twice it is refused, mgmt's cannot be had, and a holder that is gone leaves it free. */
#include "hostile.h"

enum { COM1_GSI = 4, FREE_GSI = 7 };

void test(struct lab *lab)
{
    const uint32_t irq = lab_slot(lab), spare = lab_slot(lab),
                   notif = lab_make(lab, OBJECT_TYPE_NOTIF, 0, 256),
                   other = lab_make(lab, OBJECT_TYPE_NOTIF, 0, 256);
    uint32_t bits;

    EXPECT(control_irq(lab->control, lab->captab, spare, COM1_GSI, 0), ERR_BUSY);
    EXPECT(control_irq(lab->control, lab->captab, irq, FREE_GSI, 4), ERR_ARGUMENT);
    EXPECT(control_irq(lab->control, lab->captab, irq, FREE_GSI, 0), OK);
    EXPECT(control_irq(lab->control, lab->captab, spare, FREE_GSI, 0), ERR_BUSY);
    EXPECT(control_irq(lab->control, lab->captab, irq, FREE_GSI, 0), ERR_OCCUPIED);
    for (uint64_t gsi = 24; gsi < 300; gsi++) {
        const uint64_t words[10] = {lab->captab, spare, gsi};

        EXPECT(call_words(target(CALL_CONTROL_IRQ, lab->control), words), ERR_ARGUMENT);
    }
    EXPECT(irq_ack(irq), OK); /* bound to nothing: nothing to unmask */
    for (unsigned round = 0; round < 3; round++) {
        EXPECT(irq_bind(irq, notif, 1), OK);
        EXPECT(irq_bind(irq, other, 2), OK); /* the last one has it */
        EXPECT(irq_ack(irq), OK);
    }
    EXPECT(notif_wait(other, 0, &bits), ERR_TIMEOUT);
    EXPECT(captab_delete(lab->captab, other), OK); /* bound while it goes */
    EXPECT(irq_ack(irq), OK);
    EXPECT(irq_bind(irq, notif, UINT32_MAX), OK);
    EXPECT(captab_delete(lab->captab, irq), OK);
    EXPECT(captab_delete(lab->captab, notif), OK);
    EXPECT(control_irq(lab->control, lab->captab, irq, FREE_GSI, 3), OK);
    EXPECT(captab_delete(lab->captab, irq), OK);
}
