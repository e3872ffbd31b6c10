#include "work.h"

#include <clock.h>
#include <log.h>

#include "device.h"
#include "tenant.h"

enum {
    BATCH = 8,   /* requests of one tenant before the next one's turn */
    ROUNDS = 16, /* rounds before management is listened to again */
};

void work_begin(struct blkvirt *blkvirt)
{
    table_init(&blkvirt->table);
    blkvirt->quota = blkvirt->tenants == 0 ? 0 : TABLE_ENTRIES / blkvirt->tenants;
    if (blkvirt->quota > BLOCK_LIMITS_SLOTS) {
        blkvirt->quota = BLOCK_LIMITS_SLOTS;
    }
    blkvirt->watch.tick = DEADLINE_NEVER;
    bell_ring(&blkvirt->device.bell);
    for (uint32_t i = 0; i < blkvirt->tenants; i++) {
        bell_ring(&blkvirt->tenant[i].bell);
    }
}

/* Round robin: a tenant with a full ring waits for its next turn like all others, and the first to be asked
 * changes, so that nobody profits from a place in the list. */
static bool take_round(struct blkvirt *blkvirt)
{
    bool more = false;
    for (uint32_t i = 0, at = blkvirt->turn; i < blkvirt->tenants;
         i++, at = at + 1 < blkvirt->tenants ? at + 1 : 0) {
        struct tenant *tenant = &blkvirt->tenant[at];
        uint32_t taken = 0;
        while (taken < BATCH && tenant_take(blkvirt, tenant)) {
            taken++;
        }
        more = more || taken == BATCH;
    }
    blkvirt->turn = blkvirt->turn + 1 < blkvirt->tenants ? blkvirt->turn + 1 : 0;
    return more;
}

static void publish(struct blkvirt *blkvirt)
{
    device_publish(blkvirt);
    for (uint32_t i = 0; i < blkvirt->tenants; i++) {
        tenant_publish(&blkvirt->tenant[i]);
    }
}

/* Nothing that could be done now: every other end will ring. */
static bool may_sleep(struct blkvirt *blkvirt)
{
    const struct device *device = &blkvirt->device;
    bool idle = !device->ready || block_client_sleep(&blkvirt->device.client);
    for (uint32_t i = 0; i < blkvirt->tenants; i++) {
        idle = tenant_sleep(blkvirt, &blkvirt->tenant[i]) && idle;
    }
    return idle && (device->lying || !device->client.broken);
}

/* Starts the watchdog's clock when somebody waits for the driver, and stops it afterwards. */
static void watch_arm(struct blkvirt *blkvirt)
{
    enum { TICK_NS = 100 * 1000 * 1000 };
    struct watch *watch = &blkvirt->watch;
    const struct device *device = &blkvirt->device;
    const bool waiting = device->ready ? blkvirt->table.sent != 0 : blkvirt->table.used != 0;
    if (!waiting || blkvirt->parked || device->lying || device->failed) {
        watch->tick = DEADLINE_NEVER;
        watch->missed = watch->stuck = 0;
    } else if (watch->tick == DEADLINE_NEVER) {
        watch->tick = clock_deadline_after(TICK_NS, blkvirt->tsc_khz);
        watch->seen = device->sign;
    }
}

/* Management is told once of each verdict that needs it; a new epoch is a new chance. */
static void tell(struct blkvirt *blkvirt)
{
    const enum service_verdict verdict = device_verdict(blkvirt);
    if (verdict != blkvirt->told) {
        blkvirt->told = verdict;
        if (verdict != SERVICE_VERDICT_WELL && verdict != SERVICE_VERDICT_PARKED) {
            bell_ring(&blkvirt->attention);
        }
    }
}

bool work(struct blkvirt *blkvirt)
{
    bool asleep = false;
    for (uint32_t round = 0; round < ROUNDS && !asleep; round++) {
        device_follow(blkvirt);
        device_collect(blkvirt);
        for (uint32_t i = 0; i < blkvirt->tenants; i++) {
            tenant_follow(blkvirt, &blkvirt->tenant[i]);
        }
        const bool more = take_round(blkvirt);
        publish(blkvirt);
        asleep = !more && may_sleep(blkvirt);
    }
    watch_arm(blkvirt);
    tell(blkvirt);
    return asleep;
}

/* Half a second without an answer to the same question; longer for a driver whose device is starting; and half a
 * minute without anything done, because giving signs of life is not serving. */
static bool given_up(const struct blkvirt *blkvirt)
{
    enum { READY_MISSED = 5, STARTING_MISSED = 50, STUCK = 300 };
    const struct watch *watch = &blkvirt->watch;
    return watch->missed >= (blkvirt->device.ready ? READY_MISSED : STARTING_MISSED) || watch->stuck >= STUCK;
}

/* A tick in which nothing was done: ask, or count that the last question has no answer. */
static void watch_quiet(struct blkvirt *blkvirt)
{
    struct watch *watch = &blkvirt->watch;
    struct device *device = &blkvirt->device;
    watch->stuck++;
    if (block_client_pong(&device->client) == watch->ping) {
        watch->missed = 0;
        block_client_ping(&device->client, ++watch->ping);
        bell_ring(&device->bell);
    } else {
        watch->missed++;
    }
    if (!watch->silent && given_up(blkvirt)) {
        watch->silent = true;
        log_line("the driver gives no sign of life; %u requests in flight", (unsigned)blkvirt->table.used);
    }
}

void watch_run(struct blkvirt *blkvirt, uint64_t now)
{
    struct watch *watch = &blkvirt->watch;
    if (watch->tick == DEADLINE_NEVER || now < watch->tick) {
        return;
    }
    watch->tick = DEADLINE_NEVER;
    if (blkvirt->device.sign != watch->seen) {
        watch->missed = watch->stuck = 0;
        watch->silent = false;
    } else {
        watch_quiet(blkvirt);
    }
    watch_arm(blkvirt);
    tell(blkvirt);
}

void work_park(struct blkvirt *blkvirt, bool parked)
{
    if (parked && !blkvirt->parked) {
        for (uint32_t i = 0; i < blkvirt->tenants; i++) {
            tenant_fail(blkvirt, &blkvirt->tenant[i]);
        }
    }
    blkvirt->parked = parked;
}
