/* The encrypted disk against a disk of memory: an honest one, one that fails, one that is cut off at any
 * write, and a hostile one that knows all it was ever given. */
#include <stdlib.h>

#include "cryptdisk.h"
#include "unit.h"

enum { GROUPS = 3, SECTORS = GROUPS * 512, BLOCKS = GROUPS * CRYPT_GROUP_DATA, DISK_BYTES = SECTORS * 512 };

struct bench {
    struct cryptdisk disk;
    struct block_channel front, back;
    struct block_client guest;
    struct block_server store;
    struct crypt_state state[GROUPS + 1];
    uint8_t front_pool[BLOCK_LIMITS_POOL_BYTES], back_pool[BLOCK_LIMITS_POOL_BYTES];
    uint8_t medium[DISK_BYTES + DISK_BYTES / GROUPS]; /* more than is offered */
    uint64_t fail_writes; /* bit n: the n-th write from now ends with an error; carried out if bit 32 + n */
    int cut;              /* writes until the power goes; -1: it stays */
    uint32_t reads, writes, forced, backwards;
};

static uint64_t random_state = 1;

static bool fake_random(uint64_t *value)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    *value = random_state;
    return true;
}

static bool no_random(uint64_t *value)
{
    (void)value;
    return false;
}

static const uint8_t key[CRYPT_KEY_BYTES] = {1, 2, 3};

/* A VMM begins on the medium as it is. */
static void begin_life(struct bench *bench)
{
    memset(&bench->front, 0, sizeof bench->front);
    memset(&bench->back, 0, sizeof bench->back);
    memset(bench->state, 0, sizeof bench->state);
    const struct cryptdisk_parts parts = {.front = &bench->front,
                                          .back = &bench->back,
                                          .front_pool = bench->front_pool,
                                          .back_pool = bench->back_pool,
                                          .state = bench->state,
                                          .groups_max = GROUPS,
                                          .key = key,
                                          .random = fake_random};
    const struct block_geometry geometry = {.sectors = SECTORS, .block_bytes = 512, .features = 0x1f};
    CHECK(cryptdisk_open(&bench->disk, &parts));
    block_client_open(&bench->guest, &bench->front);
    block_server_open(&bench->store, &bench->back);
    block_server_geometry(&bench->store, &geometry);
    block_server_state(&bench->store, CHANNEL_STATE_READY);
    cryptdisk_wake(&bench->disk);
    bench->fail_writes = 0;
    bench->cut = -1;
}

static struct bench *new_bench(void)
{
    struct bench *bench = calloc(1, sizeof *bench);
    begin_life(bench);
    return bench;
}

static enum block_status store_one(struct bench *bench, const struct block_request *request)
{
    uint8_t *at = bench->medium + request->sector * 512, *pool = bench->back_pool + request->data;
    size_t bytes = (size_t)request->sectors * 512;
    if (request->op == BLOCK_OP_FLUSH) {
        return BLOCK_STATUS_OK;
    }
    CHECK(request->sector + request->sectors <= SECTORS);
    CHECK(request->data + bytes <= BLOCK_LIMITS_POOL_BYTES);
    if (request->op == BLOCK_OP_READ) {
        bench->reads++;
        memcpy(pool, at, bytes);
        return BLOCK_STATUS_OK;
    }
    bench->writes++;
    bench->forced += request->flags == BLOCK_FUA;
    bool fails = (bench->fail_writes & 1) != 0, done = (bench->fail_writes & UINT64_C(1) << 32) != 0;
    bench->fail_writes = (bench->fail_writes >> 1) & UINT64_C(0x7fffffff7fffffff);
    if ((!fails || done) && bench->cut != 0) {
        memcpy(at, pool, bytes);
        bench->cut -= bench->cut > 0;
    }
    return fails ? BLOCK_STATUS_IO_ERROR : BLOCK_STATUS_OK;
}

