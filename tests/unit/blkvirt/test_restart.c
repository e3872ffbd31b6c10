/* Restarts of the driver, of a tenant's VMM and of parking: what is replayed, what waits, what is dropped. */
#include "bench.h"

static void test_restart__what_was_in_flight_is_replayed_in_order(void)
{
    begin();
    for (uint16_t id = 0; id < 20; id++)
        ask(A, id, id % 2 == 0 ? BLOCK_OP_WRITE : BLOCK_OP_READ, 100u * id, 8);
    run();
    uint16_t ids[20];
    for (unsigned i = 0; i < 20; i++)
        ids[i] = at_driver().id;
    answer(ids[3], BLOCK_STATUS_OK);
    answer(ids[11], BLOCK_STATUS_OK);
    run();
    /* Their entries are used again: order does not follow from places in the table. */
    ask(A, 20, BLOCK_OP_WRITE, 2000, 8);
    ask(A, 21, BLOCK_OP_WRITE, 2100, 8);
    run();
    driver_restarts();
    run();
    CHECK_EQ(at_driver().op, 255);
    driver_ready();
    run();
    for (unsigned i = 0; i < 22; i++) {
        if (i == 3 || i == 11)
            continue;
        const struct block_request request = at_driver();
        CHECK_EQ(request.sector, FIRST_A + 100u * i);
        CHECK_EQ(request.data, POOLS[A] + i * SLOT);
        answer(request.id, BLOCK_STATUS_OK);
    }
    CHECK_EQ(at_driver().op, 255);
    run();
    for (unsigned i = 0; i < 22; i++)
        CHECK_EQ(at_tenant(A).status, BLOCK_STATUS_OK);
    CHECK_EQ(at_tenant(A).status, 255);
    CHECK_EQ(blkvirt->replayed, 20);
    CHECK_EQ(verdict(), SERVICE_VERDICT_WELL);
}

static void test_restart__requests_made_meanwhile_come_behind(void)
{
    begin();
    ask(A, 1, BLOCK_OP_WRITE, 0, 8);
    run();
    (void)at_driver();
    driver_restarts();
    run();
    ask(A, 2, BLOCK_OP_WRITE, 100, 8);
    ask(B, 3, BLOCK_OP_READ, 0, 8);
    run();
    CHECK_EQ(at_driver().op, 255);
    CHECK_EQ(block_client_state(&tenants[A]), CHANNEL_STATE_READY);
    driver_ready();
    run();
    CHECK_EQ(at_driver().sector, FIRST_A);
    CHECK_EQ(at_driver().sector, FIRST_A + 100);
    CHECK_EQ(at_driver().sector, FIRST_B);
    CHECK_EQ(blkvirt->replayed, 1);
}

static void test_restart__an_answer_of_the_dead_driver_is_not_taken(void)
{
    begin();
    ask(A, 1, BLOCK_OP_WRITE, 0, 8);
    run();
    const struct block_request request = at_driver();
    new_epoch(device_page);
    device_page->completion_head = 1; /* its last store, in a page of zeros */
    device_page->completion[0].id = request.id;
    run();
    CHECK_EQ(at_tenant(A).status, 255);
    CHECK_EQ(verdict(), SERVICE_VERDICT_WELL);
}

static void test_restart__an_overlapping_write_waits_for_the_answer(void)
{
    begin();
    ask(A, 1, BLOCK_OP_WRITE, 10, 8);
    ask(A, 2, BLOCK_OP_WRITE, 17, 8); /* one sector in common */
    ask(A, 3, BLOCK_OP_WRITE, 18, 1); /* only with the second */
    ask(A, 4, BLOCK_OP_WRITE, 9, 1);  /* with none */
    ask(A, 5, BLOCK_OP_READ, 10, 8);  /* reads do not wait */
    run();
    const struct block_request first = at_driver();
    CHECK_EQ(first.sector, FIRST_A + 10);
    CHECK_EQ(at_driver().sector, FIRST_A + 9);
    CHECK_EQ(at_driver().op, BLOCK_OP_READ);
    CHECK_EQ(at_driver().op, 255);
    answer(first.id, BLOCK_STATUS_OK);
    run();
    const struct block_request second = at_driver();
    CHECK_EQ(second.sector, FIRST_A + 17);
    CHECK_EQ(at_driver().op, 255);
    answer(second.id, BLOCK_STATUS_OK);
    run();
    CHECK_EQ(at_driver().sector, FIRST_A + 18);
}

static void test_restart__discards_and_zeroes_are_writes(void)
{
    static const enum block_op ops[] = {BLOCK_OP_WRITE, BLOCK_OP_DISCARD, BLOCK_OP_WRITE_ZEROES};
    for (unsigned i = 0; i < 9; i++) {
        begin();
        ask(A, 1, ops[i / 3], 10, 8);
        ask(A, 2, ops[i % 3], 10, 8);
        run();
        CHECK_EQ(at_driver().op, ops[i / 3]);
        CHECK_EQ(at_driver().op, 255);
    }
}

