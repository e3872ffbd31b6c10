/* What a tenant may ask, and what its neighbour notices of it. */
#include "bench.h"

static void test_tenant__a_request_arrives_translated(void)
{
    begin();
    ask(B, 5, BLOCK_OP_WRITE, 16, 24);
    run();
    const struct block_request request = at_driver();
    CHECK_EQ(request.op, BLOCK_OP_WRITE);
    CHECK_EQ(request.sector, FIRST_B + 16);
    CHECK_EQ(request.sectors, 24);
    CHECK_EQ(request.data, POOLS[B] + 5 * SLOT);
    CHECK_EQ(request.flags, 0);
    CHECK(rung[BELL_DEVICE] != 0);
    const unsigned rings = rung[BELL_TENANT + B];
    answer(request.id, BLOCK_STATUS_OK);
    run();
    CHECK_EQ(rung[BELL_TENANT + B], rings + 1);
    const struct block_completion completion = at_tenant(B);
    CHECK_EQ(completion.id, 5);
    CHECK_EQ(completion.status, BLOCK_STATUS_OK);
    CHECK_EQ(at_tenant(A).status, 255);
    CHECK_EQ(blkvirt->completed, 1);
}

static void test_tenant__every_operation_arrives(void)
{
    static const enum block_op ops[] = {BLOCK_OP_READ, BLOCK_OP_WRITE, BLOCK_OP_FLUSH, BLOCK_OP_DISCARD,
                                        BLOCK_OP_WRITE_ZEROES};
    begin();
    for (uint16_t i = 0; i < 5; i++) {
        ask(A, i, ops[i], 100u * i, ops[i] == BLOCK_OP_FLUSH ? 0 : 8);
        run();
        const struct block_request request = at_driver();
        CHECK_EQ(request.op, ops[i]);
        CHECK_EQ(request.sector, ops[i] == BLOCK_OP_FLUSH ? 0 : FIRST_A + 100u * i);
        CHECK_EQ(request.data, ops[i] <= BLOCK_OP_WRITE ? POOLS[A] + i * SLOT : 0);
        answer(request.id, (enum block_status)i);
        run();
        CHECK_EQ(at_tenant(A).status, i);
    }
    const struct block_request forced = {.id = 9, .op = BLOCK_OP_WRITE, .flags = BLOCK_FUA, .sectors = 8};
    ask_raw(A, &forced);
    run();
    CHECK_EQ(at_driver().flags, BLOCK_FUA);
}

static enum block_status window(uint8_t op, uint64_t sector, uint32_t sectors)
{
    return refused(A, &(struct block_request){.id = 77, .op = op, .sector = sector, .sectors = sectors});
}

static void test_tenant__sectors_outside_its_window_are_refused(void)
{
    begin();
    for (uint8_t op = BLOCK_OP_READ; op <= BLOCK_OP_WRITE_ZEROES; op++) {
        if (op == BLOCK_OP_FLUSH)
            continue;
        CHECK_EQ(window(op, WINDOW, 1), BLOCK_STATUS_RANGE);
        CHECK_EQ(window(op, WINDOW - 1, 2), BLOCK_STATUS_RANGE);
        CHECK_EQ(window(op, UINT64_MAX, 1), BLOCK_STATUS_RANGE);
        CHECK_EQ(window(op, UINT64_MAX - FIRST_A + 1, 8), BLOCK_STATUS_RANGE);
        CHECK_EQ(window(op, 0, 0), BLOCK_STATUS_RANGE);
        CHECK_EQ(window(op, 1, UINT32_MAX), BLOCK_STATUS_RANGE);
    }
    ask(A, 1, BLOCK_OP_READ, WINDOW - 1, 1);
    ask(A, 2, BLOCK_OP_DISCARD, 0, WINDOW);
    run();
    CHECK_EQ(at_driver().sector, FIRST_B - 1);
    CHECK_EQ(at_driver().sectors, WINDOW);
}

static enum block_status data(uint8_t op, uint64_t offset, uint32_t sectors)
{
    return refused(A, &(struct block_request){.id = 77, .op = op, .sectors = sectors, .data = offset});
}

static void test_tenant__refusals_are_told_but_do_not_fill_the_log(void)
{
    begin();
    logged = 0;
    CHECK_EQ(window(BLOCK_OP_READ, WINDOW, 8), BLOCK_STATUS_RANGE);
    CHECK_EQ(logged, 1);
    for (unsigned i = 0; i < 1000; i++) {
        CHECK_EQ(window(BLOCK_OP_READ, WINDOW, 8), BLOCK_STATUS_RANGE);
    }
    CHECK_EQ(logged, 10);
}