/* Until nobody has anything to do. The store takes what lies in its ring backwards, if it is told to. */
static void settle(struct bench *bench)
{
    for (int rounds = 0; rounds < 1000; rounds++) {
        struct block_request request[BLOCK_LIMITS_RING];
        uint32_t count = 0;
        cryptdisk_wake(&bench->disk);
        while (block_server_take(&bench->store, &request[count])) {
            count++;
        }
        for (uint32_t i = 0; i < count; i++) {
            const struct block_request *one = &request[bench->backwards ? count - 1 - i : i];
            block_server_complete(&bench->store, one->id, store_one(bench, one));
        }
        block_server_publish(&bench->store);
        if (count == 0) {
            return;
        }
    }
    CHECK_EQ(0, 1); /* it settles */
}

static int next_completion(struct bench *bench, uint16_t *id)
{
    struct block_completion completion;
    if (!block_client_take(&bench->guest, &completion)) {
        return -1;
    }
    *id = completion.id;
    return completion.status;
}

static void ask(struct bench *bench, uint16_t id, enum block_op op, uint64_t block, uint32_t blocks)
{
    const struct block_request request = {.id = id,
                                          .op = (uint8_t)op,
                                          .sector = block * 8,
                                          .sectors = blocks * 8,
                                          .data = (uint64_t)id * BLOCK_LIMITS_SLOT_BYTES};
    CHECK(block_client_post(&bench->guest, &request));
    block_client_publish(&bench->guest);
}

static int perform(struct bench *bench, enum block_op op, uint64_t block, uint32_t blocks)
{
    uint16_t id;
    ask(bench, 0, op, block, blocks);
    settle(bench);
    return next_completion(bench, &id);
}

/* Blocks are filled with one byte each. */
static int put(struct bench *bench, uint64_t block, uint32_t blocks, uint8_t value)
{
    memset(bench->front_pool, value, (size_t)blocks * CRYPT_BLOCK_BYTES);
    return perform(bench, BLOCK_OP_WRITE, block, blocks);
}

/* The byte that fills the block, 256 for an error, 257 if it is not filled evenly. */
static int get(struct bench *bench, uint64_t block)
{
    memset(bench->front_pool, 0xee, CRYPT_BLOCK_BYTES);
    if (perform(bench, BLOCK_OP_READ, block, 1) != BLOCK_STATUS_OK) {
        return 256;
    }
    for (size_t i = 1; i < CRYPT_BLOCK_BYTES; i++) {
        if (bench->front_pool[i] != bench->front_pool[0]) {
            return 257;
        }
    }
    return bench->front_pool[0];
}

static uint8_t *on_medium(struct bench *bench, uint64_t block)
{
    return bench->medium + crypt_block_sector(block) * 512;
}

static void test_cryptdisk__gives_back_what_was_written(void)
{
    struct bench *bench = new_bench();
    struct block_geometry geometry;
    CHECK_EQ(block_client_state(&bench->guest), CHANNEL_STATE_READY);
    block_client_geometry(&bench->guest, &geometry);
    CHECK_EQ(geometry.sectors, BLOCKS * 8);
    CHECK_EQ(geometry.block_bytes, 4096);
    CHECK_EQ(get(bench, 5), 0);
    CHECK_EQ(bench->reads, 1); /* the records; blocks that were never written are not asked for */
    CHECK_EQ(put(bench, 60, 16, 7), BLOCK_STATUS_OK);
    for (uint64_t block = 58; block < 78; block++) {
        CHECK_EQ(get(bench, block), block >= 60 && block < 76 ? 7 : 0);
    }
    CHECK_EQ(perform(bench, BLOCK_OP_FLUSH, 0, 0), BLOCK_STATUS_OK);
    CHECK_EQ(bench->forced, 2); /* the records of both groups */
    begin_life(bench);
    CHECK_EQ(get(bench, 60), 7);
    CHECK_EQ(get(bench, 75), 7);
    CHECK_EQ(get(bench, 76), 0);
    CHECK_EQ(bench->disk.refused, 0);
    free(bench);
}

