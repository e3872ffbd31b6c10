/* The driver over a controller that cannot be used, fails, or says what cannot be. */
#include "bench.h"

static bool starts_with_cap(uint64_t cap)
{
    init(9);
    model.cap = cap;
    return start_device();
}

static void test_nvme_hostile__unusable_capabilities_are_refused(void)
{
    model_reset(9);
    const uint64_t good = model.cap;
    CHECK(starts_with_cap(good));
    CHECK(!starts_with_cap(UINT64_MAX));
    CHECK(!starts_with_cap(good & ~(UINT64_C(1) << CAP_NVM_COMMAND_SET_SHIFT)));
    CHECK(!starts_with_cap(good | UINT64_C(1) << 48)); /* pages of 8 KiB at least */
    CHECK(!starts_with_cap(good & ~UINT64_C(0xffff))); /* a queue of one entry */
    CHECK(starts_with_cap(good | UINT64_C(8) << 32));
    CHECK(!starts_with_cap(good | UINT64_C(9) << 32)); /* doorbells in pages that are not the driver's */
}

static bool starts_with(uint8_t *byte, uint8_t value)
{
    const uint8_t *const end = model.controller + sizeof model.controller;
    const size_t offset = byte < end && byte >= model.controller ? (size_t)(byte - model.controller)
                                                                 : (size_t)(byte - model.name_space) + 4096;
    init(9);
    *(offset < 4096 ? &model.controller[offset] : &model.name_space[offset - 4096]) = value;
    return start_device();
}

static void test_nvme_hostile__an_unusable_controller_is_refused(void)
{
    CHECK(starts_with(&model.controller[CONTROLLER_MDTS], 4));
    CHECK(!starts_with(&model.controller[CONTROLLER_MDTS], 3));
    CHECK(!starts_with(&model.controller[CONTROLLER_SQES], 0x77));
    CHECK(!starts_with(&model.controller[CONTROLLER_SQES], 0x55));
    CHECK(!starts_with(&model.controller[CONTROLLER_CQES], 0x55));
    CHECK(!starts_with(&model.controller[CONTROLLER_CQES], 0x33));
}

static void test_nvme_hostile__an_unusable_namespace_is_refused(void)
{
    uint8_t *const format = &model.name_space[NAMESPACE_FORMATS + 8];
    CHECK(starts_with(format + 2, 12));
    CHECK(!starts_with(format + 2, 8));
    CHECK(!starts_with(format + 2, 13));
    CHECK(!starts_with(format + 2, 200));
    CHECK(!starts_with(format, 8)); /* bytes of metadata */
    CHECK(!starts_with(&model.name_space[NAMESPACE_PROTECTION], 1));
    CHECK(!starts_with(&model.name_space[NAMESPACE_SIZE + 7], 0x80)); /* more bytes than 64 bits count */
    init(9);
    memset(model.name_space, 0, 8);
    CHECK(!start_device());
}

static void test_nvme_hostile__a_serial_number_is_printable(void)
{
    init(9);
    memcpy(model.controller + CONTROLLER_SERIAL, "a\x1b[2Jb\xff", 7);
    CHECK(start_device());
    CHECK(memcmp(geometry.serial, "a\0[2Jb\0", 7) == 0);
}

static void test_nvme_hostile__waiting_ends(void)
{
    init(9);
    model.never_ready = true;
    const uint64_t before = now;
    CHECK(!start_device());
    CHECK(now - before >= 2 * SECOND && now - before < 4 * SECOND); /* CAP.TO says 2 s */

    init(9);
    model.cc = CC_ENABLE;
    model.csts = CSTS_READY;
    model.never_idle = true;
    CHECK(!start_device());

    init(9);
    model.deaf_admin = true;
    CHECK(!start_device());
    for (uint16_t opcode = ADMIN_CREATE_SUBMISSION; opcode <= ADMIN_SET_FEATURES; opcode++) {
        init(9);
        model.admin_fail = (uint16_t)(opcode + 1);
        CHECK_EQ(start_device(), opcode != ADMIN_CREATE_SUBMISSION && opcode != ADMIN_CREATE_COMPLETION &&
                                     opcode != ADMIN_IDENTIFY && opcode != ADMIN_SET_FEATURES);
    }
}

