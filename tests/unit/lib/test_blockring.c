/* Disk channels against another end that may write anything into the shared page, and across epochs. */
#include "blockring.h"

#include "unit.h"

static struct block_channel page;
static struct block_client client;
static struct block_server server;

static void open_both(void)
{
    memset(&page, 0, sizeof page);
    page.epoch = 1;
    block_client_open(&client, &page);
    block_server_open(&server, &page);
    block_server_state(&server, CHANNEL_STATE_READY);
}

/* What builder does before an end comes back. */
static void new_epoch(uint32_t epoch)
{
    memset(&page, 0, sizeof page);
    page.epoch = epoch;
}

static bool post(uint16_t id)
{
    return block_client_post(&client, &(struct block_request){.id = id,
                                                              .op = BLOCK_OP_WRITE,
                                                              .flags = 3,
                                                              .sectors = 8u + id,
                                                              .sector = 1000u + id,
                                                              .data = 4096u * id});
}

static void test_blockring__requests_and_completions_arrive_in_order_across_wraps(void)
{
    struct block_request request;
    struct block_completion completion;
    uint16_t posted = 0, taken = 0, answered = 0;
    open_both();
    for (unsigned round = 0; round < 200; round++) {
        for (unsigned i = 0; i < 1 + round % 9; i++)
            CHECK(post(posted++));
        (void)block_client_publish(&client);
        while (block_server_take(&server, &request)) {
            CHECK_EQ(request.id, taken);
            CHECK_EQ(request.op, BLOCK_OP_WRITE);
            CHECK_EQ(request.flags, 3);
            CHECK_EQ(request.sectors, 8u + taken);
            CHECK_EQ(request.sector, 1000u + taken);
            CHECK_EQ(request.data, 4096u * taken);
            taken++;
            block_server_complete(&server, request.id, BLOCK_STATUS_RANGE);
        }
        CHECK_EQ(taken, posted);
        (void)block_server_publish(&server);
        while (block_client_take(&client, &completion)) {
            CHECK_EQ(completion.id, answered);
            CHECK_EQ(completion.status, BLOCK_STATUS_RANGE);
            answered++;
        }
        CHECK_EQ(answered, posted);
        CHECK_EQ(block_client_outstanding(&client), 0);
    }
    CHECK_EQ(client.corruptions + server.corruptions, 0);
}

static void test_blockring__a_full_ring_takes_no_more(void)
{
    struct block_request request;
    struct block_completion completion;
    open_both();
    for (unsigned i = 0; i < BLOCK_LIMITS_RING; i++)
        CHECK(post((uint16_t)i));
    CHECK(!post(0));
    (void)block_client_publish(&client);
    /* Taken is not enough: its completion needs a place too. */
    CHECK(block_server_take(&server, &request));
    CHECK(!post(0));
    block_server_complete(&server, request.id, BLOCK_STATUS_OK);
    (void)block_server_publish(&server);
    CHECK(!post(0));
    CHECK(block_client_take(&client, &completion));
    CHECK(post(0));
    (void)block_client_publish(&client);
    for (unsigned i = 0; i < BLOCK_LIMITS_RING; i++)
        CHECK(block_server_take(&server, &request));
    CHECK(!block_server_take(&server, &request));
    CHECK_EQ(server.corruptions, 0);
}

static void test_blockring__nothing_is_seen_before_it_is_published(void)
{
    struct block_request request;
    struct block_completion completion;
    open_both();
    CHECK(post(1));
    CHECK(!block_server_take(&server, &request));
    (void)block_client_publish(&client);
    CHECK(block_server_take(&server, &request));
    block_server_complete(&server, 1, BLOCK_STATUS_OK);
    CHECK(!block_client_take(&client, &completion));
    (void)block_server_publish(&server);
    CHECK(block_client_take(&client, &completion));
}

