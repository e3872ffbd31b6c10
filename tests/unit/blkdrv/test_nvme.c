/* The driver over a controller that does what the standard says. */
#include <bulkhead/service.h>

#include "bench.h"

static void test_nvme__starts_and_says_what_it_found(void)
{
    begin(9);
    CHECK_EQ(geometry.sectors, MODEL_SECTORS);
    CHECK_EQ(geometry.block_bytes, 512);
    CHECK_EQ(geometry.features, 0x1f);
    CHECK(memcmp(geometry.serial, "bulkhead\0\0", 10) == 0);
    CHECK_EQ(nvme->depth, 255);

    init(12);
    model.controller[CONTROLLER_ONCS] = 0;
    CHECK(start_device());
    CHECK_EQ(geometry.sectors, MODEL_SECTORS);
    CHECK_EQ(geometry.block_bytes, 4096);
    CHECK_EQ(geometry.features, 7);
    CHECK_EQ(model.offences, 0);
}

static void test_nvme__a_short_queue_and_a_wide_stride_are_obeyed(void)
{
    init(9);
    model.cap = (model.cap & ~UINT64_C(0xffff)) | 3 | UINT64_C(3) << 32; /* 4 entries, 32 bytes apart */
    CHECK(start_device());
    CHECK_EQ(nvme->depth, 3);
    model.hold = true;
    for (uint16_t id = 0; id < 3; id++)
        submit(id, BLOCK_OP_FLUSH, 0, 0, 0);
    CHECK(!nvme->drive.ops->room(&nvme->drive));
    CHECK_EQ(model.held_count, 3);
    for (unsigned round = 0; round < 20; round++) {
        model_finish(round % 3);
        CHECK(poll_device());
        submit((uint16_t)(100 + round), BLOCK_OP_FLUSH, 0, 0, 0);
    }
    CHECK_EQ(done_count, 20);
    CHECK_EQ(model.offences, 0);
}

/* One, two and many pages; 4 KiB and 512-byte blocks. */
static void roundtrip(uint32_t block_shift)
{
    static const uint32_t sizes[] = {8, 16, 24, 64, 120, 128};
    begin(block_shift);
    for (size_t i = 0; i < MODEL_POOL_BYTES; i++)
        model.pool[i] = (uint8_t)(i * 7 + i / 4096 + i / 65536);
    for (uint16_t n = 0; n < 6; n++)
        submit(n, BLOCK_OP_WRITE, 128u * n, sizes[n], 65536u * n);
    CHECK(poll_device());
    CHECK_EQ(done_count, 6);
    for (unsigned n = 0; n < 6; n++)
        CHECK(memcmp(model.disk + 65536u * n, model.pool + 65536u * n, sizes[n] * 512) == 0);
    for (uint16_t n = 0; n < 6; n++) {
        memset(model.pool + 65536u * n, 0, 65536);
        submit((uint16_t)(n + 10), BLOCK_OP_READ, 128u * n, sizes[n], 65536u * n);
    }
    CHECK(poll_device());
    CHECK_EQ(done_count, 12);
    for (unsigned n = 0; n < 6; n++) {
        CHECK(memcmp(model.disk + 65536u * n, model.pool + 65536u * n, sizes[n] * 512) == 0);
        CHECK_EQ(model.pool[65536u * n + sizes[n] * 512 - 1], model.disk[65536u * n + sizes[n] * 512 - 1]);
        CHECK_EQ(done[6 + n].id, n + 10);
        CHECK_EQ(done[6 + n].status, BLOCK_STATUS_OK);
    }
    CHECK_EQ(model.offences, 0);
}

static void test_nvme__data_arrives_through_one_two_and_many_pages(void)
{
    roundtrip(9);
    roundtrip(12);
}

static void test_nvme__small_transfers_touch_their_bytes_only(void)
{
    begin(9);
    memset(model.pool, 0xee, 4096);
    model.disk[512 * 9] = 0x42;
    submit(1, BLOCK_OP_READ, 9, 1, 0);
    CHECK(poll_device());
    CHECK_EQ(model.pool[0], 0x42);
    CHECK_EQ(model.pool[511], 0);
    CHECK_EQ(model.pool[512], 0xee);
}