static void test_nvme_hostile__a_fatal_error_at_the_start_is_not_waited_out(void)
{
    init(9);
    model.csts = CSTS_FATAL;
    model.never_ready = true;
    const uint64_t before = now;
    CHECK(!start_device());
    CHECK(now - before < SECOND);
}

/* One request at the device and a completion that cannot be its: nothing is answered, the controller is reset and the
 * request carried out after all. */
static void is_not_believed(struct nvme_completion completion)
{
    begin(9);
    model.hold = true;
    submit(1, BLOCK_OP_WRITE, 4, 8, 0);
    CHECK(poll_device());
    model.hold = false;
    model_post(1, completion);
    CHECK(poll_device());
    CHECK_EQ(model.resets, 1);
    CHECK(poll_device());
    CHECK_EQ(done_count, 1);
    CHECK_EQ(done[0].id, 1);
    CHECK_EQ(done[0].status, BLOCK_STATUS_OK);
    CHECK_EQ(model.offences, 0);
}

static void test_nvme_hostile__completions_of_nothing_are_not_believed(void)
{
    is_not_believed((struct nvme_completion){.queue = 1, .queue_head = 1, .id = 1});
    is_not_believed((struct nvme_completion){.queue = 1, .queue_head = 1, .id = NVME_COMMANDS});
    is_not_believed((struct nvme_completion){.queue = 1, .queue_head = 1, .id = 0xffff});
}

static void test_nvme_hostile__completions_of_another_queue_are_not_believed(void)
{
    is_not_believed((struct nvme_completion){.queue = 0, .queue_head = 1, .id = 0});
    is_not_believed((struct nvme_completion){.queue = 2, .queue_head = 1, .id = 0});
}

static void test_nvme_hostile__impossible_heads_are_not_believed(void)
{
    is_not_believed((struct nvme_completion){.queue = 1, .queue_head = 2, .id = 0}); /* not sent yet */
    is_not_believed((struct nvme_completion){.queue = 1, .queue_head = 256, .id = 0});
    is_not_believed((struct nvme_completion){.queue = 1, .queue_head = 0xffff, .id = 0});
}

static void test_nvme_hostile__a_doubled_completion_is_not_believed(void)
{
    begin(9);
    submit(1, BLOCK_OP_READ, 0, 1, 0);
    model_post(1, (struct nvme_completion){.queue = 1, .queue_head = 1, .id = 0});
    CHECK(poll_device());
    CHECK_EQ(done_count, 1);
    CHECK_EQ(model.resets, 1);
}

static void test_nvme_hostile__administration_not_asked_for_is_not_believed(void)
{
    begin(9);
    model_post(0, (struct nvme_completion){.queue = 0, .queue_head = 0, .id = 3});
    CHECK(poll_device());
    CHECK_EQ(model.resets, 1);
    begin(9);
    model_event(1);
    model_post(0, (struct nvme_completion){
                      .queue = 0, .queue_head = (uint16_t)model.queue[0].head, .id = 1}); /* a second event */
    CHECK(poll_device());
    CHECK_EQ(model.resets, 1);
}

static void test_nvme_hostile__endless_events_are_not_asked_for(void)
{
    begin(9);
    unsigned events = 0;
    while (model.events_pending != 0 && events < 1000) {
        model_event(0);
        CHECK(poll_device());
        CHECK(poll_device());
        events++;
    }
    CHECK(events < 100);
    CHECK_EQ(model.resets, 0);
}

static void test_nvme_hostile__a_reset_sends_again_in_order(void)
{
    begin(9);
    model.hold = true;
    for (uint16_t id = 0; id < 6; id++)
        submit(id, BLOCK_OP_WRITE, id * 8u, 8, 4096u * id);
    model_finish(1);
    model_finish(3); /* the fifth: 0 2 3 5 are left */
    CHECK(poll_device());
    CHECK_EQ(done_count, 2);
    submit(6, BLOCK_OP_WRITE, 60 * 8, 8, 0); /* in a slot that is free again, behind all others */
    submit(7, BLOCK_OP_WRITE, 70 * 8, 8, 0);
    model.seen_count = 0;
    model.csts |= CSTS_FATAL;
    now += 2 * SECOND;
    CHECK(poll_device());
    CHECK_EQ(model.resets, 1);
    static const uint64_t order[] = {0, 16, 24, 40, 480, 560};
    CHECK_EQ(model.seen_count, 6);
    for (unsigned i = 0; i < 6; i++)
        CHECK_EQ(model.seen[i].block, order[i]);
    while (model.held_count != 0)
        model_finish(0);
    CHECK(poll_device());
    CHECK_EQ(done_count, 8);
    CHECK_EQ(model.offences, 0);
}

