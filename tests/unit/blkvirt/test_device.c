/* A driver that lies, fails or is silent. */
#include "bench.h"

static struct block_request one_in_flight(void)
{
    begin();
    ask(A, 1, BLOCK_OP_WRITE, 0, 8);
    run();
    return at_driver();
}

/* Nothing reaches the tenant, management is told once, and a rebuilt driver carries the request out. */
static void is_corrupt(void)
{
    const unsigned attention = rung[BELL_ATTENTION];
    run();
    CHECK_EQ(verdict(), SERVICE_VERDICT_CORRUPT);
    CHECK_EQ(rung[BELL_ATTENTION], attention + 1);
    CHECK_EQ(blkvirt->corruptions, 1);
    run();
    CHECK_EQ(rung[BELL_ATTENTION], attention + 1);
    CHECK_EQ(blkvirt->corruptions, 1);
    driver_restarts();
    run();
    CHECK_EQ(verdict(), SERVICE_VERDICT_WELL);
    driver_ready();
    run();
}

static void test_device__a_completion_of_what_was_not_asked_is_corrupt(void)
{
    const struct block_request request = one_in_flight();
    answer((uint16_t)(request.id + 1), BLOCK_STATUS_OK);
    is_corrupt();
    CHECK_EQ(at_tenant(A).status, 255);
    const struct block_request again = at_driver();
    CHECK_EQ(again.sector, FIRST_A);
    answer(again.id, BLOCK_STATUS_OK);
    run();
    CHECK_EQ(at_tenant(A).status, BLOCK_STATUS_OK);
}

static void test_device__a_doubled_completion_is_corrupt(void)
{
    const struct block_request first = one_in_flight();
    ask(A, 2, BLOCK_OP_READ, 64, 8);
    run();
    CHECK_EQ(at_driver().op, BLOCK_OP_READ);
    answer(first.id, BLOCK_STATUS_OK);
    answer(first.id, BLOCK_STATUS_OK);
    is_corrupt();
    CHECK_EQ(at_tenant(A).id, 1);
    CHECK_EQ(at_tenant(A).status, 255);
}

/* The late answer to a request whose entry is in use again is not taken for the answer to the new one. */
static void test_device__a_late_completion_does_not_hit_the_next_request(void)
{
    const struct block_request first = one_in_flight();
    answer(first.id, BLOCK_STATUS_OK);
    run();
    CHECK_EQ(at_tenant(A).id, 1);
    ask(A, 2, BLOCK_OP_READ, 64, 8);
    run();
    CHECK_EQ(at_driver().id % 256, first.id % 256);
    answer(first.id, BLOCK_STATUS_OK);
    is_corrupt();
    CHECK_EQ(at_tenant(A).status, 255);
}

static void test_device__a_status_that_does_not_exist_is_corrupt(void)
{
    const struct block_request request = one_in_flight();
    answer(request.id, (enum block_status)(BLOCK_STATUS_READ_ONLY + 1));
    is_corrupt();
    CHECK_EQ(at_tenant(A).status, 255);
}

static void test_device__an_impossible_counter_is_corrupt(void)
{
    (void)one_in_flight();
    device_page->completion_head = 2; /* one was asked */
    is_corrupt();
    CHECK_EQ(at_tenant(A).status, 255);
}

static void test_device__a_request_not_sent_cannot_be_answered(void)
{
    begin();
    ask(A, 1, BLOCK_OP_WRITE, 0, 8);
    ask(A, 2, BLOCK_OP_WRITE, 4, 8); /* waits for the first */
    ask(A, 3, BLOCK_OP_READ, 64, 8);
    run();
    const struct block_request first = at_driver();
    (void)at_driver();
    answer((uint16_t)(first.id + 1), BLOCK_STATUS_OK);
    is_corrupt();
    CHECK_EQ(at_tenant(A).status, 255);
}

static void test_device__a_state_that_does_not_exist_is_corrupt(void)
{
    (void)one_in_flight();
    device_page->state = 3;
    is_corrupt();
    begin_starting();
    device_page->state = 3;
    is_corrupt();
}

