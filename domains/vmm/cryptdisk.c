#include "cryptdisk.h"

#include <string.h>

enum { SECTORS_PER_BLOCK = CRYPT_BLOCK_BYTES / BLOCK_LIMITS_SECTOR_BYTES };

_Static_assert(CRYPT_OPS + CRYPT_LINES <= BLOCK_LIMITS_SLOTS, "each has a slot of the disk's pool");

static uint8_t *slot_bytes(const struct cryptdisk *disk, uint32_t slot)
{
    return disk->back_pool + (uint64_t)slot * BLOCK_LIMITS_SLOT_BYTES;
}

static uint32_t op_slot(const struct cryptdisk *disk, const struct crypt_op *op)
{
    return (uint32_t)(op - disk->op);
}

static uint32_t line_slot(const struct cryptdisk *disk, const struct crypt_line *line)
{
    return CRYPT_OPS + (uint32_t)(line - disk->line);
}

/* ------------------------------------------------------------------ to the disk */

static void post(struct cryptdisk *disk, uint32_t slot, enum block_op what, uint64_t sector, uint64_t blocks)
{
    disk->out[slot] = (struct block_request){
        .id = (uint16_t)slot,
        .op = (uint8_t)what,
        .flags = slot >= CRYPT_OPS && what == BLOCK_OP_WRITE ? BLOCK_FUA : 0,
        .sectors = (uint32_t)(blocks * SECTORS_PER_BLOCK),
        .sector = sector,
        .data = (uint64_t)slot * BLOCK_LIMITS_SLOT_BYTES,
    };
    disk->posted[slot] = 1;
    (void)block_client_post(&disk->back, &disk->out[slot]); /* a ring has room for every slot */
}

static void post_part(struct cryptdisk *disk, struct crypt_op *op, enum crypt_phase phase)
{
    op->phase = phase;
    post(disk, op_slot(disk, op), phase == CRYPT_WRITE ? BLOCK_OP_WRITE : BLOCK_OP_READ,
         crypt_block_sector(op->block), op->part);
}

/* ------------------------------------------------------------------ a group's records */

static uint32_t index_of(const struct crypt_op *op, uint32_t i)
{
    return (uint32_t)((op->block + i) % CRYPT_GROUP_DATA);
}

static bool has_previous(const struct crypt_record *record)
{
    return !crypt_seal_empty(&record->previous) || record->reserved[0] != 0;
}

/* A write of records went well, or is found to have been carried out: what counted as previous is current in them. */
static void generation_moved(struct crypt_state *state, uint64_t found)
{
    state->seen = found;
    state->attempted = 0;
    state->current_only |= state->previous_only;
    state->previous_only = 0;
}

/* Records whose write ended with an error are on the disk nevertheless; the data behind them was never written. */
static void attempt_found(struct crypt_state *state, const struct crypt_group *records)
{
    generation_moved(state, records->generation + 1);
    for (uint32_t i = 0; i < CRYPT_GROUP_DATA; i++) {
        uint64_t bit = UINT64_C(1) << i;
        if ((state->current_only & bit) != 0 && has_previous(&records->record[i])) {
            state->current_only &= ~bit;
            state->previous_only |= bit;
        }
    }
}

/* The records arrived: are they ours, and the last ones that we wrote? */
static bool records_accepted(const struct cryptdisk *disk, const struct crypt_line *line)
{
    struct crypt_state *state = &disk->state[line->group];
    const struct crypt_group *records = &line->records;
    bool blank = crypt_group_blank(records);
    if (!blank && (!crypt_group_valid(&disk->keys, records, line->group) || records->generation == 0 ||
                   records->generation >= UINT64_MAX / 2)) {
        return false;
    }
    uint64_t found = records->generation + 1;
    if (state->seen == 0 || found == state->seen) {
        state->seen = found;
        state->attempted = 0;
    } else if (found == state->attempted) {
        attempt_found(state, records);
    } else {
        return false;
    }
    state->highest = found > state->highest ? found : state->highest;
    return true;
}

static void line_loaded(struct cryptdisk *disk, struct crypt_line *line, bool well)
{
    memcpy(&line->records, slot_bytes(disk, line_slot(disk, line)), sizeof line->records);
    if (well && records_accepted(disk, line)) {
        line->state = CRYPT_LINE_READY;
        return;
    }
    disk->refused += well;
    line->state = CRYPT_LINE_REFUSED;
}