static void test_nvme__a_full_queue_answers_in_any_order(void)
{
    static bool answered[255];
    begin(9);
    model.hold = true;
    memset(answered, 0, sizeof answered);
    for (uint16_t id = 0; id < 255; id++)
        submit(id, BLOCK_OP_READ, id, 1, 4096u * (id % 200u));
    CHECK(!nvme->drive.ops->room(&nvme->drive));
    CHECK_EQ(model.held_count, 255);
    for (uint32_t left = 255; left > 0; left--)
        model_finish(left * 7 % left);
    CHECK(poll_device());
    CHECK_EQ(done_count, 255);
    for (unsigned i = 0; i < 255; i++) {
        CHECK(!answered[done[i].id]);
        answered[done[i].id] = true;
    }
    CHECK(nvme->drive.ops->room(&nvme->drive));
    CHECK_EQ(model.offences, 0);
}

static void test_nvme__a_batch_rings_once(void)
{
    begin(9);
    model.hold = true;
    const uint32_t before = model.doorbells;
    for (uint16_t id = 0; id < 20; id++) {
        const struct block_request request = {.id = id, .op = BLOCK_OP_FLUSH};
        nvme->drive.ops->submit(&nvme->drive, &request);
    }
    nvme->drive.ops->publish(&nvme->drive);
    CHECK_EQ(model.doorbells, before + 1);
    while (model.held_count != 0)
        model_finish(0);
    CHECK(poll_device());
    CHECK_EQ(model.doorbells, before + 2);
    CHECK(poll_device());
    CHECK_EQ(model.doorbells, before + 2);
}

static void test_nvme__flush_discard_and_zeroes(void)
{
    begin(9);
    memset(model.disk, 0xff, sizeof model.disk);
    submit(1, BLOCK_OP_FLUSH, 0, 0, 0);
    submit(2, BLOCK_OP_DISCARD, 10, 2, 0);
    submit(3, BLOCK_OP_WRITE_ZEROES, 20, 3, 0);
    CHECK(poll_device());
    CHECK_EQ(done_count, 3);
    CHECK_EQ(model.seen[0].opcode, IO_FLUSH);
    CHECK_EQ(model.disk[512 * 10 - 1], 0xff);
    CHECK_EQ(model.disk[512 * 10], 0);
    CHECK_EQ(model.disk[512 * 12 - 1], 0);
    CHECK_EQ(model.disk[512 * 12], 0xff);
    CHECK_EQ(model.disk[512 * 20], 0);
    CHECK_EQ(model.disk[512 * 23 - 1], 0);
    CHECK_EQ(model.disk[512 * 23], 0xff);
    CHECK_EQ(model.offences, 0);
}

/* A command takes at most sixteen bits of blocks. */
static void test_nvme__long_zeroes_go_in_pieces(void)
{
    begin(9);
    submit(1, BLOCK_OP_WRITE_ZEROES, 5, 100000, 0);
    for (unsigned i = 0; i < 10; i++)
        CHECK(poll_device());
    CHECK_EQ(done_count, 1);
    CHECK_EQ(model.seen_count, 4);
    uint64_t next = 5;
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ(model.seen[i].block, next);
        next += model.seen[i].blocks;
    }
    CHECK_EQ(next, 100005);
    /* An error ends it. */
    submit(2, BLOCK_OP_WRITE_ZEROES, 5, 100000, 0);
    model.status = 0x281;
    for (unsigned i = 0; i < 10; i++)
        CHECK(poll_device());
    CHECK_EQ(done_count, 2);
    CHECK_EQ(done[1].status, BLOCK_STATUS_IO_ERROR);
    CHECK_EQ(model.seen_count, 6);
}

static enum block_status answer_to(uint16_t status)
{
    begin(9);
    model.status = status;
    submit(1, BLOCK_OP_READ, 0, 1, 0);
    CHECK(poll_device());
    CHECK_EQ(done_count, 1);
    return done[0].status;
}

static void test_nvme__a_status_is_translated(void)
{
    CHECK_EQ(answer_to(0), BLOCK_STATUS_OK);
    CHECK_EQ(answer_to(STATUS_INVALID_OPCODE), BLOCK_STATUS_UNSUPPORTED);
    CHECK_EQ(answer_to(STATUS_BEYOND_END), BLOCK_STATUS_RANGE);
    CHECK_EQ(answer_to(STATUS_WRITE_PROTECTED), BLOCK_STATUS_READ_ONLY);
    CHECK_EQ(answer_to(0x281), BLOCK_STATUS_IO_ERROR); /* unrecovered read error */
    CHECK_EQ(answer_to(0x180), BLOCK_STATUS_IO_ERROR); /* another type with the same code */
    CHECK_EQ(answer_to(0x7ff), BLOCK_STATUS_IO_ERROR);
}