/* The epoch is builder's word, but the driver can write it. */
static void test_device__epochs_without_end_are_corrupt(void)
{
    (void)one_in_flight();
    for (unsigned i = 0; i < 16; i++) {
        driver_restarts();
        driver_ready();
        run();
        CHECK_EQ(verdict(), SERVICE_VERDICT_WELL);
    }
    driver_restarts();
    is_corrupt();
    CHECK_EQ(at_tenant(A).status, 255);
}

static void impossible_disk(uint64_t sectors, uint32_t block_bytes)
{
    begin_starting();
    disk.sectors = sectors;
    disk.block_bytes = block_bytes;
    driver_ready();
    run();
    CHECK_EQ(verdict(), SERVICE_VERDICT_CORRUPT);
    CHECK_EQ(block_client_state(&tenants[A]), CHANNEL_STATE_STARTING);
}

static void test_device__an_impossible_disk_is_corrupt(void)
{
    impossible_disk(DISK, 0);
    impossible_disk(DISK, 256);
    impossible_disk(DISK, 8192);
    impossible_disk(DISK, 1536);
    impossible_disk(UINT64_MAX, 512);
}

static void test_device__another_disk_after_a_restart_is_corrupt(void)
{
    begin();
    driver_restarts();
    disk.sectors--;
    driver_ready();
    run();
    CHECK_EQ(verdict(), SERVICE_VERDICT_CORRUPT);
    CHECK_EQ(block_client_state(&tenants[A]), CHANNEL_STATE_READY);
    driver_restarts();
    disk.sectors++;
    disk.block_bytes = 1024;
    driver_ready();
    run();
    CHECK_EQ(verdict(), SERVICE_VERDICT_CORRUPT);
}

static void test_device__a_driver_that_gives_up_is_told(void)
{
    (void)one_in_flight();
    driver_restarts();
    block_server_state(&driver, CHANNEL_STATE_PARKED);
    run();
    CHECK_EQ(verdict(), SERVICE_VERDICT_DEVICE_FAILED);
    CHECK_EQ(rung[BELL_ATTENTION], 1);
}

/* It was ready and says so no more, in the same epoch. */
static void test_device__a_driver_that_gives_up_in_mid_service_is_told(void)
{
    (void)one_in_flight();
    block_server_state(&driver, CHANNEL_STATE_PARKED);
    run();
    CHECK_EQ(verdict(), SERVICE_VERDICT_DEVICE_FAILED);
    CHECK_EQ(rung[BELL_ATTENTION], 1);
}

/* The watchdog's ticks, with the rest of the program in between. */
static unsigned ticks_until_silent(bool pongs, unsigned most)
{
    for (unsigned tick = 0; tick < most; tick++) {
        if (verdict() == SERVICE_VERDICT_SILENT)
            return tick;
        run();
        watch_run(blkvirt, blkvirt->watch.tick);
        if (pongs)
            block_server_pong(&driver);
    }
    return most;
}

static void test_device__silence_is_noticed(void)
{
    (void)one_in_flight();
    CHECK(blkvirt->watch.tick - clock_ticks() <= UINT64_C(100000000));
    watch_run(blkvirt, blkvirt->watch.tick - 1); /* too early */
    CHECK_EQ(device_page->ping, 0);
    const unsigned rings = rung[BELL_DEVICE];
    watch_run(blkvirt, blkvirt->watch.tick);
    CHECK_EQ(device_page->ping, 1);
    CHECK_EQ(rung[BELL_DEVICE], rings + 1);
    CHECK_EQ(ticks_until_silent(false, 100), 5);
    CHECK_EQ(rung[BELL_ATTENTION], 1);
    CHECK_EQ(at_tenant(A).status, 255);
}

static void test_device__signs_of_life_are_believed_for_half_a_minute(void)
{
    (void)one_in_flight();
    const unsigned ticks = ticks_until_silent(true, 1000);
    CHECK(ticks >= 299 && ticks <= 301);
}