/* The line of @group, perhaps still on its way; NULL: all are in use. */
static struct crypt_line *line_find(struct cryptdisk *disk, uint64_t group)
{
    struct crypt_line *oldest = NULL;
    for (uint32_t i = 0; i < CRYPT_LINES; i++) {
        struct crypt_line *line = &disk->line[i];
        if (line->state != CRYPT_LINE_EMPTY && line->group == group) {
            return line;
        }
        if (line->state == CRYPT_LINE_LOADING || line->readers != 0 || line->writer) {
            continue;
        }
        if (oldest == NULL || line->state == CRYPT_LINE_EMPTY || line->used < oldest->used) {
            oldest = line;
        }
    }
    if (oldest != NULL) {
        oldest->state = CRYPT_LINE_LOADING;
        oldest->group = group;
        oldest->used = disk->wakes;
        post(disk, line_slot(disk, oldest), BLOCK_OP_READ, crypt_group_sector(group), 1);
    }
    return oldest;
}

/* What the part's record counts as now. */
enum meaning { CURRENT, PREVIOUS, EITHER };

static enum meaning meaning_of(const struct cryptdisk *disk, const struct crypt_op *op, uint32_t i)
{
    const struct crypt_state *state = &disk->state[op->line->group];
    uint64_t bit = UINT64_C(1) << index_of(op, i);
    const struct crypt_record *record = &op->line->records.record[index_of(op, i)];
    if ((state->previous_only & bit) != 0) {
        return PREVIOUS;
    }
    bool alone = !has_previous(record) || crypt_seal_empty(&record->current);
    return alone || (state->current_only & bit) != 0 ? CURRENT : EITHER;
}

static void remember(const struct cryptdisk *disk, const struct crypt_op *op, uint32_t i,
                     enum meaning meaning)
{
    struct crypt_state *state = &disk->state[op->line->group];
    uint64_t bit = UINT64_C(1) << index_of(op, i);
    state->current_only &= ~bit;
    state->previous_only &= ~bit;
    state->current_only |= meaning == CURRENT ? bit : 0;
    state->previous_only |= meaning == PREVIOUS ? bit : 0;
}

/* ------------------------------------------------------------------ one block of what was read */

static bool open_as(const struct cryptdisk *disk, const struct crypt_seal *seal, uint64_t block,
                    const uint8_t *cipher, uint8_t *plain)
{
    if (crypt_seal_empty(seal)) {
        memset(plain, 0, CRYPT_BLOCK_BYTES);
        return true;
    }
    memcpy(plain, cipher, CRYPT_BLOCK_BYTES); /* the device may change @cipher between any two looks */
    return crypt_block_open(&disk->keys, block, seal, plain, plain);
}

/* Block @i of the part, from the disk's pool to @plain; remembers what it was. */
static bool open_block(struct cryptdisk *disk, const struct crypt_op *op, uint32_t i, uint8_t *plain)
{
    const struct crypt_record *record = &op->line->records.record[index_of(op, i)];
    const uint8_t *cipher = slot_bytes(disk, op_slot(disk, op)) + (uint64_t)i * CRYPT_BLOCK_BYTES;
    enum meaning meaning = meaning_of(disk, op, i);
    if (meaning != PREVIOUS && open_as(disk, &record->current, op->block + i, cipher, plain)) {
        remember(disk, op, i, CURRENT);
        return true;
    }
    if (meaning != CURRENT && open_as(disk, &record->previous, op->block + i, cipher, plain)) {
        remember(disk, op, i, PREVIOUS);
        return true;
    }
    disk->refused++;
    return false;
}

/* ------------------------------------------------------------------ requests, part by part */

static void part_release(struct crypt_op *op)
{
    if (op->request.op == BLOCK_OP_READ) {
        op->line->readers--;
    } else {
        op->line->writer = false;
    }
    op->line = NULL;
}

static void finish(struct cryptdisk *disk, struct crypt_op *op, enum block_status status)
{
    if (op->line != NULL) {
        part_release(op);
    }
    op->phase = CRYPT_FREE;
    block_server_complete(&disk->front, op->request.id, status);
}

static void next_part(struct cryptdisk *disk, struct crypt_op *op)
{
    op->block += op->part;
    op->left -= op->part;
    op->done += op->part;
    if (op->left == 0) {
        finish(disk, op, BLOCK_STATUS_OK);
        return;
    }
    part_release(op);
    op->phase = CRYPT_LINE;
}

static uint8_t *plain_of(const struct cryptdisk *disk, const struct crypt_op *op, uint32_t i)
{
    return disk->front_pool + op->request.data + (uint64_t)(op->done + i) * CRYPT_BLOCK_BYTES;
}