static void test_cryptdisk__shows_the_medium_no_plain_text(void)
{
    struct bench *bench = new_bench();
    CHECK_EQ(put(bench, 0, 16, 'A'), BLOCK_STATUS_OK);
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < DISK_BYTES; i++) {
        run = bench->medium[i] == 'A' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    CHECK(longest < 4);
    CHECK(memcmp(on_medium(bench, 0), on_medium(bench, 1), CRYPT_BLOCK_BYTES) != 0);
    free(bench);
}

static void test_cryptdisk__refuses_a_changed_block(void)
{
    struct bench *bench = new_bench();
    CHECK_EQ(put(bench, 3, 1, 9), BLOCK_STATUS_OK);
    on_medium(bench, 3)[17] ^= 1;
    CHECK_EQ(get(bench, 3), 256);
    CHECK_EQ(bench->disk.refused, 1);
    on_medium(bench, 3)[17] ^= 1;
    CHECK_EQ(get(bench, 3), 9);
    free(bench);
}

static void test_cryptdisk__refuses_another_block_in_its_place(void)
{
    struct bench *bench = new_bench();
    CHECK_EQ(put(bench, 3, 1, 9), BLOCK_STATUS_OK);
    CHECK_EQ(put(bench, 3 + CRYPT_GROUP_DATA, 1, 8), BLOCK_STATUS_OK);
    memcpy(on_medium(bench, 3), on_medium(bench, 3 + CRYPT_GROUP_DATA), CRYPT_BLOCK_BYTES);
    CHECK_EQ(get(bench, 3), 256);
    begin_life(bench); /* with the other group's records as well */
    memcpy(bench->medium, bench->medium + crypt_group_sector(1) * 512, CRYPT_BLOCK_BYTES);
    CHECK_EQ(get(bench, 3), 256);
    free(bench);
}

static void test_cryptdisk__a_tag_covers_where_its_block_stands(void)
{
    static uint8_t plain[CRYPT_BLOCK_BYTES], cipher[CRYPT_BLOCK_BYTES];
    struct crypt_keys keys;
    struct crypt_seal seal;
    CHECK(crypt_keys_init(&keys, key, fake_random));
    CHECK(crypt_block_seal(&keys, 5, plain, cipher, &seal));
    CHECK(crypt_block_open(&keys, 5, &seal, cipher, plain));
    CHECK(!crypt_block_open(&keys, 6, &seal, cipher, plain));
}

static void test_cryptdisk__refuses_changed_records(void)
{
    struct bench *bench = new_bench();
    CHECK_EQ(put(bench, 3, 1, 9), BLOCK_STATUS_OK);
    for (size_t at = 0; at < CRYPT_BLOCK_BYTES; at += 97) {
        bench->medium[at] ^= 0x40;
        begin_life(bench);
        CHECK_EQ(get(bench, 3), 256);
        CHECK_EQ(put(bench, 4, 1, 9), BLOCK_STATUS_IO_ERROR);
        bench->medium[at] ^= 0x40;
    }
    begin_life(bench);
    CHECK_EQ(get(bench, 3), 9);
    free(bench);
}

static void test_cryptdisk__refuses_a_stale_block(void)
{
    static uint8_t old[CRYPT_BLOCK_BYTES];
    struct bench *bench = new_bench();
    CHECK_EQ(put(bench, 3, 1, 1), BLOCK_STATUS_OK);
    memcpy(old, on_medium(bench, 3), sizeof old);
    CHECK_EQ(put(bench, 3, 1, 2), BLOCK_STATUS_OK);
    memcpy(on_medium(bench, 3), old, sizeof old); /* the content before, which the record still names */
    CHECK_EQ(get(bench, 3), 256);
    free(bench);
}