static void test_blockring__signals_only_who_sleeps(void)
{
    struct block_request request;
    struct block_completion completion;
    open_both();
    CHECK(!block_client_publish(&client)); /* nothing to tell */
    CHECK(post(1));
    CHECK(block_client_publish(&client)); /* a fresh server sleeps */
    CHECK(post(2));
    CHECK(!block_client_publish(&client)); /* it was woken already */
    CHECK(!block_server_sleep(&server));   /* and may not sleep over what is there */
    CHECK(block_server_take(&server, &request) && block_server_take(&server, &request));
    CHECK(post(3));
    CHECK(!block_client_publish(&client)); /* it never slept since */
    CHECK(block_server_take(&server, &request));
    CHECK(block_server_sleep(&server));
    CHECK(post(4) && post(5));
    CHECK(block_client_publish(&client));

    block_server_complete(&server, 1, BLOCK_STATUS_OK);
    CHECK(block_server_publish(&server));
    block_server_complete(&server, 2, BLOCK_STATUS_OK);
    CHECK(!block_server_publish(&server));
    CHECK(!block_client_sleep(&client));
    CHECK(block_client_take(&client, &completion) && block_client_take(&client, &completion));
    CHECK(block_client_sleep(&client));
    block_server_complete(&server, 3, BLOCK_STATUS_OK);
    CHECK(block_server_publish(&server));
}

static void test_blockring__a_client_with_nothing_outstanding_asks_for_no_signal(void)
{
    struct block_request request;
    struct block_completion completion;
    open_both();
    for (uint16_t i = 0; i < 3; i++) {
        CHECK(post(i));
        (void)block_client_publish(&client);
        CHECK(block_server_take(&server, &request));
        block_server_complete(&server, i, BLOCK_STATUS_OK);
        CHECK_EQ(block_server_publish(&server), i == 0); /* that of a fresh client */
        CHECK(block_client_take(&client, &completion));
        CHECK(block_client_sleep(&client));
    }
    CHECK(post(3));
    (void)block_client_publish(&client);
    CHECK(block_client_sleep(&client)); /* now something can come */
    block_server_complete(&server, 3, BLOCK_STATUS_OK);
    CHECK(block_server_publish(&server));
}

/* The channel is broken until the next epoch: neither taken from nor a reason to stay awake. */
static void test_blockring__a_hostile_request_head_is_counted_and_refused(void)
{
    struct block_request request;
    open_both();
    page.request_head = BLOCK_LIMITS_RING + 1;
    CHECK(!block_server_take(&server, &request));
    CHECK_EQ(server.corruptions, 1);
    page.request_head = 1;
    CHECK(!block_server_take(&server, &request));
    CHECK(block_server_sleep(&server));
    CHECK_EQ(server.corruptions, 1);
    new_epoch(2);
    block_client_open(&client, &page);
    CHECK(block_server_follow(&server));
    CHECK(post(9));
    (void)block_client_publish(&client);
    CHECK(block_server_take(&server, &request));
    CHECK_EQ(request.id, 9);
}

static void test_blockring__a_head_behind_the_tail_is_refused(void)
{
    struct block_request request;
    open_both();
    CHECK(post(1));
    (void)block_client_publish(&client);
    CHECK(block_server_take(&server, &request));
    page.request_head = 0;
    CHECK(!block_server_take(&server, &request));
    CHECK_EQ(server.corruptions, 1);
}

static void serve_some(unsigned count)
{
    struct block_request request;
    for (unsigned i = 0; i < count; i++)
        CHECK(post((uint16_t)i));
    (void)block_client_publish(&client);
    for (unsigned i = 0; i < count; i++) {
        CHECK(block_server_take(&server, &request));
        block_server_complete(&server, request.id, BLOCK_STATUS_OK);
    }
    (void)block_server_publish(&server);
}

/* Completions that were never given cannot have been taken. */
static void test_blockring__a_hostile_completion_tail_is_refused(void)
{
    struct block_request request;
    open_both();
    serve_some(3);
    page.completion_tail = 4;
    page.request_head = 4;
    CHECK(!block_server_take(&server, &request));
    CHECK_EQ(server.corruptions, 1);
}