static void test_tenant__data_outside_its_pool_is_refused(void)
{
    begin();
    for (uint8_t op = BLOCK_OP_READ; op <= BLOCK_OP_WRITE; op++) {
        CHECK_EQ(data(op, BLOCK_LIMITS_POOL_BYTES, 8), BLOCK_STATUS_RANGE);
        CHECK_EQ(data(op, UINT64_MAX - 0xffff, 8), BLOCK_STATUS_RANGE);
        CHECK_EQ(data(op, POOLS[B] - POOLS[A], 8), BLOCK_STATUS_RANGE);
        CHECK_EQ(data(op, 512, 8), BLOCK_STATUS_RANGE);
        CHECK_EQ(data(op, 0, 129), BLOCK_STATUS_RANGE);
        CHECK_EQ(data(op, SLOT - 4096, 16), BLOCK_STATUS_RANGE); /* over two slots */
        CHECK_EQ(data(op, BLOCK_LIMITS_POOL_BYTES - 4096, 16), BLOCK_STATUS_RANGE);
    }
    const struct block_request last = {
        .op = BLOCK_OP_READ, .sectors = 128, .data = BLOCK_LIMITS_POOL_BYTES - SLOT};
    ask_raw(A, &last);
    run();
    CHECK_EQ(at_driver().data, POOLS[A] + BLOCK_LIMITS_POOL_BYTES - SLOT);
}

static void test_tenant__what_the_device_lacks_is_refused(void)
{
    begin_starting();
    disk.features = 0x7;
    driver_ready();
    run();
    CHECK_EQ(window(BLOCK_OP_DISCARD, 0, 8), BLOCK_STATUS_UNSUPPORTED);
    CHECK_EQ(window(BLOCK_OP_WRITE_ZEROES, 0, 8), BLOCK_STATUS_UNSUPPORTED);
    CHECK_EQ(window(5, 0, 8), BLOCK_STATUS_UNSUPPORTED);
    CHECK_EQ(window(255, 0, 8), BLOCK_STATUS_UNSUPPORTED);
    CHECK_EQ(refused(A, &(struct block_request){.op = BLOCK_OP_READ, .flags = BLOCK_FUA, .sectors = 8}),
             BLOCK_STATUS_UNSUPPORTED);
    CHECK_EQ(refused(A, &(struct block_request){.op = BLOCK_OP_WRITE, .flags = 2, .sectors = 8}),
             BLOCK_STATUS_UNSUPPORTED);
}

static void test_tenant__half_blocks_are_refused(void)
{
    begin_starting();
    disk.block_bytes = 4096;
    driver_ready();
    run();
    CHECK_EQ(window(BLOCK_OP_READ, 4, 8), BLOCK_STATUS_RANGE);
    CHECK_EQ(window(BLOCK_OP_READ, 8, 4), BLOCK_STATUS_RANGE);
    ask(A, 1, BLOCK_OP_READ, 8, 8);
    run();
    CHECK_EQ(at_driver().sectors, 8);
}

static void test_tenant__a_read_only_window_is_not_written(void)
{
    struct block_geometry seen;
    begin_starting();
    blkvirt->tenant[A].read_only = true;
    driver_ready();
    run();
    block_client_geometry(&tenants[A], &seen);
    CHECK_EQ(seen.features, 1u << BLOCK_OP_READ | 1u << BLOCK_OP_FLUSH);
    CHECK_EQ(window(BLOCK_OP_WRITE, 0, 8), BLOCK_STATUS_READ_ONLY);
    CHECK_EQ(window(BLOCK_OP_DISCARD, 0, 8), BLOCK_STATUS_READ_ONLY);
    CHECK_EQ(window(BLOCK_OP_WRITE_ZEROES, 0, 8), BLOCK_STATUS_READ_ONLY);
    ask(A, 1, BLOCK_OP_READ, 0, 8);
    ask(A, 2, BLOCK_OP_FLUSH, 0, 0);
    ask(B, 3, BLOCK_OP_WRITE, 0, 8);
    run();
    CHECK_EQ(at_driver().op < 255, 1);
    CHECK_EQ(at_driver().op < 255, 1);
    CHECK_EQ(at_driver().op < 255, 1);
}

static void test_tenant__sees_its_window_and_no_more(void)
{
    struct block_geometry seen;
    begin();
    block_client_geometry(&tenants[B], &seen);
    CHECK_EQ(seen.sectors, WINDOW);
    CHECK_EQ(seen.block_bytes, 512);
    CHECK_EQ(seen.features, 0x1f);
    CHECK(memcmp(seen.serial, "b\0", 2) == 0);
}