static void test_cryptdisk__refuses_stale_records(void)
{
    static uint8_t old[CRYPT_GROUP_BLOCKS * CRYPT_BLOCK_BYTES];
    struct bench *bench = new_bench();
    CHECK_EQ(put(bench, 3, 1, 1), BLOCK_STATUS_OK);
    memcpy(old, bench->medium, sizeof old);
    CHECK_EQ(put(bench, 3, 1, 2), BLOCK_STATUS_OK);
    for (uint32_t i = 0; i < CRYPT_LINES; i++) {
        bench->disk.line[i].state = CRYPT_LINE_EMPTY; /* as if other groups had taken its place */
    }
    memcpy(bench->medium, old, sizeof old);
    CHECK_EQ(get(bench, 3), 256);
    memset(bench->medium, 0, CRYPT_BLOCK_BYTES); /* nor do zeroes make it blank again */
    CHECK_EQ(get(bench, 3), 256);
    free(bench);
}

/* A hostile disk says that a write of records failed, keeps them, and gives them instead of those that
 * took their place later. */
static void test_cryptdisk__refuses_records_whose_write_had_failed(void)
{
    static uint8_t kept[CRYPT_BLOCK_BYTES], before[CRYPT_BLOCK_BYTES];
    struct bench *bench = new_bench();
    CHECK_EQ(put(bench, 3, 1, 1), BLOCK_STATUS_OK);
    memcpy(before, bench->medium, sizeof before);
    bench->fail_writes = 1 | UINT64_C(1) << 32;
    CHECK_EQ(put(bench, 3, 1, 2), BLOCK_STATUS_IO_ERROR);
    memcpy(kept, bench->medium, sizeof kept);
    memcpy(bench->medium, before, sizeof before);
    CHECK_EQ(get(bench, 3), 1);
    CHECK_EQ(put(bench, 3, 1, 4), BLOCK_STATUS_OK);
    for (uint32_t i = 0; i < CRYPT_LINES; i++) {
        bench->disk.line[i].state = CRYPT_LINE_EMPTY;
    }
    memcpy(bench->medium, kept, sizeof kept);
    CHECK_EQ(get(bench, 3), 256);
    free(bench);
}

/* And it does not bring back, by such an error, what was overwritten before. */
static void test_cryptdisk__an_error_makes_nothing_stale_good_again(void)
{
    static uint8_t first[CRYPT_BLOCK_BYTES];
    struct bench *bench = new_bench();
    CHECK_EQ(put(bench, 3, 1, 1), BLOCK_STATUS_OK);
    memcpy(first, on_medium(bench, 3), sizeof first);
    CHECK_EQ(put(bench, 3, 1, 2), BLOCK_STATUS_OK);
    for (int done = 0; done < 2; done++) {
        bench->fail_writes = 1 | (uint64_t)done << 32;
        CHECK_EQ(put(bench, 3, 1, 3), BLOCK_STATUS_IO_ERROR);
        CHECK_EQ(get(bench, 3), 2);
    }
    memcpy(on_medium(bench, 3), first, sizeof first);
    CHECK_EQ(get(bench, 3), 256);
    free(bench);
}

static void test_cryptdisk__discarded_blocks_read_as_zeroes(void)
{
    struct bench *bench = new_bench();
    CHECK_EQ(put(bench, 50, 16, 5), BLOCK_STATUS_OK);
    uint32_t writes = bench->writes;
    CHECK_EQ(perform(bench, BLOCK_OP_DISCARD, 0, BLOCKS), BLOCK_STATUS_OK);
    CHECK_EQ(bench->writes, writes + GROUPS);
    CHECK_EQ(get(bench, 50), 0);
    CHECK_EQ(get(bench, 65), 0);
    CHECK_EQ(put(bench, 51, 1, 6), BLOCK_STATUS_OK);
    CHECK_EQ(perform(bench, BLOCK_OP_WRITE_ZEROES, 51, 1), BLOCK_STATUS_OK);
    CHECK_EQ(get(bench, 51), 0);
    free(bench);
}

