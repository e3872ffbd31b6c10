/* kernel/sys/sys_device.c */
#include "unit.h"
#include "world.h"

enum { TO = 900, GSI = 4 };

static uint32_t ports(uint16_t first, uint16_t last)
{
    CHECK_EQ(CALL(CALL_CONTROL_IOPORT, SLOT_CONTROL, SLOT_CAPTAB, world.next, first, last), OK);
    return world.next++;
}

static uint32_t irq(uint32_t gsi)
{
    CHECK_EQ(CALL(CALL_CONTROL_IRQ, SLOT_CONTROL, SLOT_CAPTAB, world.next, gsi, 0), OK);
    return world.next++;
}

static void test_device__refuses_bad_words(void)
{
    uint32_t line = irq(GSI), port = ports(0x3f8, 0x3ff);

    REFUSED_UNUSED(CALL_IRQ_BIND, line);
    REFUSED_UNUSED(CALL_IRQ_ACK, line);
    REFUSED_UNUSED(CALL_IOPORT_IN, port);
    REFUSED_UNUSED(CALL_IOPORT_OUT, port);
    REFUSED_UNUSED(CALL_CONTROL_IOPORT, SLOT_CONTROL);
    REFUSED_UNUSED(CALL_CONTROL_IRQ, SLOT_CONTROL);
    REFUSED(ERR_ARGUMENT, CALL_IOPORT_IN, port, 0x3f8, 5);
    REFUSED(ERR_ARGUMENT, CALL_IOPORT_IN, port, 0x3f8, 0);
    REFUSED(ERR_ARGUMENT, CALL_IOPORT_IN, port, 0x103f8, 1);
    REFUSED(ERR_ARGUMENT, CALL_CONTROL_IRQ, SLOT_CONTROL, SLOT_CAPTAB, TO, GSI_COUNT, 0);
}

static void test_device__ports_reach_their_range_only(void)
{
    uint32_t port = ports(0x3f8, 0x3ff);

    REFUSED(ERR_RANGE, CALL_IOPORT_IN, port, 0x3f7, 1);
    REFUSED(ERR_RANGE, CALL_IOPORT_IN, port, 0x400, 1);
    REFUSED(ERR_RANGE, CALL_IOPORT_IN, port, 0x3ff, 2);
    REFUSED(ERR_RANGE, CALL_IOPORT_IN, port, 0x3fd, 4);
    REFUSED(ERR_RANGE, CALL_IOPORT_OUT, port, 0x3f7, 1, 0);
    REFUSED(ERR_RANGE, CALL_IOPORT_OUT, port, 0x3ff, 4, 0);
    REFUSED(ERR_RANGE, CALL_IOPORT_OUT, ports(0xfffe, 0xffff), 0xffff, 2, 0); /* no wrap */
    CHECK_EQ(CALL(CALL_IOPORT_IN, port, 0x3fc, 4), OK);
}

static void test_device__ports_have_one_two_or_four_bytes(void)
{
    uint32_t port = ports(0x3f8, 0x3ff);

    REFUSED(ERR_ARGUMENT, CALL_IOPORT_IN, port, 0x3f8, 3);
    REFUSED(ERR_ARGUMENT, CALL_IOPORT_OUT, port, 0x3f8, 3, 0);
    fake.port_value = 0x11223344;
    for (uint8_t bytes = 1; bytes <= 4; bytes = (uint8_t)(bytes * 2)) {
        CHECK_EQ(CALL(CALL_IOPORT_IN, port, 0x3f8, bytes), OK);
        CHECK(fake.access.bytes == bytes && fake.access.port == 0x3f8 && !fake.access.out);
        CHECK_EQ(world_self()->regs.rbx, fake.port_value & (bytes == 4 ? UINT32_MAX : (1u << 8 * bytes) - 1));
        CHECK_EQ(CALL(CALL_IOPORT_OUT, port, 0x3f8, bytes, 0xa5), OK);
        CHECK(fake.access.bytes == bytes && fake.access.out && fake.access.value == 0xa5);
    }
}

static void test_device__control_ioport_refuses_a_backward_range(void)
{
    REFUSED(ERR_RANGE, CALL_CONTROL_IOPORT, SLOT_CONTROL, SLOT_CAPTAB, TO, 0x3ff, 0x3f8);
}

static void test_device__control_ioport_withholds_what_raises_interrupts(void)
{
    const struct {
        uint16_t first, last;
    } withheld[] = {{0x20, 0x20}, {0x21, 0x21}, {0x22, 0x22}, {0x23, 0x23}, {0xa0, 0xa0}, {0xa1, 0xa1},
                    {0xb2, 0xb2}, {0xb3, 0xb3}, {0, 0xffff},  {0x10, 0x20}, {0xb3, 0x100}};

    for (size_t i = 0; i < sizeof withheld / sizeof withheld[0]; i++)
        REFUSED(ERR_DENIED, CALL_CONTROL_IOPORT, SLOT_CONTROL, SLOT_CAPTAB, TO, withheld[i].first,
                withheld[i].last);
    (void)ports(0, 0x1f);
    (void)ports(0x24, 0x9f);
    (void)ports(0xa2, 0xb1);
    (void)ports(0xb4, 0xffff);
}

