/* The channel to blkvirt: epochs, refusals, states. */
#define BENCH_WITHOUT_DONE
#include "bench.h"

#include "channel.h"

static struct block_channel page;
static struct block_client client;
static struct channel channel;

void drive_done(struct drive *drive, uint16_t id, enum block_status status)
{
    CHECK(drive == &nvme->drive);
    block_server_complete(&channel.server, id, status);
}

void drive_health_changed(struct drive *drive)
{
    block_server_health(&channel.server, &drive->health);
}

static void open_channel(void)
{
    init(9);
    memset(&page, 0, sizeof page);
    block_client_open(&client, &page);
    channel_open(&channel, &page, &nvme->drive);
}

static bool ask(uint16_t id, enum block_op op, uint64_t sector, uint32_t sectors, uint64_t data)
{
    const struct block_request request = {
        .id = id, .op = (uint8_t)op, .sector = sector, .sectors = sectors, .data = data};
    return block_client_post(&client, &request) && (block_client_publish(&client), true);
}

static bool work(void)
{
    bool asleep, signal = false;
    do {
        signal = channel_work(&channel, now, &asleep) || signal;
    } while (!asleep);
    return signal;
}

static void test_channel__serves_requests(void)
{
    struct block_completion completion;
    struct block_geometry seen;
    open_channel();
    CHECK_EQ(block_client_state(&client), CHANNEL_STATE_READY);
    block_client_geometry(&client, &seen);
    CHECK_EQ(seen.sectors, MODEL_SECTORS);
    CHECK(work()); /* a new state is told */
    CHECK(!work());
    CHECK(ask(3, BLOCK_OP_WRITE, 8, 8, MODEL_POOL_IOVA));
    CHECK(work() || work());
    CHECK(block_client_take(&client, &completion));
    CHECK_EQ(completion.id, 3);
    CHECK_EQ(completion.status, BLOCK_STATUS_OK);
    CHECK_EQ(model.offences, 0);
}

static enum block_status check(uint8_t op, uint8_t flags, uint64_t sector, uint32_t sectors, uint64_t data)
{
    static const struct block_geometry disk = {.sectors = 1024, .block_bytes = 4096, .features = 0x0f};
    const struct block_request request = {
        .op = op, .flags = flags, .sector = sector, .sectors = sectors, .data = data};
    return channel_check(&disk, &request);
}

static void test_channel__a_request_is_checked(void)
{
    CHECK_EQ(check(BLOCK_OP_READ, 0, 1016, 8, 0x1000), BLOCK_STATUS_OK);
    CHECK_EQ(check(BLOCK_OP_READ, 0, 0, 128, 0x1000), BLOCK_STATUS_OK);
    CHECK_EQ(check(BLOCK_OP_READ, 0, 0, 136, 0x1000), BLOCK_STATUS_RANGE);
    CHECK_EQ(check(BLOCK_OP_READ, 0, 1016, 16, 0x1000), BLOCK_STATUS_RANGE);
    CHECK_EQ(check(BLOCK_OP_READ, 0, UINT64_MAX - 7, 16, 0x1000), BLOCK_STATUS_RANGE);
    CHECK_EQ(check(BLOCK_OP_READ, 0, 0, 0, 0x1000), BLOCK_STATUS_RANGE);
    CHECK_EQ(check(BLOCK_OP_READ, 0, 4, 8, 0x1000), BLOCK_STATUS_RANGE);
    CHECK_EQ(check(BLOCK_OP_READ, 0, 0, 4, 0x1000), BLOCK_STATUS_RANGE);
    CHECK_EQ(check(BLOCK_OP_WRITE, 0, 0, 8, 0x1200), BLOCK_STATUS_RANGE);
    CHECK_EQ(check(BLOCK_OP_WRITE, 0, 0, 8, UINT64_MAX - 4095), BLOCK_STATUS_RANGE);
    CHECK_EQ(check(BLOCK_OP_WRITE, BLOCK_FUA, 0, 8, 0x1000), BLOCK_STATUS_OK);
    CHECK_EQ(check(BLOCK_OP_WRITE, 2, 0, 8, 0x1000), BLOCK_STATUS_UNSUPPORTED);
    CHECK_EQ(check(BLOCK_OP_READ, BLOCK_FUA, 0, 8, 0x1000), BLOCK_STATUS_UNSUPPORTED);
    CHECK_EQ(check(BLOCK_OP_DISCARD, 0, 0, 1024, 0), BLOCK_STATUS_OK);
    CHECK_EQ(check(BLOCK_OP_DISCARD, 0, 0, 1032, 0), BLOCK_STATUS_RANGE);
    CHECK_EQ(check(BLOCK_OP_WRITE_ZEROES, 0, 0, 8, 0), BLOCK_STATUS_UNSUPPORTED); /* not in features */
    CHECK_EQ(check(5, 0, 0, 8, 0), BLOCK_STATUS_UNSUPPORTED);
    CHECK_EQ(check(255, 0, 0, 8, 0), BLOCK_STATUS_UNSUPPORTED);
    CHECK_EQ(check(BLOCK_OP_FLUSH, 0, 7, 7, 7), BLOCK_STATUS_OK);
}