static void read_done(struct cryptdisk *disk, struct crypt_op *op)
{
    for (uint32_t i = 0; i < op->part; i++) {
        if (!open_block(disk, op, i, plain_of(disk, op, i))) {
            finish(disk, op, BLOCK_STATUS_IO_ERROR);
            return;
        }
    }
    next_part(disk, op);
}

/* Contents that no longer count leave the group's records with its next write. */
static void forget_stale(struct crypt_group *records, const struct crypt_state *state)
{
    for (uint32_t i = 0; i < CRYPT_GROUP_DATA; i++) {
        uint64_t bit = UINT64_C(1) << i;
        struct crypt_record *record = &records->record[i];
        if ((state->previous_only & bit) != 0) {
            record->current = record->previous;
        }
        if (((state->current_only | state->previous_only) & bit) != 0) {
            memset(&record->previous, 0, sizeof record->previous);
            record->reserved[0] = 0;
        }
    }
}

static bool seal_part(struct cryptdisk *disk, struct crypt_op *op)
{
    for (uint32_t i = 0; i < op->part; i++) {
        struct crypt_record *record = &op->line->records.record[index_of(op, i)];
        struct crypt_seal *seal = &record->current;
        record->previous = *seal;
        record->reserved[0] = crypt_seal_empty(seal); /* what was there before were zeroes */
        if (op->request.op != BLOCK_OP_WRITE) {
            memset(record, 0, sizeof *record);
            continue;
        }
        if (!crypt_block_seal(&disk->keys, op->block + i, plain_of(disk, op, i), disk->scratch, seal)) {
            return false;
        }
        memcpy(slot_bytes(disk, op_slot(disk, op)) + (uint64_t)i * CRYPT_BLOCK_BYTES, disk->scratch,
               CRYPT_BLOCK_BYTES);
    }
    return true;
}

/* Until its data is written, what its blocks hold may be the current or the previous content. */
static void part_unknown(struct cryptdisk *disk, struct crypt_op *op)
{
    for (uint32_t i = 0; i < op->part; i++) {
        remember(disk, op, i, EITHER);
    }
}

/* Every record of the part counts as one thing: seal the new contents and write the records. */
static void write_records(struct cryptdisk *disk, struct crypt_op *op)
{
    struct crypt_line *line = op->line;
    struct crypt_state *state = &disk->state[line->group];
    for (uint32_t i = 0; i < op->part; i++) {
        remember(disk, op, i, meaning_of(disk, op, i));
    }
    forget_stale(&line->records, state);
    if (!seal_part(disk, op) || !crypt_group_seal(&disk->keys, &line->records, line->group, state->highest)) {
        line->state = CRYPT_LINE_EMPTY;
        finish(disk, op, BLOCK_STATUS_IO_ERROR);
        return;
    }
    state->highest++; /* generation + 1, as `seen` */
    state->attempted = state->highest;
    memcpy(slot_bytes(disk, line_slot(disk, line)), &line->records, sizeof line->records);
    op->phase = CRYPT_RECORDS;
    post(disk, line_slot(disk, line), BLOCK_OP_WRITE, crypt_group_sector(line->group), 1);
}

static void write_begin(struct cryptdisk *disk, struct crypt_op *op)
{
    for (uint32_t i = 0; i < op->part; i++) {
        if (meaning_of(disk, op, i) == EITHER) {
            post_part(disk, op, CRYPT_RESOLVE);
            return;
        }
    }
    write_records(disk, op);
}

static void resolve_done(struct cryptdisk *disk, struct crypt_op *op)
{
    for (uint32_t i = 0; i < op->part; i++) {
        if (meaning_of(disk, op, i) == EITHER && !open_block(disk, op, i, disk->scratch)) {
            remember(disk, op, i, CURRENT); /* lost before; what is written now takes its place */
        }
    }
    write_records(disk, op);
}

static void records_done(struct cryptdisk *disk, struct crypt_line *line, bool well)
{
    struct crypt_state *state = &disk->state[line->group];
    struct crypt_op *op = NULL;
    for (uint32_t i = 0; i < CRYPT_OPS && op == NULL; i++) {
        op = disk->op[i].phase == CRYPT_RECORDS && disk->op[i].line == line ? &disk->op[i] : NULL;
    }
    if (op == NULL) {
        return;
    }
    if (!well) {
        line->state = CRYPT_LINE_EMPTY; /* the disk will say which records it has */
        finish(disk, op, BLOCK_STATUS_IO_ERROR);
        return;
    }
    generation_moved(state, line->records.generation + 1);
    if (op->request.op == BLOCK_OP_WRITE) {
        part_unknown(disk, op);
        post_part(disk, op, CRYPT_WRITE);
    } else {
        next_part(disk, op);
    }
}

