/* A tenant and a driver that write what they like into their channels, between any two wake-ups of blkvirt; the other
 * tenant is honest. Whatever they do: no request at the driver leaves the window and the pool of the tenant that it
 * belongs to, none of two unanswered writes share a sector, the honest tenant gets each answer once, and every wake-up
 * ends. Channels stand in heap blocks of their exact size, for ASan. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <log.h>

#include "device.h"
#include "work.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HOSTILE, HONEST, TENANTS, WINDOW = 64, FIRST = 2048, IDS = 64 };

static const uint64_t POOLS[TENANTS] = {UINT64_C(0x1000000000), UINT64_C(0x1000400000)};

struct step {
    uint8_t action, where, small;
    uint8_t value[5];
};

struct world {
    struct blkvirt *blkvirt;
    struct block_channel *page[TENANTS], *device_page;
    struct block_client honest;
    struct block_server driver;
    struct block_request at_driver[BLOCK_LIMITS_RING];
    uint32_t at_driver_count;
    bool asked[IDS];
};

void log_line(const char *format, ...)
{
    (void)format;
}

void bell_ring(const struct bell *bell)
{
    (void)bell;
}

static void demand(bool condition)
{
    if (!condition)
        abort();
}

static void open_world(struct world *world)
{
    memset(world, 0, sizeof *world);
    world->blkvirt = calloc(1, sizeof *world->blkvirt);
    world->device_page = calloc(1, sizeof *world->device_page);
    world->blkvirt->tsc_khz = 1000000;
    world->blkvirt->tenants = TENANTS;
    block_client_open(&world->blkvirt->device.client, world->device_page);
    for (unsigned i = 0; i < TENANTS; i++) {
        struct tenant *tenant = &world->blkvirt->tenant[i];
        world->page[i] = calloc(1, sizeof *world->page[i]);
        block_server_open(&tenant->server, world->page[i]);
        tenant->first = FIRST + i * WINDOW;
        tenant->sectors = WINDOW;
        tenant->pool = POOLS[i];
    }
    block_client_open(&world->honest, world->page[HONEST]);
    block_server_open(&world->driver, world->device_page);
    work_begin(world->blkvirt);
}

static void close_world(struct world *world)
{
    for (unsigned i = 0; i < TENANTS; i++)
        free(world->page[i]);
    free(world->device_page);
    free(world->blkvirt);
}

/* What reaches the driver's ring, whether the driver is awake or not. */
static void check_request(const struct world *world, const struct block_request *request)
{
    demand(request->op <= BLOCK_OP_WRITE_ZEROES);
    if (request->op == BLOCK_OP_FLUSH) {
        demand(request->sectors == 0 && request->sector == 0 && request->data == 0);
        return;
    }
    const unsigned tenant = request->sector >= FIRST + WINDOW;
    demand(request->sectors != 0 && request->sector >= FIRST + tenant * WINDOW);
    demand(request->sector + request->sectors <= FIRST + (tenant + 1) * WINDOW);
    if (op_has_data(request->op))
        demand(request->data >= POOLS[tenant] && request->data % 4096 == 0 &&
               request->data + request->sectors * 512 <= POOLS[tenant] + BLOCK_LIMITS_POOL_BYTES);
    for (uint32_t i = 0; i < world->at_driver_count; i++) {
        const struct block_request *other = &world->at_driver[i];
        demand(!op_writes(request->op) || !op_writes(other->op) ||
               other->sector + other->sectors <= request->sector ||
               request->sector + request->sectors <= other->sector);
    }
}

static void take(struct world *world)
{
    struct block_request request;
    if (block_server_follow(&world->driver))
        world->at_driver_count = 0;
    while (world->at_driver_count < BLOCK_LIMITS_RING && block_server_take(&world->driver, &request)) {
        check_request(world, &request);
        world->at_driver[world->at_driver_count++] = request;
    }
}

static void answer(struct world *world, uint8_t which, uint8_t status)
{
    if (world->at_driver_count == 0)
        return;
    const uint32_t index = which % world->at_driver_count;
    block_server_complete(&world->driver, world->at_driver[index].id, (enum block_status)(status % 5));
    (void)block_server_publish(&world->driver);
    world->at_driver[index] = world->at_driver[--world->at_driver_count];
}

static void driver_ready(struct world *world)
{
    const struct block_geometry geometry = {.sectors = 1 << 20, .block_bytes = 512, .features = 0x1f};
    block_server_geometry(&world->driver, &geometry);
    block_server_state(&world->driver, CHANNEL_STATE_READY);
}

