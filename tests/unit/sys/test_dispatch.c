/* kernel/sys/dispatch.c: what a call number and a slot must be, whatever the call. */
#include "unit.h"
#include "world.h"

static enum error call_raw(uint64_t rax)
{
    struct thread *thread = world_caller;

    thread->regs.rax = rax;
    sys_call(&fake_cpu);
    return (enum error)thread->regs.rax;
}

static void test_dispatch__null_call_answers_ok(void)
{
    CHECK_EQ(call_raw(0), OK);
    CHECK_EQ(call_raw(SLOT_CAPTAB), OK); /* the slot does not matter */
}

static void test_dispatch__refuses_numbers_beyond_the_last(void)
{
    const uint64_t past[] = {CALL_LIMIT, CALL_LIMIT + CALL_UNTYPED_INFO, 0xff,
                             0x100,      0x100 + CALL_UNTYPED_INFO,      0x80000000,
                             0xffffffff};

    for (size_t i = 0; i < sizeof past / sizeof past[0]; i++)
        CHECK_EQ(call_raw(past[i] << CALL_SHIFT | SLOT_UNTYPED), ERR_SYSCALL);
}

static void test_dispatch__refuses_numbers_without_a_call(void)
{
    uint32_t calls = 0;

    for (uint64_t number = 1; number < CALL_LIMIT; number++) {
        if (call_rules[number].type != OBJECT_TYPE_NONE) {
            calls++;
            continue;
        }
        REFUSED(ERR_SYSCALL, (enum call)number, SLOT_UNTYPED, 0);
    }
    CHECK_EQ(calls, 41);
}

static void test_dispatch__refuses_slots_outside_and_empty(void)
{
    const uint32_t none[] = {0, 7, WORLD_SLOTS, WORLD_SLOTS + SLOT_UNTYPED, 0x80000000u, UINT32_MAX};

    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        REFUSED(ERR_SLOT, CALL_UNTYPED_INFO, none[i], 0);
}

static void test_dispatch__refuses_every_other_type(void)
{
    for (uint32_t number = 1; number < CALL_LIMIT; number++) {
        if (call_rules[number].type == OBJECT_TYPE_NONE)
            continue;
        REFUSED(ERR_TYPE, (enum call)number,
                call_rules[number].type == OBJECT_TYPE_CAPTAB ? SLOT_SPACE : SLOT_CAPTAB, 0);
    }
}

/* A slot with an object of @type. */
static uint32_t object_of(uint8_t type)
{
    if (type == OBJECT_TYPE_UNTYPED)
        return SLOT_UNTYPED;
    if (type == OBJECT_TYPE_CONTROL)
        return SLOT_CONTROL;
    if (type == OBJECT_TYPE_IRQ) {
        CHECK_EQ(CALL(CALL_CONTROL_IRQ, SLOT_CONTROL, SLOT_CAPTAB, world.next, 5), OK);
        return world.next++;
    }
    if (type == OBJECT_TYPE_IOPORT) {
        CHECK_EQ(CALL(CALL_CONTROL_IOPORT, SLOT_CONTROL, SLOT_CAPTAB, world.next, 0x3f8, 0x3ff), OK);
        return world.next++;
    }
    return world_new(type,
                     type == OBJECT_TYPE_CAPTAB                                 ? 64
                     : type == OBJECT_TYPE_SPACE || type == OBJECT_TYPE_IOSPACE ? 4
                                                                                : 0,
                     0);
}

/* Each call needs its right: a capability with all the others is refused. */
static void test_dispatch__refuses_without_the_right(void)
{
    uint32_t object[OBJECT_TYPE_CONTROL + 1] = {0};

    for (uint32_t number = 1; number < CALL_LIMIT; number++) {
        const struct call_rule *rule = &call_rules[number];
        uint32_t weak;

        if (rule->type == OBJECT_TYPE_NONE)
            continue;
        if (!object[rule->type])
            object[rule->type] = object_of(rule->type);
        weak = object[rule->type];
        world_slot(weak)->cap.rights = (uint8_t)~rule->right;
        REFUSED(ERR_RIGHTS, (enum call)number, weak, 0);
        world_slot(weak)->cap.rights = UINT8_MAX;
    }
}

static void test_dispatch__refuses_below_a_retiring_capability(void)
{
    uint32_t root = world_new(OBJECT_TYPE_NOTIF, 0, 0), below = world_copy(root, UINT8_MAX, 0, 0, 1, 0),
             deep = world_copy(below, UINT8_MAX, 0, 0, 1, 0);

    CHECK_EQ(CALL(CALL_NOTIF_SIGNAL, deep, 1), OK);
    cap_retire(world_slot(root), false);
    REFUSED(ERR_RETIRED, CALL_NOTIF_SIGNAL, root, 1);
    REFUSED(ERR_RETIRED, CALL_NOTIF_SIGNAL, below, 1);
    REFUSED(ERR_RETIRED, CALL_NOTIF_SIGNAL, deep, 1);
    CHECK_EQ(CALL(CALL_UNTYPED_INFO, SLOT_UNTYPED, 0), OK); /* others go on */
    world_revoke(world_slot(root), false);
    CHECK_EQ(CALL(CALL_NOTIF_SIGNAL, root, 1), OK);
    REFUSED(ERR_SLOT, CALL_NOTIF_SIGNAL, deep, 1);
    CHECK_WORLD();
}

int main(void)
{
    RUN_WORLD(test_dispatch__null_call_answers_ok);
    RUN_WORLD(test_dispatch__refuses_numbers_beyond_the_last);
    RUN_WORLD(test_dispatch__refuses_numbers_without_a_call);
    RUN_WORLD(test_dispatch__refuses_slots_outside_and_empty);
    RUN_WORLD(test_dispatch__refuses_every_other_type);
    RUN_WORLD(test_dispatch__refuses_without_the_right);
    RUN_WORLD(test_dispatch__refuses_below_a_retiring_capability);
    world_reset();
    return UNIT_RESULT();
}