static void test_tenant__a_window_beyond_the_disk_is_parked(void)
{
    begin_starting();
    disk.sectors = FIRST_B + WINDOW - 1;
    driver_ready();
    run();
    CHECK_EQ(block_client_state(&tenants[A]), CHANNEL_STATE_READY);
    CHECK_EQ(block_client_state(&tenants[B]), CHANNEL_STATE_PARKED);
    CHECK_EQ(refused(B, &(struct block_request){.op = BLOCK_OP_READ, .sectors = 8}), BLOCK_STATUS_IO_ERROR);
}

/* A full queue of one tenant leaves places and turns for the other. */
static void test_tenant__a_full_queue_does_not_starve_the_neighbour(void)
{
    unsigned before = 0;
    begin();
    for (uint16_t id = 0; id < 256; id++)
        ask(A, id, BLOCK_OP_READ, id, 1);
    run();
    ask(B, 1, BLOCK_OP_READ, 0, 1);
    run();
    struct block_request request = at_driver();
    for (; request.op != 255 && request.sector < FIRST_B; request = at_driver())
        before++;
    CHECK_EQ(request.sector, FIRST_B);
    CHECK_EQ(before, BLOCK_LIMITS_SLOTS);
}

static void test_tenant__turns_are_taken_in_batches(void)
{
    unsigned before = 0;
    begin();
    for (uint16_t id = 0; id < 60; id++)
        ask(A, id, BLOCK_OP_READ, id, 1);
    ask(B, 1, BLOCK_OP_READ, 0, 1);
    run();
    while (at_driver().sector < FIRST_B)
        before++;
    CHECK(before <= 8);
}

/* Requests that are refused cost nothing but this program's time: others are served in between. */
static void test_tenant__a_stream_of_nonsense_does_not_starve_the_neighbour(void)
{
    begin();
    for (uint16_t id = 0; id < 256; id++)
        ask(A, id, BLOCK_OP_READ, WINDOW, 1);
    ask(B, 1, BLOCK_OP_READ, 0, 1);
    (void)work(blkvirt);
    CHECK_EQ(at_driver().sector, FIRST_B);
}

static void test_tenant__quotas_are_given_back(void)
{
    begin();
    for (unsigned round = 0; round < 1000; round++) {
        for (uint16_t id = 0; id < 64; id++)
            ask(A, id, BLOCK_OP_READ, id, 1);
        run();
        for (struct block_request request = at_driver(); request.op != 255; request = at_driver())
            answer(request.id, BLOCK_STATUS_OK);
        run();
        for (uint16_t id = 0; id < 64; id++)
            CHECK_EQ(at_tenant(A).status, BLOCK_STATUS_OK);
    }
    CHECK_EQ(blkvirt->table.used, 0);
    CHECK_EQ(blkvirt->table.sent, 0);
}

static void test_tenant__an_impossible_counter_stops_that_tenant_alone(void)
{
    begin();
    pages[A]->request_head = 9999;
    ask(B, 1, BLOCK_OP_READ, 0, 1);
    run();
    CHECK_EQ(at_driver().sector, FIRST_B);
    CHECK_EQ(at_driver().op, 255);
    CHECK_EQ(blkvirt->tenant[A].server.corruptions, 1);
    CHECK_EQ(verdict(), SERVICE_VERDICT_WELL);
}

static void test_tenant__nobody_waits_for_a_device_that_is_starting(void)
{
    begin_starting();
    CHECK_EQ(block_client_state(&tenants[A]), CHANNEL_STATE_STARTING);
    ask(A, 1, BLOCK_OP_READ, 0, 1); /* too early: the tenant was told to wait */
    run();
    CHECK_EQ(at_driver().op, 255);
    driver_ready();
    run();
    CHECK_EQ(at_driver().sector, FIRST_A);
}

int main(void)
{
    RUN(test_tenant__a_request_arrives_translated);
    RUN(test_tenant__every_operation_arrives);
    RUN(test_tenant__sectors_outside_its_window_are_refused);
    RUN(test_tenant__refusals_are_told_but_do_not_fill_the_log);
    RUN(test_tenant__data_outside_its_pool_is_refused);
    RUN(test_tenant__what_the_device_lacks_is_refused);
    RUN(test_tenant__half_blocks_are_refused);
    RUN(test_tenant__a_read_only_window_is_not_written);
    RUN(test_tenant__sees_its_window_and_no_more);
    RUN(test_tenant__a_window_beyond_the_disk_is_parked);
    RUN(test_tenant__a_full_queue_does_not_starve_the_neighbour);
    RUN(test_tenant__turns_are_taken_in_batches);
    RUN(test_tenant__a_stream_of_nonsense_does_not_starve_the_neighbour);
    RUN(test_tenant__quotas_are_given_back);
    RUN(test_tenant__an_impossible_counter_stops_that_tenant_alone);
    RUN(test_tenant__nobody_waits_for_a_device_that_is_starting);
    return UNIT_RESULT();
}