static void write_done(struct cryptdisk *disk, struct crypt_op *op)
{
    for (uint32_t i = 0; i < op->part; i++) {
        remember(disk, op, i, CURRENT);
    }
    next_part(disk, op);
}

/* All of the part reads as zeroes: the disk need not be asked. */
static bool part_blank(const struct cryptdisk *disk, const struct crypt_op *op)
{
    for (uint32_t i = 0; i < op->part; i++) {
        if (meaning_of(disk, op, i) != CURRENT ||
            !crypt_seal_empty(&op->line->records.record[index_of(op, i)].current)) {
            return false;
        }
    }
    return true;
}

/* Its group's records, its turn with them, and on. Answers whether anything changed. */
static bool part_begin(struct cryptdisk *disk, struct crypt_op *op)
{
    struct crypt_line *line = line_find(disk, op->block / CRYPT_GROUP_DATA);
    bool reads = op->request.op == BLOCK_OP_READ;
    if (line == NULL || line->state == CRYPT_LINE_LOADING || line->writer || (!reads && line->readers != 0)) {
        return false;
    }
    if (line->state == CRYPT_LINE_REFUSED) {
        if (line->readers == 0) {
            line->state = CRYPT_LINE_EMPTY; /* the next request looks again */
        }
        finish(disk, op, BLOCK_STATUS_IO_ERROR);
        return true;
    }
    line->used = disk->wakes;
    line->readers += reads;
    line->writer = !reads;
    op->line = line;
    op->part = (uint32_t)min_u64(op->left, CRYPT_GROUP_DATA - op->block % CRYPT_GROUP_DATA);
    if (!reads && op->request.op != BLOCK_OP_WRITE) {
        write_records(disk, op);
    } else if (!reads) {
        write_begin(disk, op);
    } else if (part_blank(disk, op)) {
        memset(plain_of(disk, op, 0), 0, (size_t)op->part * CRYPT_BLOCK_BYTES);
        next_part(disk, op);
    } else {
        post_part(disk, op, CRYPT_READ);
    }
    return true;
}

/* ------------------------------------------------------------------ both ends */

static void completion(struct cryptdisk *disk, const struct block_completion *completion)
{
    uint32_t slot = completion->id;
    bool well = completion->status == BLOCK_STATUS_OK;
    if (slot >= BLOCK_LIMITS_SLOTS || disk->posted[slot] == 0) {
        disk->refused++; /* never asked, or answered before */
        return;
    }
    disk->posted[slot] = 0;
    if (slot >= CRYPT_OPS) {
        struct crypt_line *line = &disk->line[slot - CRYPT_OPS];
        if (line->state == CRYPT_LINE_LOADING) {
            line_loaded(disk, line, well);
        } else {
            records_done(disk, line, well);
        }
        return;
    }
    struct crypt_op *op = &disk->op[slot];
    if (!well) {
        enum block_status status =
            completion->status == BLOCK_STATUS_UNSUPPORTED ? BLOCK_STATUS_UNSUPPORTED : BLOCK_STATUS_IO_ERROR;
        finish(disk, op, status);
    } else if (op->phase == CRYPT_READ) {
        read_done(disk, op);
    } else if (op->phase == CRYPT_RESOLVE) {
        resolve_done(disk, op);
    } else if (op->phase == CRYPT_WRITE) {
        write_done(disk, op);
    } else {
        finish(disk, op, BLOCK_STATUS_OK); /* a flush */
    }
}

static enum block_status check(const struct cryptdisk *disk, const struct block_request *request)
{
    uint64_t last = disk->groups * CRYPT_GROUP_DATA * SECTORS_PER_BLOCK;
    bool data = request->op == BLOCK_OP_READ || request->op == BLOCK_OP_WRITE;
    if (request->op > BLOCK_OP_WRITE_ZEROES) {
        return BLOCK_STATUS_UNSUPPORTED;
    }
    if (request->op == BLOCK_OP_FLUSH) {
        return BLOCK_STATUS_OK;
    }
    if (request->sectors == 0 || (request->sector | request->sectors) % SECTORS_PER_BLOCK != 0 ||
        request->sector > last || request->sectors > last - request->sector) {
        return BLOCK_STATUS_RANGE;
    }
    if (data && (request->sectors > BLOCK_LIMITS_SLOT_BYTES / BLOCK_LIMITS_SECTOR_BYTES ||
                 request->data % CRYPT_BLOCK_BYTES != 0 ||
                 request->data > BLOCK_LIMITS_POOL_BYTES - BLOCK_LIMITS_SLOT_BYTES)) {
        return BLOCK_STATUS_RANGE;
    }
    return BLOCK_STATUS_OK;
}

