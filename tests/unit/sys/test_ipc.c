/* kernel/sys/sys_ipc.c: what messages are refused; kernel/obj's tests show what becomes of the others. */
#include "unit.h"
#include "world.h"

enum { INTERFACE = 16 };

static uint32_t service(uint32_t mask)
{
    return world_copy(world_new(OBJECT_TYPE_ENDPOINT, 0, 0), UINT8_MAX, 0, INTERFACE, mask, 7);
}

static void test_ipc__call_refuses_another_interface(void)
{
    uint32_t slot = service(UINT32_MAX);

    REFUSED_MESSAGE(ERR_INTERFACE, CALL_ENDPOINT_CALL, slot, label_make(INTERFACE + 1, 0, 0), UINT64_MAX);
    REFUSED_MESSAGE(ERR_INTERFACE, CALL_ENDPOINT_CALL, slot, 0, UINT64_MAX);
    REFUSED_MESSAGE(ERR_INTERFACE, CALL_ENDPOINT_CALL, slot, label_make(0x8000 | INTERFACE, 0, 0),
                    UINT64_MAX);
}

static void test_ipc__call_refuses_masked_methods(void)
{
    uint32_t slot = service(1u << 31 | 1u << 2);

    for (uint32_t method = 0; method < 32; method++) {
        if (method != 2 && method != 31)
            REFUSED_MESSAGE(ERR_METHOD, CALL_ENDPOINT_CALL, slot, label_make(INTERFACE, method, 0),
                            UINT64_MAX);
    }
    CHECK_EQ(world_message(world_self(), CALL_ENDPOINT_CALL, slot, label_make(INTERFACE, 31, 0), 0),
             ERR_TIMEOUT);
}

static void test_ipc__call_refuses_bad_labels(void)
{
    uint32_t slot = service(UINT32_MAX);

    for (uint32_t length = MESSAGE_WORDS + 1; length < 16; length++)
        REFUSED_MESSAGE(ERR_LENGTH, CALL_ENDPOINT_CALL, slot, label_make(INTERFACE, 0, length), UINT64_MAX);
    for (uint32_t bit = 0; bit < 64; bit++) {
        if (1ull << bit & (LABEL_METHOD_MASK | LABEL_LENGTH_MASK | LABEL_INTERFACE_MASK))
            continue;
        REFUSED_MESSAGE(ERR_LENGTH, CALL_ENDPOINT_CALL, slot, label_make(INTERFACE, 0, 0) | 1ull << bit,
                        UINT64_MAX);
    }
}

static void test_ipc__call_that_would_wait_refuses_when_told_not_to(void)
{
    REFUSED_MESSAGE(ERR_TIMEOUT, CALL_ENDPOINT_CALL, service(1), label_make(INTERFACE, 0, 0), 0);
}

/* A reply's label: length and status, nothing else. */
static void reply_refusals(enum call number, uint32_t slot)
{
    for (uint32_t length = MESSAGE_WORDS + 1; length < 16; length++)
        REFUSED_MESSAGE(ERR_LENGTH, number, slot, label_reply(0, length), 0);
    for (uint32_t bit = 0; bit < 64; bit++) {
        if (1ull << bit & (LABEL_LENGTH_MASK | LABEL_STATUS_MASK))
            continue;
        REFUSED_MESSAGE(ERR_LENGTH, number, slot, label_reply(0, 0) | 1ull << bit, 0);
    }
}

static void test_ipc__reply_wait_refuses_bad_labels(void)
{
    reply_refusals(CALL_ENDPOINT_REPLY_WAIT, service(1));
}

static void test_ipc__resume_refuses_bad_labels(void)
{
    reply_refusals(CALL_ENDPOINT_RESUME, service(1));
}

static void test_ipc__defer_needs_a_caller(void)
{
    uint32_t slot = service(1);

    REFUSED(ERR_STATE, CALL_ENDPOINT_DEFER, slot, 0);
    REFUSED_UNUSED(CALL_ENDPOINT_DEFER, slot);
}

static void test_ipc__resume_refuses_tokens_that_name_nobody(void)
{
    uint32_t slot = service(1);

    REFUSED_MESSAGE(ERR_RANGE, CALL_ENDPOINT_RESUME, slot, label_reply(0, 0), ENDPOINT_PLACES);
    REFUSED_MESSAGE(ERR_RANGE, CALL_ENDPOINT_RESUME, slot, label_reply(0, 0), 0xff);
    REFUSED_MESSAGE(ERR_PEER, CALL_ENDPOINT_RESUME, slot, label_reply(0, 0), 0);
    REFUSED_MESSAGE(ERR_PEER, CALL_ENDPOINT_RESUME, slot, label_reply(0, 0), 1 << 8);
}

static void test_ipc__signal_refuses_bits_outside_the_mask(void)
{
    uint32_t notif = world_new(OBJECT_TYPE_NOTIF, 0, 0), narrow = world_copy(notif, UINT8_MAX, 0, 0, 0x6, 0);

    REFUSED(ERR_METHOD, CALL_NOTIF_SIGNAL, narrow, 0x1);
    REFUSED(ERR_METHOD, CALL_NOTIF_SIGNAL, narrow, 0x7);
    REFUSED(ERR_METHOD, CALL_NOTIF_SIGNAL, notif, 1ull << 32);
    CHECK_EQ(CALL(CALL_NOTIF_SIGNAL, narrow, 0x6), OK);
    CHECK_EQ(((struct notif *)world_object(notif))->bits, 0x6);
}

static void test_ipc__wait_takes_the_bits_or_times_out(void)
{
    uint32_t notif = world_new(OBJECT_TYPE_NOTIF, 0, 0);
    struct thread *self = world_self();

    CHECK_EQ(world_message(self, CALL_NOTIF_WAIT, notif, 0, 0), ERR_TIMEOUT);
    CHECK_EQ(CALL(CALL_NOTIF_SIGNAL, notif, 0x5), OK);
    CHECK_EQ(world_message(self, CALL_NOTIF_WAIT, notif, 0, 0), OK);
    CHECK_EQ(self->regs.rbx, 0x5);
    CHECK_EQ(world_message(self, CALL_NOTIF_WAIT, notif, 0, UINT64_MAX), OK); /* the answer comes later */
    CHECK_EQ(self->state, THREAD_STATE_NOTIF_WAITING);
    CHECK_WORLD();
}

int main(void)
{
    RUN_WORLD(test_ipc__call_refuses_another_interface);
    RUN_WORLD(test_ipc__call_refuses_masked_methods);
    RUN_WORLD(test_ipc__call_refuses_bad_labels);
    RUN_WORLD(test_ipc__call_that_would_wait_refuses_when_told_not_to);
    RUN_WORLD(test_ipc__reply_wait_refuses_bad_labels);
    RUN_WORLD(test_ipc__resume_refuses_bad_labels);
    RUN_WORLD(test_ipc__defer_needs_a_caller);
    RUN_WORLD(test_ipc__resume_refuses_tokens_that_name_nobody);
    RUN_WORLD(test_ipc__signal_refuses_bits_outside_the_mask);
    RUN_WORLD(test_ipc__wait_takes_the_bits_or_times_out);
    world_reset();
    return UNIT_RESULT();
}