/* Buckets are coarse and wrap; the answer is exact. */
static void test_restart__overlap_is_found_wherever_it_is(void)
{
    static const struct {
        uint64_t sector[2];
        uint32_t sectors[2];
        bool waits;
    } cases[] = {
        {{0, 127}, {128, 1}, true},       {{0, 128}, {128, 1}, false},   {{100, 227}, {128, 1}, true},
        {{100, 228}, {128, 1}, false},    {{0, 1000}, {2048, 8}, true},  {{1000, 0}, {8, 2048}, true},
        {{3000, 0}, {8, 2048}, false},    {{2048, 2040}, {8, 8}, false}, {{2048, 2041}, {8, 8}, true},
        {{0, 0}, {WINDOW, WINDOW}, true}, {{64, 0}, {1, 64}, false},     {{64, 0}, {1, 65}, true},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin();
        for (uint16_t n = 0; n < 2; n++)
            ask(A, n, cases[i].sectors[n] > 128 ? BLOCK_OP_DISCARD : BLOCK_OP_WRITE, cases[i].sector[n],
                cases[i].sectors[n]);
        run();
        const struct block_request first = at_driver();
        CHECK_EQ(first.sector, FIRST_A + cases[i].sector[0]);
        CHECK_EQ(at_driver().op == 255, cases[i].waits);
        answer(first.id, BLOCK_STATUS_OK);
        run();
        CHECK_EQ(at_driver().op != 255, cases[i].waits);
    }
}

static void test_restart__a_neighbour_does_not_wait(void)
{
    begin();
    ask(A, 1, BLOCK_OP_WRITE, 10, 8);
    ask(B, 2, BLOCK_OP_WRITE, 10, 8);
    run();
    CHECK(at_driver().op != 255 && at_driver().op != 255);
}

static void test_restart__a_waiting_write_still_waits_after_a_replay(void)
{
    begin();
    ask(A, 1, BLOCK_OP_WRITE, 10, 8);
    ask(A, 2, BLOCK_OP_WRITE, 10, 8);
    run();
    (void)at_driver();
    driver_restarts();
    driver_ready();
    run();
    const struct block_request first = at_driver();
    CHECK_EQ(first.data, POOLS[A] + 1 * SLOT);
    CHECK_EQ(at_driver().op, 255);
    answer(first.id, BLOCK_STATUS_OK);
    run();
    CHECK_EQ(at_driver().data, POOLS[A] + 2 * SLOT);
}

static void test_restart__writes_of_one_sector_keep_their_order(void)
{
    begin();
    for (uint16_t id = 0; id < 60; id++)
        ask(A, id, BLOCK_OP_WRITE, 10, 8);
    for (unsigned id = 0; id < 60; id++) {
        run();
        if (id % 7 == 3) {
            driver_restarts();
            driver_ready();
            run();
        }
        const struct block_request request = at_driver();
        CHECK_EQ(request.data, POOLS[A] + id * SLOT);
        CHECK_EQ(at_driver().op, 255);
        answer(request.id, BLOCK_STATUS_OK);
    }
}

/* A flush is no barrier but for what was acknowledged, and that is at the device before it. */
static void test_restart__a_flush_goes_at_once(void)
{
    begin();
    ask(A, 1, BLOCK_OP_WRITE, 10, 8);
    ask(A, 2, BLOCK_OP_WRITE, 10, 8);
    ask(A, 3, BLOCK_OP_FLUSH, 0, 0);
    run();
    CHECK_EQ(at_driver().op, BLOCK_OP_WRITE);
    CHECK_EQ(at_driver().op, BLOCK_OP_FLUSH);
    CHECK_EQ(at_driver().op, 255);
}

/* A VMM was rebuilt: what its predecessor had asked is dropped when it is done, and nothing is taken before. */
static void test_restart__a_new_vmm_waits_for_its_predecessors_requests(void)
{
    begin();
    ask(A, 1, BLOCK_OP_READ, 0, 8);
    ask(A, 2, BLOCK_OP_WRITE, 10, 8);
    ask(A, 3, BLOCK_OP_WRITE, 10, 8); /* waits, and is never sent */
    run();
    const struct block_request read = at_driver(), write = at_driver();
    new_epoch(pages[A]);
    block_client_open(&tenants[A], pages[A]);
    run();
    CHECK_EQ(block_client_state(&tenants[A]), CHANNEL_STATE_STARTING);
    ask(A, 4, BLOCK_OP_READ, 50, 8);
    run();
    CHECK_EQ(at_driver().op, 255);
    ask(B, 9, BLOCK_OP_READ, 0, 8);
    run();
    CHECK_EQ(at_driver().sector, FIRST_B);
    answer(read.id, BLOCK_STATUS_OK);
    run();
    CHECK_EQ(block_client_state(&tenants[A]), CHANNEL_STATE_STARTING);
    answer(write.id, BLOCK_STATUS_OK);
    run();
    CHECK_EQ(block_client_state(&tenants[A]), CHANNEL_STATE_READY);
    CHECK_EQ(at_driver().sector, FIRST_A + 50);
    CHECK_EQ(at_driver().op, 255);
    CHECK_EQ(pages[A]->completion_head, 0);
    CHECK_EQ(verdict(), SERVICE_VERDICT_WELL);
}