static void test_cryptdisk__refuses_what_lies_outside(void)
{
    static const struct block_request refused[] = {
        {.op = BLOCK_OP_READ, .sector = BLOCKS * 8, .sectors = 8},
        {.op = BLOCK_OP_READ, .sector = (BLOCKS - 1) * 8, .sectors = 16},
        {.op = BLOCK_OP_READ, .sector = 0, .sectors = 0},
        {.op = BLOCK_OP_READ, .sector = 1, .sectors = 8},
        {.op = BLOCK_OP_READ, .sector = 0, .sectors = 7},
        {.op = BLOCK_OP_READ, .sector = 0, .sectors = 136},
        {.op = BLOCK_OP_READ, .sector = 0, .sectors = 8, .data = 512},
        {.op = BLOCK_OP_WRITE, .sector = 0, .sectors = 8, .data = BLOCK_LIMITS_POOL_BYTES},
        {.op = BLOCK_OP_WRITE, .sector = UINT64_C(0xfffffffffffffff8), .sectors = 8},
    };
    struct bench *bench = new_bench();
    uint16_t id;
    for (size_t i = 0; i < ARRAY_COUNT(refused); i++) {
        CHECK(block_client_post(&bench->guest, &refused[i]));
        block_client_publish(&bench->guest);
        settle(bench);
        CHECK_EQ(next_completion(bench, &id), BLOCK_STATUS_RANGE);
    }
    const struct block_request unknown = {.op = BLOCK_OP_WRITE_ZEROES + 1, .sectors = 8};
    CHECK(block_client_post(&bench->guest, &unknown));
    block_client_publish(&bench->guest);
    settle(bench);
    CHECK_EQ(next_completion(bench, &id), BLOCK_STATUS_UNSUPPORTED);
    CHECK_EQ(bench->reads + bench->writes, 0);
    free(bench);
}

static void test_cryptdisk__answers_each_request_once(void)
{
    struct bench *bench = new_bench();
    struct block_request request;
    uint16_t id;
    ask(bench, 9, BLOCK_OP_READ, 0, 1);
    cryptdisk_wake(&bench->disk);
    CHECK(block_server_take(&bench->store, &request));
    ask(bench, 10, BLOCK_OP_FLUSH, 0, 0);
    cryptdisk_wake(&bench->disk);
    struct block_request flush;
    CHECK(block_server_take(&bench->store, &flush));
    block_server_complete(&bench->store, flush.id, BLOCK_STATUS_OK);
    block_server_complete(&bench->store, flush.id, BLOCK_STATUS_OK); /* twice, in place of the other */
    block_server_publish(&bench->store);
    cryptdisk_wake(&bench->disk);
    CHECK_EQ(next_completion(bench, &id), BLOCK_STATUS_OK);
    CHECK_EQ(id, 10);
    CHECK_EQ(next_completion(bench, &id), -1);
    CHECK_EQ(bench->disk.refused, 1);
    free(bench);
}

/* The power goes after any number of writes: each block is what it was or what it was to be. */
static void test_cryptdisk__a_cut_leaves_the_old_or_the_new(void)
{
    for (int cut = 0; cut < 12; cut++) {
        struct bench *bench = new_bench();
        CHECK_EQ(put(bench, 58, 10, 1), BLOCK_STATUS_OK);
        bench->cut = cut;
        (void)put(bench, 60, 8, 2);
        (void)put(bench, 61, 4, 3);
        (void)perform(bench, BLOCK_OP_DISCARD, 62, 1);
        begin_life(bench);
        for (uint64_t block = 58; block < 68; block++) {
            int value = get(bench, block);
            CHECK(value == 1 || (value == 2 && block >= 60) || (value == 3 && block >= 61 && block < 65) ||
                  (value == 0 && block == 62));
        }
        CHECK_EQ(put(bench, 59, 6, 4), BLOCK_STATUS_OK); /* and it goes on from there */
        CHECK_EQ(get(bench, 59), 4);
        CHECK_EQ(get(bench, 64), 4);
        CHECK_EQ(bench->disk.refused, 0);
        free(bench);
    }
}