static void test_device__progress_is_a_sign_of_life(void)
{
    begin();
    for (unsigned i = 0; i < 400; i++) {
        ask(A, 1, BLOCK_OP_READ, 0, 8);
        ask(A, 2, BLOCK_OP_READ, 0, 8);
        run();
        const struct block_request first = at_driver();
        const struct block_request second = at_driver();
        answer(first.id, BLOCK_STATUS_OK);
        run();
        watch_run(blkvirt, blkvirt->watch.tick);
        answer(second.id, BLOCK_STATUS_OK);
        run();
        CHECK_EQ(at_tenant(A).id, 1);
        CHECK_EQ(at_tenant(A).id, 2);
    }
    CHECK_EQ(device_page->ping, 0);
    CHECK_EQ(verdict(), SERVICE_VERDICT_WELL);
}

static void test_device__nothing_in_flight_needs_no_watching(void)
{
    begin();
    CHECK_EQ(blkvirt->watch.tick, DEADLINE_NEVER);
    const struct block_request request = one_in_flight();
    CHECK(blkvirt->watch.tick != DEADLINE_NEVER);
    answer(request.id, BLOCK_STATUS_OK);
    run();
    CHECK_EQ(blkvirt->watch.tick, DEADLINE_NEVER);
}

/* The ping of the last epoch went with it: the new driver is asked anew. */
static void test_device__a_restarted_driver_begins_with_no_debt(void)
{
    (void)one_in_flight();
    CHECK_EQ(ticks_until_silent(false, 100), 6);
    driver_restarts();
    driver_ready();
    run();
    CHECK_EQ(verdict(), SERVICE_VERDICT_WELL);
    watch_run(blkvirt, blkvirt->watch.tick);
    CHECK_EQ(device_page->ping, 1);
    CHECK_EQ(ticks_until_silent(true, 100), 100);
}

/* A device may take seconds to start. */
static void test_device__a_starting_driver_has_more_time(void)
{
    (void)one_in_flight();
    driver_restarts();
    run();
    const unsigned ticks = ticks_until_silent(false, 1000);
    CHECK(ticks >= 50 && ticks <= 52);
}

/* It comes from the driver, and goes to management in fields of a certain size. */
static void test_device__health_is_cut_to_what_can_be_told(void)
{
    const struct block_health lies = {UINT32_MAX, 0x10001, 256, UINT32_MAX, UINT32_MAX, UINT64_MAX};
    struct block_health health;
    begin();
    device_health(blkvirt, &health);
    CHECK_EQ(health.warnings | health.temperature_k | health.resets | health.errors, 0);
    block_server_health(&driver, &lies);
    device_health(blkvirt, &health);
    CHECK_EQ(health.warnings, 0x3f);
    CHECK_EQ(health.temperature_k, 0xffff);
    CHECK_EQ(health.spare_percent, 255);
    CHECK_EQ(health.used_percent, 255);
    CHECK_EQ(health.resets, UINT32_MAX);
    CHECK_EQ(health.errors, UINT64_MAX);
}

int main(void)
{
    RUN(test_device__a_completion_of_what_was_not_asked_is_corrupt);
    RUN(test_device__a_doubled_completion_is_corrupt);
    RUN(test_device__a_late_completion_does_not_hit_the_next_request);
    RUN(test_device__a_status_that_does_not_exist_is_corrupt);
    RUN(test_device__an_impossible_counter_is_corrupt);
    RUN(test_device__a_request_not_sent_cannot_be_answered);
    RUN(test_device__a_state_that_does_not_exist_is_corrupt);
    RUN(test_device__epochs_without_end_are_corrupt);
    RUN(test_device__an_impossible_disk_is_corrupt);
    RUN(test_device__another_disk_after_a_restart_is_corrupt);
    RUN(test_device__a_driver_that_gives_up_is_told);
    RUN(test_device__a_driver_that_gives_up_in_mid_service_is_told);
    RUN(test_device__silence_is_noticed);
    RUN(test_device__signs_of_life_are_believed_for_half_a_minute);
    RUN(test_device__progress_is_a_sign_of_life);
    RUN(test_device__nothing_in_flight_needs_no_watching);
    RUN(test_device__a_restarted_driver_begins_with_no_debt);
    RUN(test_device__a_starting_driver_has_more_time);
    RUN(test_device__health_is_cut_to_what_can_be_told);
    return UNIT_RESULT();
}