/* Its pool has been emptied: a replayed write would put zeros on the disk. */
static void test_restart__requests_of_a_dead_vmm_are_not_replayed(void)
{
    begin();
    ask(A, 1, BLOCK_OP_WRITE, 0, 8);
    run();
    (void)at_driver();
    new_epoch(pages[A]);
    block_client_open(&tenants[A], pages[A]);
    run();
    driver_restarts();
    driver_ready();
    run();
    CHECK_EQ(at_driver().op, 255);
    CHECK_EQ(block_client_state(&tenants[A]), CHANNEL_STATE_READY);
    CHECK_EQ(blkvirt->replayed, 0);
}

static void test_restart__parked_everything_ends_with_errors_at_once(void)
{
    begin();
    ask(A, 1, BLOCK_OP_READ, 0, 8);
    ask(A, 2, BLOCK_OP_WRITE, 10, 8);
    ask(A, 3, BLOCK_OP_WRITE, 10, 8);
    run();
    const struct block_request read = at_driver(), write = at_driver();
    work_park(blkvirt, true);
    run();
    CHECK_EQ(verdict(), SERVICE_VERDICT_PARKED);
    CHECK_EQ(block_client_state(&tenants[A]), CHANNEL_STATE_PARKED);
    for (unsigned i = 1; i <= 3; i++) {
        const struct block_completion completion = at_tenant(A);
        CHECK_EQ(completion.id, i);
        CHECK_EQ(completion.status, BLOCK_STATUS_IO_ERROR);
    }
    CHECK_EQ(refused(B, &(struct block_request){.id = 8, .op = BLOCK_OP_READ, .sectors = 8}),
             BLOCK_STATUS_IO_ERROR);
    /* Taken back: nothing new until the device is done with what was given up. */
    work_park(blkvirt, false);
    run();
    CHECK_EQ(block_client_state(&tenants[A]), CHANNEL_STATE_STARTING);
    CHECK_EQ(block_client_state(&tenants[B]), CHANNEL_STATE_READY);
    answer(read.id, BLOCK_STATUS_OK);
    answer(write.id, BLOCK_STATUS_OK);
    run();
    CHECK_EQ(block_client_state(&tenants[A]), CHANNEL_STATE_READY);
    CHECK_EQ(at_tenant(A).status, 255);
    CHECK_EQ(verdict(), SERVICE_VERDICT_WELL);
}

static void test_restart__parked_during_a_restart(void)
{
    begin();
    ask(A, 1, BLOCK_OP_READ, 0, 8);
    run();
    driver_restarts();
    run();
    work_park(blkvirt, true);
    run();
    CHECK_EQ(at_tenant(A).status, BLOCK_STATUS_IO_ERROR);
    driver_ready();
    run();
    CHECK_EQ(at_driver().op, 255);
    work_park(blkvirt, false);
    run();
    CHECK_EQ(block_client_state(&tenants[A]), CHANNEL_STATE_READY);
    CHECK_EQ(at_driver().op, 255);
}

int main(void)
{
    RUN(test_restart__what_was_in_flight_is_replayed_in_order);
    RUN(test_restart__requests_made_meanwhile_come_behind);
    RUN(test_restart__an_answer_of_the_dead_driver_is_not_taken);
    RUN(test_restart__an_overlapping_write_waits_for_the_answer);
    RUN(test_restart__discards_and_zeroes_are_writes);
    RUN(test_restart__overlap_is_found_wherever_it_is);
    RUN(test_restart__a_neighbour_does_not_wait);
    RUN(test_restart__a_waiting_write_still_waits_after_a_replay);
    RUN(test_restart__writes_of_one_sector_keep_their_order);
    RUN(test_restart__a_flush_goes_at_once);
    RUN(test_restart__a_new_vmm_waits_for_its_predecessors_requests);
    RUN(test_restart__requests_of_a_dead_vmm_are_not_replayed);
    RUN(test_restart__parked_everything_ends_with_errors_at_once);
    RUN(test_restart__parked_during_a_restart);
    return UNIT_RESULT();
}