/* A tail that goes back would make room where there is none. */
static void test_blockring__more_than_the_ring_outstanding_is_refused(void)
{
    struct block_request request;
    open_both();
    serve_some(200);
    page.request_head = 200 + 56; /* 200 unread completions and 56 requests: just what fits */
    CHECK(block_server_take(&server, &request));
    open_both();
    serve_some(200);
    page.request_head = 200 + 57;
    CHECK(!block_server_take(&server, &request));
    CHECK_EQ(server.corruptions, 1);
}

static void test_blockring__a_tail_that_goes_back_is_refused(void)
{
    struct block_request request;
    struct block_completion completion;
    open_both();
    serve_some(200);
    while (block_client_take(&client, &completion))
        continue;
    for (unsigned i = 0; i < 100; i++)
        CHECK(post((uint16_t)i));
    (void)block_client_publish(&client);
    for (unsigned i = 0; i < 100; i++)
        CHECK(block_server_take(&server, &request));
    page.completion_tail = 0; /* 200 unread and 100 unfinished */
    page.request_head = 301;
    CHECK(!block_server_take(&server, &request));
    CHECK_EQ(server.corruptions, 1);
}

static void test_blockring__a_hostile_completion_head_is_counted_and_refused(void)
{
    struct block_completion completion;
    open_both();
    CHECK(post(1) && post(2));
    (void)block_client_publish(&client);
    page.completion_head = 3; /* two were asked */
    CHECK(!block_client_take(&client, &completion));
    CHECK_EQ(client.corruptions, 1);
    CHECK_EQ(block_client_state(&client), CHANNEL_STATE_PARKED);
    page.completion_head = 1;
    CHECK(!block_client_take(&client, &completion));
    CHECK(block_client_sleep(&client));
    CHECK_EQ(client.corruptions, 1);
}

static void test_blockring__what_is_not_published_cannot_be_complete(void)
{
    struct block_completion completion;
    open_both();
    CHECK(post(1));
    page.completion_head = 1;
    CHECK(!block_client_take(&client, &completion));
    CHECK_EQ(client.corruptions, 1);
}

static void test_blockring__own_counters_in_the_page_are_not_believed(void)
{
    struct block_request request;
    struct block_completion completion;
    open_both();
    serve_some(2);
    page.request_tail = 77;
    page.completion_head = 2;
    page.completion_tail = 0;
    CHECK(block_client_take(&client, &completion));
    CHECK_EQ(page.completion_tail, 1);
    CHECK(post(5));
    page.request_head = 99;
    (void)block_client_publish(&client);
    CHECK_EQ(page.request_head, 3);
    CHECK(block_server_take(&server, &request));
    CHECK_EQ(request.id, 5);
    CHECK_EQ(page.request_tail, 3);
}

static void test_blockring__a_new_epoch_begins_again(void)
{
    struct block_request request;
    open_both();
    serve_some(5);
    CHECK(!block_client_follow(&client));
    CHECK(!block_server_follow(&server));
    new_epoch(2);
    CHECK(block_client_follow(&client));
    CHECK(!block_client_follow(&client));
    CHECK_EQ(block_client_outstanding(&client), 0);
    CHECK_EQ(block_client_state(&client), CHANNEL_STATE_STARTING);
    block_server_open(&server, &page); /* the rebuilt end */
    CHECK_EQ(block_client_state(&client), CHANNEL_STATE_STARTING);
    block_server_state(&server, CHANNEL_STATE_READY);
    CHECK_EQ(block_client_state(&client), CHANNEL_STATE_READY);
    CHECK(post(6));
    CHECK(block_client_publish(&client));
    CHECK(block_server_take(&server, &request));
    CHECK_EQ(request.id, 6);
}