static void test_nvme_hostile__an_abort_that_does_not_help_leads_to_a_reset(void)
{
    begin(9);
    model.hold = true;
    model.refuse_abort = true;
    submit(1, BLOCK_OP_READ, 0, 1, 0);
    CHECK(poll_device());
    now += 9 * SECOND;
    CHECK(poll_device());
    CHECK_EQ(model.aborts, 1);
    now += SECOND;
    CHECK(poll_device());
    CHECK_EQ(model.resets, 0);
    now += 2 * SECOND;
    CHECK(poll_device());
    CHECK_EQ(model.resets, 1);
    CHECK_EQ(model.held_count, 1);
}

/* A request that brings the controller down each time is not tried for ever. */
static void test_nvme_hostile__a_poisonous_request_ends_with_an_error(void)
{
    begin(9);
    model.hold = true;
    submit(1, BLOCK_OP_READ, 0, 1, 0);
    for (unsigned i = 0; i < 3; i++) {
        now += 2 * SECOND;
        model.csts |= CSTS_FATAL;
        CHECK(poll_device());
    }
    CHECK_EQ(done_count, 1);
    CHECK_EQ(done[0].status, BLOCK_STATUS_IO_ERROR);
    CHECK_EQ(nvme->busy, 0);
}

static void test_nvme_hostile__endless_resets_end(void)
{
    begin(9);
    unsigned resets = 0;
    do {
        model_post(1, (struct nvme_completion){.queue = 1, .id = 77});
    } while (poll_device() && resets++ < 100);
    CHECK(resets >= 3 && resets < 10);
}

static void test_nvme_hostile__a_controller_that_changes_is_given_up(void)
{
    begin(9);
    model_post(1, (struct nvme_completion){.queue = 1, .id = 77});
    model.name_space[NAMESPACE_SIZE] ^= 1;
    CHECK(!poll_device());
    begin(9);
    model_post(1, (struct nvme_completion){.queue = 1, .id = 77});
    model.cap = (model.cap & ~UINT64_C(0xffff)) | 15;
    CHECK(!poll_device());
}

static void test_nvme_hostile__a_controller_that_is_gone_is_given_up(void)
{
    begin(9);
    model.hold = true;
    submit(1, BLOCK_OP_READ, 0, 1, 0);
    CHECK(poll_device());
    model.cap = UINT64_MAX;
    model.csts = UINT32_MAX;
    now += 2 * SECOND;
    CHECK(!poll_device());
}

int main(void)
{
    RUN(test_nvme_hostile__unusable_capabilities_are_refused);
    RUN(test_nvme_hostile__an_unusable_controller_is_refused);
    RUN(test_nvme_hostile__an_unusable_namespace_is_refused);
    RUN(test_nvme_hostile__a_serial_number_is_printable);
    RUN(test_nvme_hostile__waiting_ends);
    RUN(test_nvme_hostile__a_fatal_error_at_the_start_is_not_waited_out);
    RUN(test_nvme_hostile__completions_of_nothing_are_not_believed);
    RUN(test_nvme_hostile__completions_of_another_queue_are_not_believed);
    RUN(test_nvme_hostile__impossible_heads_are_not_believed);
    RUN(test_nvme_hostile__a_doubled_completion_is_not_believed);
    RUN(test_nvme_hostile__administration_not_asked_for_is_not_believed);
    RUN(test_nvme_hostile__endless_events_are_not_asked_for);
    RUN(test_nvme_hostile__a_reset_sends_again_in_order);
    RUN(test_nvme_hostile__an_abort_that_does_not_help_leads_to_a_reset);
    RUN(test_nvme_hostile__a_poisonous_request_ends_with_an_error);
    RUN(test_nvme_hostile__endless_resets_end);
    RUN(test_nvme_hostile__a_controller_that_changes_is_given_up);
    RUN(test_nvme_hostile__a_controller_that_is_gone_is_given_up);
    return UNIT_RESULT();
}
