/* What the tests of blkvirt have in common: two tenants (a's window before b's) and a driver, played by the tests over
 * the real channels. */
#ifndef BENCH_H
#define BENCH_H

#include <stdarg.h>
#include <stdlib.h>

#include <clock.h>
#include <log.h>
#include <panic.h>

#include "device.h"
#include "unit.h"
#include "work.h"

enum { A, B, TENANTS };
enum {
    WINDOW = 4096,
    FIRST_A = 2048,
    FIRST_B = FIRST_A + WINDOW,
    DISK = 1 << 20,
    SLOT = BLOCK_LIMITS_SLOT_BYTES
};
enum { BELL_DEVICE = 1, BELL_ATTENTION, BELL_TENANT };

static const uint64_t POOLS[TENANTS] = {UINT64_C(0x1000000000), UINT64_C(0x1000400000)};

static struct blkvirt *blkvirt;
static struct block_channel *pages[TENANTS], *device_page;
static struct block_client tenants[TENANTS];
static struct block_server driver;
static struct block_geometry disk;
static unsigned rung[BELL_TENANT + TENANTS];

static unsigned logged; /* lines */

void log_line(const char *format, ...)
{
    (void)format;
    logged++;
}

_Noreturn void panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    exit(7);
}

void bell_ring(const struct bell *bell)
{
    rung[bell->slot]++;
}

/* Until nothing is left to do, as main does. */
static inline void run(void)
{
    for (unsigned i = 0; i < 1000; i++)
        if (work(blkvirt))
            return;
    CHECK(false);
}

static inline struct block_channel *new_page(struct block_channel *old)
{
    free(old);
    return calloc(1, sizeof(struct block_channel)); /* a block of its exact size, for ASan */
}

/* builder empties a channel and raises its epoch. */
static inline void new_epoch(struct block_channel *page)
{
    const uint32_t epoch = page->epoch + 1;
    memset(page, 0, sizeof *page);
    page->epoch = epoch;
}

static inline void driver_ready(void)
{
    block_server_geometry(&driver, &disk);
    block_server_state(&driver, CHANNEL_STATE_READY);
}

static inline void driver_restarts(void)
{
    new_epoch(device_page);
    block_server_open(&driver, device_page);
}

static inline void begin_starting(void)
{
    free(blkvirt);
    blkvirt = calloc(1, sizeof *blkvirt);
    memset(rung, 0, sizeof rung);
    disk = (struct block_geometry){.sectors = DISK, .block_bytes = 512, .features = 0x1f, .serial = "disk"};
    device_page = new_page(device_page);
    blkvirt->tsc_khz = 1000000;
    blkvirt->attention = (struct bell){BELL_ATTENTION, 1};
    blkvirt->device.bell = (struct bell){BELL_DEVICE, 1};
    block_client_open(&blkvirt->device.client, device_page);
    blkvirt->tenants = TENANTS;
    for (unsigned i = 0; i < TENANTS; i++) {
        struct tenant *tenant = &blkvirt->tenant[i];
        pages[i] = new_page(pages[i]);
        block_server_open(&tenant->server, pages[i]);
        tenant->bell = (struct bell){BELL_TENANT + i, 1};
        tenant->name[0] = (uint8_t)('a' + i);
        tenant->first = i == A ? FIRST_A : FIRST_B;
        tenant->sectors = WINDOW;
        tenant->pool = POOLS[i];
        block_client_open(&tenants[i], pages[i]);
    }
    work_begin(blkvirt);
    block_server_open(&driver, device_page);
    run();
}

static inline void begin(void)
{
    begin_starting();
    driver_ready();
    run();
    CHECK_EQ(block_client_state(&tenants[A]), CHANNEL_STATE_READY);
    CHECK_EQ(block_client_state(&tenants[B]), CHANNEL_STATE_READY);
}

static inline void ask_raw(unsigned tenant, const struct block_request *request)
{
    CHECK(block_client_post(&tenants[tenant], request));
    (void)block_client_publish(&tenants[tenant]);
}

static inline void ask(unsigned tenant, uint16_t id, enum block_op op, uint64_t sector, uint32_t sectors)
{
    const struct block_request request = {
        .id = id, .op = (uint8_t)op, .sector = sector, .sectors = sectors, .data = (id % 64u) * SLOT};
    ask_raw(tenant, &request);
}

/* The next request at the driver; one of op 255 where there is none. */
static inline struct block_request at_driver(void)
{
    struct block_request request;
    return block_server_take(&driver, &request) ? request : (struct block_request){.op = 255};
}

static inline void answer(uint16_t id, enum block_status status)
{
    block_server_complete(&driver, id, status);
    (void)block_server_publish(&driver);
}

/* The next completion of the tenant; one of status 255 where there is none. */
static inline struct block_completion at_tenant(unsigned tenant)
{
    struct block_completion completion;
    return block_client_take(&tenants[tenant], &completion) ? completion
                                                            : (struct block_completion){.status = 255};
}

static inline enum block_status refused(unsigned tenant, const struct block_request *request)
{
    ask_raw(tenant, request);
    run();
    const struct block_completion completion = at_tenant(tenant);
    CHECK_EQ(at_driver().op, 255);
    CHECK_EQ(completion.id, request->id);
    return (enum block_status)completion.status;
}

static inline enum service_verdict verdict(void)
{
    return device_verdict(blkvirt);
}

#endif