/* The end that lives on was in the middle of publishing when the page was zeroed: its store lands in the new epoch. */
static void test_blockring__a_late_store_of_the_old_epoch_counts_for_nothing(void)
{
    struct block_request request;
    struct block_completion completion;
    open_both();
    serve_some(40);
    new_epoch(2);
    CHECK(post(1));
    (void)block_client_publish(&client); /* request_head = 41, in a page of zeros */
    block_server_open(&server, &page);
    block_server_state(&server, CHANNEL_STATE_READY);
    CHECK(!block_server_take(&server, &request));
    CHECK(block_client_follow(&client));
    CHECK(!block_server_take(&server, &request));
    CHECK_EQ(server.corruptions, 0);

    open_both();
    serve_some(40);
    new_epoch(2);
    block_client_open(&client, &page);
    block_server_complete(&server, 1, BLOCK_STATUS_OK);
    (void)block_server_publish(&server); /* completion_head = 41 */
    block_server_state(&server, CHANNEL_STATE_READY);
    CHECK_EQ(block_client_state(&client), CHANNEL_STATE_STARTING);
    CHECK(!block_client_take(&client, &completion));
    CHECK(block_server_follow(&server));
    CHECK_EQ(block_client_state(&client), CHANNEL_STATE_STARTING);
    CHECK(!block_client_take(&client, &completion));
    CHECK_EQ(client.corruptions, 0);
}

static void test_blockring__state_geometry_and_signs_of_life(void)
{
    struct block_geometry shown = {.sectors = 1 << 20, .block_bytes = 4096, .features = 7, .serial = "QM1"},
                          seen;
    open_both();
    block_server_geometry(&server, &shown);
    block_client_geometry(&client, &seen);
    CHECK(memcmp(&shown, &seen, sizeof seen) == 0);
    block_client_ping(&client, 5);
    CHECK_EQ(block_client_pong(&client), 0);
    block_server_pong(&server);
    CHECK_EQ(block_client_pong(&client), 5);
    block_server_state(&server, CHANNEL_STATE_PARKED);
    CHECK_EQ(block_client_state(&client), CHANNEL_STATE_PARKED);
    CHECK(!client.broken);
    page.state = 77;
    CHECK_EQ(block_client_state(&client), CHANNEL_STATE_PARKED);
    CHECK(client.broken);
    CHECK_EQ(client.corruptions, 1);
}

static void test_blockring__health_is_shown(void)
{
    struct block_health seen;
    const struct block_health said = {1, 300, 90, 10, 2, UINT64_C(5000000000)};
    open_both();
    block_client_health(&client, &seen);
    CHECK_EQ(seen.warnings | seen.temperature_k | seen.spare_percent | seen.used_percent | seen.resets |
                 seen.errors,
             0);
    block_server_health(&server, &said);
    block_client_health(&client, &seen);
    CHECK_EQ(seen.warnings, said.warnings);
    CHECK_EQ(seen.temperature_k, said.temperature_k);
    CHECK_EQ(seen.spare_percent, said.spare_percent);
    CHECK_EQ(seen.used_percent, said.used_percent);
    CHECK_EQ(seen.resets, said.resets);
    CHECK_EQ(seen.errors, said.errors);
}

int main(void)
{
    RUN(test_blockring__requests_and_completions_arrive_in_order_across_wraps);
    RUN(test_blockring__a_full_ring_takes_no_more);
    RUN(test_blockring__nothing_is_seen_before_it_is_published);
    RUN(test_blockring__signals_only_who_sleeps);
    RUN(test_blockring__a_client_with_nothing_outstanding_asks_for_no_signal);
    RUN(test_blockring__a_hostile_request_head_is_counted_and_refused);
    RUN(test_blockring__a_head_behind_the_tail_is_refused);
    RUN(test_blockring__a_hostile_completion_tail_is_refused);
    RUN(test_blockring__more_than_the_ring_outstanding_is_refused);
    RUN(test_blockring__a_tail_that_goes_back_is_refused);
    RUN(test_blockring__a_hostile_completion_head_is_counted_and_refused);
    RUN(test_blockring__what_is_not_published_cannot_be_complete);
    RUN(test_blockring__own_counters_in_the_page_are_not_believed);
    RUN(test_blockring__a_new_epoch_begins_again);
    RUN(test_blockring__a_late_store_of_the_old_epoch_counts_for_nothing);
    RUN(test_blockring__state_geometry_and_signs_of_life);
    RUN(test_blockring__health_is_shown);
    return UNIT_RESULT();
}