/* Both calls put a new capability somewhere, under the same conditions. */
static void test_device__control_needs_a_destination(void)
{
    uint32_t weak = world_copy(SLOT_CAPTAB, (uint8_t)~RIGHT_MANAGE, 0, 0, 0, 0),
             terminal = world_new(OBJECT_TYPE_CAPTAB, 64, CAPTAB_TERMINAL);
    const enum call number[] = {CALL_CONTROL_IOPORT, CALL_CONTROL_IRQ};

    for (uint32_t i = 0; i < 2; i++) {
        const uint64_t last = i == 0 ? 0x10 : 0;

        REFUSED(ERR_RIGHTS, number[i], SLOT_CONTROL, weak, TO, GSI, last);
        REFUSED(ERR_TYPE, number[i], SLOT_CONTROL, SLOT_SPACE, TO, GSI, last);
        REFUSED(ERR_SEALED, number[i], SLOT_CONTROL, terminal, 1, GSI, last);
        REFUSED(ERR_SLOT, number[i], SLOT_CONTROL, SLOT_CAPTAB, 0, GSI, last);
        REFUSED(ERR_SLOT, number[i], SLOT_CONTROL, SLOT_CAPTAB, WORLD_SLOTS, GSI, last);
        REFUSED(ERR_OCCUPIED, number[i], SLOT_CONTROL, SLOT_CAPTAB, SLOT_SPACE, GSI, last);
    }
}

static void test_device__control_refuses_at_the_greatest_depth(void)
{
    uint32_t deep = world_deep(SLOT_CONTROL);

    REFUSED(ERR_DEPTH, CALL_CONTROL_IOPORT, deep, SLOT_CAPTAB, TO, 0x60, 0x64);
    REFUSED(ERR_DEPTH, CALL_CONTROL_IRQ, deep, SLOT_CAPTAB, TO, GSI, 0);
}

static void test_device__control_irq_makes_each_line_once(void)
{
    uint32_t line = irq(GSI);

    CHECK(fake.routed[GSI] && fake.masked[GSI]);
    REFUSED(ERR_BUSY, CALL_CONTROL_IRQ, SLOT_CONTROL, SLOT_CAPTAB, TO, GSI, 0);
    world_revoke(world_slot(line), true);
    CHECK_EQ(CALL(CALL_CONTROL_IRQ, SLOT_CONTROL, SLOT_CAPTAB, TO, GSI, 3), OK);
    CHECK_EQ(fake.route_flags[GSI], 3);
    CHECK_WORLD();
}

static void test_device__control_irq_refuses_unknown_flags(void)
{
    REFUSED(ERR_ARGUMENT, CALL_CONTROL_IRQ, SLOT_CONTROL, SLOT_CAPTAB, TO, GSI, 4);
    REFUSED(ERR_ARGUMENT, CALL_CONTROL_IRQ, SLOT_CONTROL, SLOT_CAPTAB, TO, GSI, 0x80);
}

static void test_device__bind_needs_a_notification_to_wait_on(void)
{
    uint32_t line = irq(GSI), notif = world_new(OBJECT_TYPE_NOTIF, 0, 0),
             deaf = world_copy(notif, (uint8_t)~RIGHT_WAIT, 0, 0, 1, 0);

    REFUSED(ERR_RIGHTS, CALL_IRQ_BIND, line, deaf, 1);
    REFUSED(ERR_TYPE, CALL_IRQ_BIND, line, SLOT_SPACE, 1);
    REFUSED(ERR_SLOT, CALL_IRQ_BIND, line, 0, 1);
    CHECK_EQ(CALL(CALL_IRQ_BIND, line, notif, 1), OK);
    CHECK(!fake.masked[GSI]);
    CHECK_WORLD();
}

static void test_device__bind_refuses_at_the_greatest_depth(void)
{
    REFUSED(ERR_DEPTH, CALL_IRQ_BIND, irq(GSI), world_deep(world_new(OBJECT_TYPE_NOTIF, 0, 0)), 1);
}

static void test_device__bind_refuses_masked_bits(void)
{
    uint32_t notif = world_copy(world_new(OBJECT_TYPE_NOTIF, 0, 0), RIGHT_WAIT, 0, 0, 1, 0);

    REFUSED(ERR_METHOD, CALL_IRQ_BIND, irq(GSI), notif, 2);
}

static void test_device__ack_opens_a_bound_line(void)
{
    uint32_t line = irq(GSI);

    CHECK_EQ(CALL(CALL_IRQ_ACK, line, 0), OK);
    CHECK(fake.masked[GSI]); /* nobody would hear it */
    CHECK_EQ(CALL(CALL_IRQ_BIND, line, world_new(OBJECT_TYPE_NOTIF, 0, 0), 1), OK);
    irq_fire(&fake_cpu, GSI);
    CHECK(fake.masked[GSI]);
    CHECK_EQ(CALL(CALL_IRQ_ACK, line, 0), OK);
    CHECK(!fake.masked[GSI]);
}

int main(void)
{
    RUN_WORLD(test_device__refuses_bad_words);
    RUN_WORLD(test_device__ports_reach_their_range_only);
    RUN_WORLD(test_device__ports_have_one_two_or_four_bytes);
    RUN_WORLD(test_device__control_ioport_refuses_a_backward_range);
    RUN_WORLD(test_device__control_ioport_withholds_what_raises_interrupts);
    RUN_WORLD(test_device__control_needs_a_destination);
    RUN_WORLD(test_device__control_refuses_at_the_greatest_depth);
    RUN_WORLD(test_device__control_irq_makes_each_line_once);
    RUN_WORLD(test_device__control_irq_refuses_unknown_flags);
    RUN_WORLD(test_device__bind_needs_a_notification_to_wait_on);
    RUN_WORLD(test_device__bind_refuses_at_the_greatest_depth);
    RUN_WORLD(test_device__bind_refuses_masked_bits);
    RUN_WORLD(test_device__ack_opens_a_bound_line);
    world_reset();
    return UNIT_RESULT();
}
