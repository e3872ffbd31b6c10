/* A message reaches its interrupt object from the one source that it was made for, and from no other; without an entry nothing arrives. Who
 * sends on without waiting to be acknowledged is cut off, and put back by the acknowledgement, which signals once more. */
#include "edu.h"
#include "kind.h"

enum { HANDLE = 3, OTHER = 6, NOBODYS = 9, BIT = 2 };

static void aim(struct edu *edu, uint32_t handle)
{
    edu_messages(edu, MSI_ADDRESS + handle * (uint64_t)MSI_ADDRESS_STEP, handle * MSI_DATA_STEP);
}

static bool arrives(struct lab *lab, uint32_t notif)
{
    uint32_t bits = 0;
    const enum error error = notif_wait(notif, after_us(lab, 10000), &bits);

    if (error == ERR_TIMEOUT)
        return false;
    EXPECT(error, OK);
    EXPECT_VALUE(bits, BIT);
    return true;
}

static void refusals(struct lab *lab, uint32_t taken)
{
    EXPECT(control_msi(lab->control, lab->captab, taken, OTHER, EDU_SOURCE), ERR_OCCUPIED);
    EXPECT(control_msi(lab->control, lab->captab, lab_slot(lab), HANDLE, EDU_SOURCE), ERR_BUSY);
    EXPECT(control_msi(lab->captab, lab->captab, lab_slot(lab), OTHER, EDU_SOURCE), ERR_TYPE);
}

static void storm(struct lab *lab, struct edu *edu, uint32_t irq, uint32_t notif)
{
    edu_raise(edu);
    CHECK(arrives(lab, notif));
    edu_raise(edu); /* the one that cuts it off */
    (void)arrives(lab, notif);
    for (unsigned i = 0; i < 1000; i++)
        edu_raise(edu);
    CHECK(!arrives(lab, notif));
    EXPECT(irq_ack(irq), OK);
    CHECK(arrives(lab, notif));
    EXPECT(irq_ack(irq), OK);
    CHECK(!arrives(lab, notif));
    edu_raise(edu);
    CHECK(arrives(lab, notif));
    EXPECT(irq_ack(irq), OK);
}

void test(struct lab *lab)
{
    const uint32_t irq = lab_slot(lab), foreign = lab_slot(lab),
                   notif = lab_make(lab, OBJECT_TYPE_NOTIF, 0, 256);
    struct edu edu;

    edu_open(lab, &edu);
    EXPECT(control_msi(lab->control, lab->captab, irq, HANDLE, EDU_SOURCE), OK);
    EXPECT(control_msi(lab->control, lab->captab, foreign, OTHER, EDU_SOURCE + 8), OK);
    refusals(lab, irq);
    aim(&edu, HANDLE);
    edu_raise(&edu); /* bound to nothing */
    EXPECT(irq_bind(irq, notif, BIT), OK);
    EXPECT(irq_bind(foreign, notif, BIT), OK);
    CHECK(!arrives(lab, notif));
    for (unsigned i = 0; i < 3; i++) {
        edu_raise(&edu);
        CHECK(arrives(lab, notif));
        CHECK(!arrives(lab, notif));
        EXPECT(irq_ack(irq), OK);
    }
    storm(lab, &edu, irq, notif);
    aim(&edu, OTHER); /* another's */
    edu_raise(&edu);
    CHECK(!arrives(lab, notif));
    aim(&edu, NOBODYS);
    edu_raise(&edu);
    CHECK(!arrives(lab, notif));
    aim(&edu, HANDLE);
    EXPECT(captab_delete(lab->captab, irq), OK);
    edu_raise(&edu);
    edu_raise(&edu);
    CHECK(!arrives(lab, notif));
    EXPECT(control_msi(lab->control, lab->captab, irq, HANDLE, EDU_SOURCE), OK);
    EXPECT(irq_bind(irq, notif, BIT), OK);
    edu_raise(&edu);
    CHECK(arrives(lab, notif));
}