static void restart(struct block_channel *page)
{
    const uint32_t epoch = page->epoch + 1;
    memset(page, 0, sizeof *page);
    page->epoch = epoch;
}

static void ask_honestly(struct world *world, const struct step *step)
{
    const uint8_t id = step->where % IDS;
    if (block_client_state(&world->honest) != CHANNEL_STATE_READY || world->asked[id])
        return;
    const struct block_request request = {.id = id,
                                          .op = step->small % 5,
                                          .sector = step->value[0] % WINDOW,
                                          .sectors = 1 + step->value[1] % 8u,
                                          .data = id * (uint64_t)BLOCK_LIMITS_SLOT_BYTES};
    world->asked[id] = block_client_post(&world->honest, &request);
    (void)block_client_publish(&world->honest);
}

static void collect_honestly(struct world *world)
{
    struct block_completion completion;
    demand(!block_client_follow(&world->honest));
    while (block_client_take(&world->honest, &completion)) {
        demand(completion.id < IDS && world->asked[completion.id]);
        world->asked[completion.id] = false;
    }
    demand(world->honest.corruptions == 0);
}

/* Any word of the tenant's page. */
static void scribble(struct block_channel *page, const struct step *step)
{
    const uint32_t words = sizeof *page / 4;
    const uint32_t at =
        (step->small & 1) != 0 ? step->where % 26u : (step->where * 17u + step->small * 256u) % words;
    memcpy((uint8_t *)page + at * 4, step->value, 4);
}

/* The words that are the driver's, and builder's epoch. Those of blkvirt's requests are left as they were written,
 * because they are what is checked. */
static void scribble_driver(struct block_channel *page, const struct step *step)
{
    static const size_t words[] = {
        offsetof(struct block_channel, epoch),
        offsetof(struct block_channel, state),
        offsetof(struct block_channel, joined_b),
        offsetof(struct block_channel, request_tail),
        offsetof(struct block_channel, completion_head),
        offsetof(struct block_channel, request_event),
        offsetof(struct block_channel, pong),
        offsetof(struct block_channel, sectors),
        offsetof(struct block_channel, block_bytes),
        offsetof(struct block_channel, features),
    };
    const size_t count = sizeof words / sizeof words[0];
    const size_t place = step->where % (count + 1);
    memcpy((uint8_t *)page +
               (place < count ? words[place] : offsetof(struct block_channel, completion) + step->small * 8u),
           step->value, 4);
}

static void hostile_request(struct world *world, const struct step *step)
{
    struct block_channel *page = world->page[HOSTILE];
    struct block_request *request = &page->request[page->request_head % BLOCK_LIMITS_RING];
    memset(request, 0, sizeof *request);
    request->op = step->small;
    request->flags = step->where & 1;
    request->sectors = step->value[0];
    request->sector = step->value[1] | (uint64_t)step->value[2] << 56;
    request->data = (uint64_t)step->value[3] << 12 | (uint64_t)step->value[4] << 16;
    page->joined_a = page->epoch;
    page->request_head++;
}

static void act(struct world *world, const struct step *step)
{
    switch (step->action % 12) {
    case 0:
        ask_honestly(world, step);
        break;
    case 1:
    case 2:
        hostile_request(world, step);
        break;
    case 3:
        scribble(world->page[HOSTILE], step);
        break;
    case 4:
        scribble_driver(world->device_page, step);
        break;
    case 5:
        driver_ready(world);
        break;
    case 6:
    case 7:
        answer(world, step->where, step->small);
        break;
    case 8:
        restart(step->where % 2 == 0 ? world->device_page : world->page[HOSTILE]);
        break;
    case 9:
        watch_run(world->blkvirt, world->blkvirt->watch.tick);
        break;
    case 10:
        work_park(world->blkvirt, step->where % 4 == 0);
        break;
    default:
        world->page[HOSTILE]->completion_tail = world->page[HOSTILE]->completion_head;
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world;
    open_world(&world);
    for (size_t at = 0; at + sizeof(struct step) <= size; at += sizeof(struct step)) {
        struct step step;
        memcpy(&step, data + at, sizeof step);
        act(&world, &step);
        (void)work(world.blkvirt);
        take(&world);
        collect_honestly(&world);
        demand(world.blkvirt->table.used <= TABLE_ENTRIES &&
               world.blkvirt->table.sent <= world.blkvirt->table.used);
    }
    close_world(&world);
    return 0;
}