/* Records without their data, twice in a row: what stands there is still known. */
static void test_cryptdisk__two_cuts_leave_the_old(void)
{
    struct bench *bench = new_bench();
    CHECK_EQ(put(bench, 3, 1, 1), BLOCK_STATUS_OK);
    for (uint8_t value = 2; value < 4; value++) {
        bench->cut = 1;
        (void)put(bench, 3, 1, value);
        begin_life(bench);
    }
    CHECK_EQ(get(bench, 3), 1);
    free(bench);
}

/* After a cut either content is good, but not one today and the other tomorrow. */
static void test_cryptdisk__refuses_the_other_content_after_a_look(void)
{
    static uint8_t other[CRYPT_BLOCK_BYTES];
    struct bench *bench = new_bench();
    CHECK_EQ(put(bench, 3, 1, 1), BLOCK_STATUS_OK);
    bench->cut = 1;
    (void)put(bench, 3, 1, 2);
    memcpy(other, bench->back_pool, sizeof other); /* what the device was to write */
    begin_life(bench);
    CHECK_EQ(get(bench, 3), 1);
    memcpy(on_medium(bench, 3), other, sizeof other);
    CHECK_EQ(get(bench, 3), 256);
    begin_life(bench);
    CHECK_EQ(get(bench, 3), 2);
    free(bench);
}

/* The disk's server is rebuilt with everything in flight. */
static void test_cryptdisk__asks_again_when_the_disk_begins_anew(void)
{
    const struct block_geometry geometry = {.sectors = SECTORS, .block_bytes = 512, .features = 0x1f};
    struct bench *bench = new_bench();
    uint16_t id;
    for (uint16_t i = 0; i < 20; i++) {
        memset(bench->front_pool + (size_t)i * BLOCK_LIMITS_SLOT_BYTES, i + 1, CRYPT_BLOCK_BYTES);
        ask(bench, i, BLOCK_OP_WRITE, i * 7u, 1);
    }
    cryptdisk_wake(&bench->disk);
    memset(&bench->back, 0, sizeof bench->back);
    bench->back.epoch = 1;
    block_server_open(&bench->store, &bench->back);
    cryptdisk_wake(&bench->disk);
    block_server_geometry(&bench->store, &geometry);
    block_server_state(&bench->store, CHANNEL_STATE_READY);
    settle(bench);
    uint32_t answered = 0;
    for (int status; (status = next_completion(bench, &id)) >= 0; answered++) {
        CHECK_EQ(status, BLOCK_STATUS_OK);
    }
    CHECK_EQ(answered, 20);
    for (uint16_t i = 0; i < 20; i++) {
        CHECK_EQ(get(bench, i * 7u), i + 1);
    }
    free(bench);
}