static void test_nvme__writes_are_forced_to_the_medium_when_asked(void)
{
    begin(9);
    const struct block_request request = {
        .id = 1, .op = BLOCK_OP_WRITE, .flags = BLOCK_FUA, .sectors = 8, .data = MODEL_POOL_IOVA};
    nvme->drive.ops->submit(&nvme->drive, &request);
    CHECK_EQ(model_memory->io_submission[0].dword12, 1u << 30 | 7);
    submit(2, BLOCK_OP_WRITE, 0, 8, 0);
    CHECK_EQ(model_memory->io_submission[1].dword12, 7);
}

/* A predecessor died with the controller running and requests at it. */
static void test_nvme__a_running_controller_is_stopped_first(void)
{
    begin(9);
    model.hold = true;
    submit(1, BLOCK_OP_READ, 0, 8, 0);
    CHECK_EQ(model.resets, 0);
    nvme_init(nvme, model_bar, model_memory, MODEL_MEMORY_IOVA, KHZ);
    CHECK(start_device());
    CHECK_EQ(model.resets, 1);
    CHECK_EQ(model.held_count, 0);
    model.hold = false;
    submit(2, BLOCK_OP_READ, 0, 8, 0);
    CHECK(poll_device());
    CHECK_EQ(done_count, 1);
    CHECK_EQ(done[0].id, 2);
    CHECK_EQ(model.offences, 0);
}

/* [NVMe-1.4] 3.1.5: CC.EN may not be cleared while the controller is on its way to ready. */
static void test_nvme__a_starting_controller_is_waited_for(void)
{
    init(9);
    model.cc = CC_ENABLE | CC_SUBMISSION_ENTRY_64 | CC_COMPLETION_ENTRY_16;
    model.ready_after = 50;
    CHECK(start_device());
    CHECK_EQ(model.resets, 1);
    CHECK_EQ(model.offences, 0);
}

static void test_nvme__an_event_is_logged_and_asked_for_again(void)
{
    begin(9);
    CHECK_EQ(model.events, 0x1f);
    CHECK(model.events_pending != 0);
    model.health[0] = SERVICE_WARNING_TEMPERATURE;
    model_event(1 | 1 << 8 | 2 << 16); /* SMART, temperature, log page 2 */
    CHECK(poll_device());
    CHECK(strncmp(last_line, "health:", 7) == 0);
    CHECK(model.events_pending != 0);
    CHECK_EQ(model.offences, 0);
}

static void test_nvme__the_health_of_the_start_is_shown(void)
{
    init(9);
    model.health[0] = SERVICE_WARNING_SPARE | SERVICE_WARNING_READ_ONLY;
    model.health[1] = 0x43;
    model.health[2] = 0x01;
    model.health[3] = 7;
    model.health[5] = 120;
    CHECK(start_device() && poll_device());
    CHECK_EQ(shown.warnings, SERVICE_WARNING_SPARE | SERVICE_WARNING_READ_ONLY);
    CHECK_EQ(shown.temperature_k, 0x143);
    CHECK_EQ(shown.spare_percent, 7);
    CHECK_EQ(shown.used_percent, 120);
    CHECK_EQ(shown.errors + shown.resets, 0);
}

/* A disk that is well is left alone; one that warns is asked until it does not. */
static void test_nvme__a_warning_is_followed_to_its_end(void)
{
    begin(9);
    CHECK_EQ(nvme->drive.ops->deadline(&nvme->drive), DEADLINE_NEVER);
    model.health[0] = SERVICE_WARNING_TEMPERATURE;
    model_event(1 | 1 << 8 | 2 << 16);
    CHECK(poll_device());
    CHECK_EQ(shown.warnings, SERVICE_WARNING_TEMPERATURE);
    const uint32_t logs = model.logs;
    model.health[0] = 0;
    for (unsigned second = 0; second < 6; second++) {
        CHECK_EQ(nvme->drive.ops->deadline(&nvme->drive), now + SECOND);
        now += SECOND;
        CHECK(poll_device());
        CHECK(poll_device()); /* an answer comes in the next look */
        CHECK_EQ(model.logs - logs, second >= 4);
        if (second >= 4)
            break;
    }
    CHECK_EQ(shown.warnings, 0);
    now += SECOND;
    CHECK(poll_device());
    CHECK_EQ(nvme->drive.ops->deadline(&nvme->drive), DEADLINE_NEVER);
    CHECK_EQ(model.offences, 0);
}