static void begin(struct cryptdisk *disk, struct crypt_op *op, const struct block_request *request)
{
    enum block_status status = check(disk, request);
    *op = (struct crypt_op){.phase = CRYPT_LINE,
                            .request = *request,
                            .block = request->sector / SECTORS_PER_BLOCK,
                            .left = request->sectors / SECTORS_PER_BLOCK};
    if (status != BLOCK_STATUS_OK) {
        finish(disk, op, status);
    } else if (request->op == BLOCK_OP_FLUSH) {
        op->phase = CRYPT_FLUSH;
        post(disk, op_slot(disk, op), BLOCK_OP_FLUSH, 0, 0);
    }
}

/* A slot whose last request is still out at the disk is not free: the device may yet write to it. */
static bool take_requests(struct cryptdisk *disk)
{
    bool any = false;
    for (uint32_t i = 0; i < CRYPT_OPS; i++) {
        struct block_request request;
        if (disk->op[i].phase != CRYPT_FREE || disk->posted[i] != 0) {
            continue;
        }
        if (!block_server_take(&disk->front, &request)) {
            break;
        }
        begin(disk, &disk->op[i], &request);
        any = true;
    }
    return any;
}

static bool run(struct cryptdisk *disk)
{
    bool any = take_requests(disk);
    for (uint32_t i = 0; i < CRYPT_OPS; i++) {
        if (disk->op[i].phase == CRYPT_LINE) {
            any |= part_begin(disk, &disk->op[i]);
        }
    }
    return any;
}

/* The disk is there (again): what was out when it went is asked once more. */
static void resubmit(struct cryptdisk *disk)
{
    for (uint32_t slot = 0; slot < BLOCK_LIMITS_SLOTS; slot++) {
        if (disk->posted[slot] != 0) {
            (void)block_client_post(&disk->back, &disk->out[slot]);
        }
    }
}

static void offer(struct cryptdisk *disk)
{
    struct block_geometry geometry;
    block_client_geometry(&disk->back, &geometry);
    uint64_t groups = crypt_groups(geometry.sectors);
    disk->groups = min_u64(groups, disk->groups_max);
    geometry.sectors = disk->groups * CRYPT_GROUP_DATA * SECTORS_PER_BLOCK;
    geometry.block_bytes = CRYPT_BLOCK_BYTES;
    geometry.features = 1u << BLOCK_OP_READ | 1u << BLOCK_OP_WRITE | 1u << BLOCK_OP_FLUSH |
                        1u << BLOCK_OP_DISCARD | 1u << BLOCK_OP_WRITE_ZEROES;
    block_server_geometry(&disk->front, &geometry);
    block_server_state(&disk->front, CHANNEL_STATE_READY);
    disk->offered = true;
}

bool cryptdisk_open(struct cryptdisk *disk, const struct cryptdisk_parts *parts)
{
    memset(disk, 0, sizeof *disk);
    disk->front_pool = parts->front_pool;
    disk->back_pool = parts->back_pool;
    disk->state = parts->state;
    disk->groups_max = parts->groups_max;
    block_server_open(&disk->front, parts->front);
    block_client_open(&disk->back, parts->back);
    return crypt_keys_init(&disk->keys, parts->key, parts->random);
}

unsigned cryptdisk_wake(struct cryptdisk *disk)
{
    struct block_completion done;
    unsigned signals = 0;
    disk->wakes++;
    bool again = block_client_follow(&disk->back);
    if (again) {
        disk->lost = true;
    }
    enum channel_state state = block_client_state(&disk->back);
    if (state != CHANNEL_STATE_STARTING && !disk->back.broken) { /* a parked disk answers, with errors */
        if (state == CHANNEL_STATE_READY && !disk->offered) {
            offer(disk);
            signals |= CRYPTDISK_SIGNAL_FRONT;
        }
        if (disk->lost) {
            disk->lost = false;
            resubmit(disk);
        }
        do {
            while (block_client_take(&disk->back, &done)) {
                completion(disk, &done);
            }
        } while (run(disk));
    }
    signals |= block_client_publish(&disk->back) ? CRYPTDISK_SIGNAL_BACK : 0;
    signals |= block_server_publish(&disk->front) ? CRYPTDISK_SIGNAL_FRONT : 0;
    return signals;
}

bool cryptdisk_sleep(struct cryptdisk *disk)
{
    bool front = block_server_sleep(&disk->front);
    return block_client_sleep(&disk->back) && front;
}