static void test_channel__a_refused_request_is_answered(void)
{
    struct block_completion completion;
    open_channel();
    CHECK(ask(9, BLOCK_OP_READ, MODEL_SECTORS, 8, MODEL_POOL_IOVA));
    (void)work();
    CHECK(block_client_take(&client, &completion));
    CHECK_EQ(completion.id, 9);
    CHECK_EQ(completion.status, BLOCK_STATUS_RANGE);
    CHECK_EQ(model.seen_count, 0);
}

/* blkvirt was rebuilt: its requests of before may not write into pools any more. */
static void test_channel__a_new_epoch_resets_the_controller_before_it_serves(void)
{
    struct block_completion completion;
    open_channel();
    model.hold = true;
    CHECK(ask(1, BLOCK_OP_READ, 0, 8, MODEL_POOL_IOVA));
    (void)work();
    CHECK_EQ(model.held_count, 1);
    memset(&page, 0, sizeof page);
    page.epoch = 1;
    block_client_open(&client, &page);
    CHECK_EQ(block_client_state(&client), CHANNEL_STATE_STARTING);
    CHECK(work());
    CHECK_EQ(model.resets, 1);
    CHECK_EQ(model.held_count, 0);
    CHECK_EQ(block_client_state(&client), CHANNEL_STATE_READY);
    CHECK(!block_client_take(&client, &completion));
    model.hold = false;
    CHECK(ask(2, BLOCK_OP_READ, 0, 8, MODEL_POOL_IOVA));
    (void)work();
    (void)work();
    CHECK(block_client_take(&client, &completion));
    CHECK_EQ(completion.id, 2);
    CHECK(!block_client_take(&client, &completion));
}

static void test_channel__a_device_that_does_not_start_parks_the_channel(void)
{
    init(9);
    model.never_ready = true;
    memset(&page, 0, sizeof page);
    block_client_open(&client, &page);
    channel_open(&channel, &page, &nvme->drive);
    CHECK_EQ(block_client_state(&client), CHANNEL_STATE_PARKED);
    CHECK(work());
    block_client_ping(&client, 4);
    CHECK(!work());
    CHECK_EQ(block_client_pong(&client), 4);
}

static void test_channel__a_device_that_fails_parks_the_channel(void)
{
    open_channel();
    (void)work();
    model.hold = true;
    CHECK(ask(1, BLOCK_OP_READ, 0, 8, MODEL_POOL_IOVA));
    (void)work();
    model.csts = UINT32_MAX;
    model.cap = UINT64_MAX;
    now += 2 * SECOND;
    CHECK(work());
    CHECK_EQ(block_client_state(&client), CHANNEL_STATE_PARKED);
}

static void test_channel__more_requests_than_the_device_holds_wait_in_the_channel(void)
{
    struct block_completion completion;
    unsigned answered = 0;
    open_channel();
    model.hold = true;
    for (uint16_t id = 0; id < 256; id++)
        CHECK(ask(id, BLOCK_OP_FLUSH, 0, 0, 0));
    (void)work();
    CHECK_EQ(model.held_count, 255);
    while (model.held_count != 0)
        model_finish(0);
    (void)work();
    CHECK_EQ(model.held_count, 1);
    model_finish(0);
    (void)work();
    while (block_client_take(&client, &completion))
        answered++;
    CHECK_EQ(answered, 256);
}

int main(void)
{
    RUN(test_channel__serves_requests);
    RUN(test_channel__a_request_is_checked);
    RUN(test_channel__a_refused_request_is_answered);
    RUN(test_channel__a_new_epoch_resets_the_controller_before_it_serves);
    RUN(test_channel__a_device_that_does_not_start_parks_the_channel);
    RUN(test_channel__a_device_that_fails_parks_the_channel);
    RUN(test_channel__more_requests_than_the_device_holds_wait_in_the_channel);
    return UNIT_RESULT();
}