/* Many requests at once, some failing, against what each block may be. */
static void random_rounds(struct bench *bench, uint32_t rounds)
{
    static uint64_t may[BLOCKS][4]; /* 256 bits: the values that a block may have */
    memset(may, 0, sizeof may);
    for (size_t i = 0; i < BLOCKS; i++) {
        may[i][0] = 1;
    }
    for (uint32_t round = 0; round < rounds; round++) {
        uint64_t draw;
        fake_random(&draw);
        draw >>= 16;
        uint64_t block = draw % BLOCKS, value = 1 + (draw >> 8) % 255;
        uint32_t blocks = 1 + (uint32_t)min_u64((draw >> 24) % 16, BLOCKS - 1 - block);
        bench->backwards = (draw >> 30) & 1;
        bench->fail_writes = ((draw >> 31) & 7) == 0 ? 1 + ((draw >> 34) & 2) : 0;
        bench->fail_writes |= ((draw >> 36) & 3) << 32;
        if (((draw >> 38) & 3) == 0) {
            int got = get(bench, block);
            CHECK(got < 256 && (may[block][got / 64] >> got % 64 & 1) != 0);
            memset(may[block], 0, sizeof may[block]); /* once seen, it stays */
            may[block][got / 64] = UINT64_C(1) << got % 64;
        } else {
            int status = put(bench, block, blocks, (uint8_t)value);
            for (uint32_t i = 0; i < blocks; i++) {
                if (status == BLOCK_STATUS_OK) {
                    memset(may[block + i], 0, sizeof may[block + i]);
                }
                may[block + i][value / 64] |= UINT64_C(1) << value % 64;
            }
        }
        if (((draw >> 40) & 127) == 0) {
            begin_life(bench);
        }
    }
    CHECK_EQ(bench->disk.refused, 0);
}

static void test_cryptdisk__random_requests_with_errors(void)
{
    struct bench *bench = new_bench();
    random_rounds(bench, 3000);
    free(bench);
}

static void test_cryptdisk__without_random_numbers_nothing_is_encrypted(void)
{
    struct bench *bench = new_bench();
    bench->disk.keys.random = no_random;
    bench->disk.keys.counter = UINT32_MAX;
    CHECK_EQ(put(bench, 3, 1, 1), BLOCK_STATUS_IO_ERROR);
    CHECK_EQ(bench->writes, 0);
    struct crypt_keys keys;
    CHECK(!crypt_keys_init(&keys, key, no_random));
    free(bench);
}

static void test_cryptdisk__nonces_are_not_used_twice(void)
{
    static uint8_t plain[CRYPT_BLOCK_BYTES], cipher[CRYPT_BLOCK_BYTES];
    struct crypt_keys keys;
    struct crypt_seal before, behind;
    CHECK(crypt_keys_init(&keys, key, fake_random));
    keys.counter = UINT32_MAX - 1;
    CHECK(crypt_block_seal(&keys, 0, plain, cipher, &before));
    CHECK(crypt_block_seal(&keys, 0, plain, cipher, &behind));
    CHECK(memcmp(before.nonce, behind.nonce, 8) != 0); /* a new session */
    CHECK(!crypt_seal_empty(&before) && !crypt_seal_empty(&behind));
}

int main(void)
{
    RUN(test_cryptdisk__gives_back_what_was_written);
    RUN(test_cryptdisk__shows_the_medium_no_plain_text);
    RUN(test_cryptdisk__refuses_a_changed_block);
    RUN(test_cryptdisk__refuses_another_block_in_its_place);
    RUN(test_cryptdisk__a_tag_covers_where_its_block_stands);
    RUN(test_cryptdisk__refuses_changed_records);
    RUN(test_cryptdisk__refuses_a_stale_block);
    RUN(test_cryptdisk__refuses_stale_records);
    RUN(test_cryptdisk__refuses_records_whose_write_had_failed);
    RUN(test_cryptdisk__an_error_makes_nothing_stale_good_again);
    RUN(test_cryptdisk__discarded_blocks_read_as_zeroes);
    RUN(test_cryptdisk__refuses_what_lies_outside);
    RUN(test_cryptdisk__answers_each_request_once);
    RUN(test_cryptdisk__a_cut_leaves_the_old_or_the_new);
    RUN(test_cryptdisk__two_cuts_leave_the_old);
    RUN(test_cryptdisk__refuses_the_other_content_after_a_look);
    RUN(test_cryptdisk__asks_again_when_the_disk_begins_anew);
    RUN(test_cryptdisk__random_requests_with_errors);
    RUN(test_cryptdisk__without_random_numbers_nothing_is_encrypted);
    RUN(test_cryptdisk__nonces_are_not_used_twice);
    return UNIT_RESULT();
}