/* There is one page for logs: an event that comes while one is on its way waits for it. */
static void test_nvme__logs_are_read_one_after_the_other(void)
{
    init(9);
    model.health[0] = SERVICE_WARNING_RELIABILITY;
    CHECK(start_device() && poll_device());
    model.deaf_logs = true;
    now += 5 * SECOND;
    CHECK(poll_device());
    CHECK_EQ(model.logs, 2);
    model_event(1 | 1 << 16); /* the page of errors */
    CHECK(poll_device());
    CHECK_EQ(model.logs, 2);
    CHECK(nvme->event_waits);
    model.deaf_logs = false;
    model_post(0, (struct nvme_completion){.id = 2, .queue_head = (uint16_t)model.queue[0].head});
    CHECK(poll_device());
    CHECK_EQ(model.logs, 3);
    CHECK(!nvme->event_waits);
    CHECK_EQ(model.offences, 0);
}

static void test_nvme__what_the_device_fails_is_counted(void)
{
    begin(9);
    model.status = 0x281; /* an unrecovered read error */
    submit(1, BLOCK_OP_READ, 0, 8, 0);
    CHECK(poll_device());
    CHECK_EQ(shown.errors, 1);
    CHECK_EQ(shown.resets, 0);
    model.hold = true;
    submit(2, BLOCK_OP_READ, 0, 8, 0);
    model.csts |= CSTS_FATAL;
    now += 2 * SECOND;
    CHECK(poll_device());
    CHECK_EQ(shown.resets, 1);
    CHECK_EQ(shown.errors, 1);
}

static void test_nvme__a_slow_command_is_aborted_and_sent_again(void)
{
    begin(9);
    model.hold = true;
    submit(7, BLOCK_OP_WRITE, 3, 8, 0);
    CHECK(poll_device());
    CHECK(nvme->drive.ops->deadline(&nvme->drive) <= now + SECOND);
    now += 7 * SECOND;
    CHECK(poll_device());
    CHECK_EQ(model.aborts, 0);
    now += 2 * SECOND;
    CHECK(poll_device());
    CHECK_EQ(model.aborts, 1);
    model.hold = false;
    CHECK(poll_device()); /* the abort's answer: the command goes again */
    CHECK(poll_device());
    CHECK_EQ(done_count, 1);
    CHECK_EQ(done[0].status, BLOCK_STATUS_OK);
    CHECK_EQ(model.resets, 0);
    CHECK_EQ(model.offences, 0);
}

static void test_nvme__an_idle_drive_needs_no_timer(void)
{
    begin(9);
    CHECK_EQ(nvme->drive.ops->deadline(&nvme->drive), DEADLINE_NEVER);
    submit(7, BLOCK_OP_FLUSH, 0, 0, 0);
    CHECK(poll_device());
    now += 2 * SECOND;
    CHECK(poll_device());
    CHECK_EQ(nvme->drive.ops->deadline(&nvme->drive), DEADLINE_NEVER);
}

int main(void)
{
    RUN(test_nvme__starts_and_says_what_it_found);
    RUN(test_nvme__a_short_queue_and_a_wide_stride_are_obeyed);
    RUN(test_nvme__data_arrives_through_one_two_and_many_pages);
    RUN(test_nvme__small_transfers_touch_their_bytes_only);
    RUN(test_nvme__a_full_queue_answers_in_any_order);
    RUN(test_nvme__a_batch_rings_once);
    RUN(test_nvme__flush_discard_and_zeroes);
    RUN(test_nvme__long_zeroes_go_in_pieces);
    RUN(test_nvme__a_status_is_translated);
    RUN(test_nvme__writes_are_forced_to_the_medium_when_asked);
    RUN(test_nvme__a_running_controller_is_stopped_first);
    RUN(test_nvme__a_starting_controller_is_waited_for);
    RUN(test_nvme__an_event_is_logged_and_asked_for_again);
    RUN(test_nvme__the_health_of_the_start_is_shown);
    RUN(test_nvme__a_warning_is_followed_to_its_end);
    RUN(test_nvme__logs_are_read_one_after_the_other);
    RUN(test_nvme__what_the_device_fails_is_counted);
    RUN(test_nvme__a_slow_command_is_aborted_and_sent_again);
    RUN(test_nvme__an_idle_drive_needs_no_timer);
    return UNIT_RESULT();
}
