/* kernel/obj/irq.c */
#include "unit.h"
#include "world.h"

enum { GSI = 4 };

static uint32_t make(void)
{
    CHECK_EQ(CALL(CALL_CONTROL_IRQ, SLOT_CONTROL, SLOT_CAPTAB, world.next, GSI, 0), OK);
    return world.next++;
}

static void test_irq__fires_as_a_signal_and_stays_masked_until_acknowledged(void)
{
    uint32_t line = make(), notif = world_new(OBJECT_TYPE_NOTIF, 0, 0);
    const struct notif *target = world_object(notif);

    irq_bind(&fake_cpu, world_object(line), world_slot(notif), 0x10);
    CHECK(!fake.masked[GSI]);
    irq_fire(&fake_cpu, GSI);
    CHECK(fake.masked[GSI] && target->bits == 0x10);
    irq_ack(&fake_cpu, world_object(line));
    CHECK(!fake.masked[GSI]);
    CHECK_WORLD();
}

static void test_irq__an_unbound_one_is_masked_and_silent(void)
{
    (void)make();
    fake.masked[GSI] = false;
    irq_fire(&fake_cpu, GSI);
    CHECK(fake.masked[GSI]);
    irq_ack(&fake_cpu, irq_get(GSI));
    CHECK(fake.masked[GSI]);
    irq_fire(&fake_cpu, IRQS); /* not one of ours */
    CHECK(!irq_get(IRQS) && !irq_get(UINT64_MAX));
}

static void test_irq__a_new_holder_takes_the_line_over(void)
{
    uint32_t line = make(), first = world_new(OBJECT_TYPE_NOTIF, 0, 0),
             second = world_new(OBJECT_TYPE_NOTIF, 0, 0);

    irq_bind(&fake_cpu, world_object(line), world_slot(first), 1);
    irq_bind(&fake_cpu, world_object(line), world_slot(second), 2);
    CHECK(!cap_has_children(world_slot(first)) && !fake.masked[GSI]);
    irq_fire(&fake_cpu, GSI);
    CHECK_EQ(((struct notif *)world_object(first))->bits, 0);
    CHECK_EQ(((struct notif *)world_object(second))->bits, 2);
    CHECK_WORLD();
}

static void test_irq__a_lost_notification_masks_the_line(void)
{
    uint32_t line = make(), notif = world_new(OBJECT_TYPE_NOTIF, 0, 0);

    irq_bind(&fake_cpu, world_object(line), world_slot(notif), 1);
    world_revoke(world_slot(notif), true);
    CHECK(fake.masked[GSI] && !irq_get(GSI)->notif);
    irq_fire(&fake_cpu, GSI);
    CHECK_WORLD();
}

static void test_irq__a_retired_line_lets_go(void)
{
    uint32_t line = make(), notif = world_new(OBJECT_TYPE_NOTIF, 0, 0);

    irq_bind(&fake_cpu, world_object(line), world_slot(notif), 1);
    world_revoke(world_slot(line), true);
    CHECK(fake.masked[GSI] && !irq_get(GSI)->made && !cap_has_children(world_slot(notif)));
    irq_fire(&fake_cpu, GSI);
    CHECK_EQ(((struct notif *)world_object(notif))->bits, 0);
    CHECK_WORLD();
}

int main(void)
{
    RUN_WORLD(test_irq__fires_as_a_signal_and_stays_masked_until_acknowledged);
    RUN_WORLD(test_irq__an_unbound_one_is_masked_and_silent);
    RUN_WORLD(test_irq__a_new_holder_takes_the_line_over);
    RUN_WORLD(test_irq__a_lost_notification_masks_the_line);
    RUN_WORLD(test_irq__a_retired_line_lets_go);
    world_reset();
    return UNIT_RESULT();
}
