/* blkvirt: one thread that waits on its endpoint for management's calls, and on its bell for everything else. */
#include <clock.h>
#include <log.h>
#include <panic.h>
#include <service_server.h>
#include <start.h>
#include <stubs.h>

#include "device.h"
#include "setup.h"
#include "work.h"

enum { ERRORS_IN_A_ROW = 1000, BELL_CALL = 1 << 11 };

void bell_ring(const struct bell *bell)
{
    /* An end that is gone looks at its channel when it is back. */
    if (bell->slot != 0 && notif_signal(bell->slot, bell->bits) != OK) {
        return;
    }
}

static enum error serve_health(void *context, uint64_t badge, struct service_health_out *out)
{
    const struct blkvirt *blkvirt = context;
    (void)badge;
    *out = (struct service_health_out){.verdict = device_verdict(blkvirt),
                                       .epoch = device_epoch(&blkvirt->device),
                                       .in_flight = blkvirt->table.used,
                                       .replayed = blkvirt->replayed,
                                       .completed = blkvirt->completed,
                                       .corruptions = blkvirt->corruptions};
    return OK;
}

static enum error serve_park(void *context, uint64_t badge, const struct service_park_in *in)
{
    (void)badge;
    work_park(context, in->parked);
    return OK;
}

static enum error serve_device(void *context, uint64_t badge, struct service_device_out *out)
{
    struct block_health health;
    (void)badge;
    device_health(context, &health);
    *out = (struct service_device_out){.link = SERVICE_LINK_NONE,
                                       .warnings = (uint8_t)health.warnings,
                                       .temperature_k = (uint16_t)health.temperature_k,
                                       .spare_percent = (uint8_t)health.spare_percent,
                                       .used_percent = (uint8_t)health.used_percent,
                                       .resets = health.resets,
                                       .errors = health.errors};
    return OK;
}

static const struct service_server_ops service_ops = {
    .health = serve_health, .park = serve_park, .device = serve_device};

/* A wake-up by the bell answers nobody; it may say that a call comes. */
static enum dispatch serve(struct blkvirt *blkvirt, struct message *message)
{
    if (label_interface(message->label) == INTERFACE_NOTIFICATION) {
        blkvirt->called = blkvirt->called || (message->word[0] & BELL_CALL) != 0;
        return DISPATCH_DEFER;
    }
    blkvirt->called = false;
    return service_dispatch(&service_ops, blkvirt, message);
}

/* Requests come by the bell alone, and waiting for that is the shorter way; on the endpoint there is something to do only when
 * management, which rings before it calls, has said so. */
static enum error wait(struct blkvirt *blkvirt, uint64_t deadline, struct message *message,
                       enum dispatch *next)
{
    enum error error;
    if (*next != DISPATCH_REPLY && !blkvirt->called) {
        uint32_t bits = 0;
        error = notif_wait(blkvirt->bell_slot, deadline, &bits);
        blkvirt->called = error == OK && (bits & BELL_CALL) != 0;
        return error;
    }
    error = *next == DISPATCH_REPLY ? endpoint_reply_wait(blkvirt->endpoint_slot, deadline, message)
                                    : endpoint_wait(blkvirt->endpoint_slot, deadline, message);
    *next = error == OK ? serve(blkvirt, message) : DISPATCH_DEFER;
    return error;
}

static _Noreturn void loop(struct blkvirt *blkvirt)
{
    struct message message = {0};
    enum dispatch next = DISPATCH_DEFER;
    unsigned errors = 0;
    for (;;) {
        const uint64_t deadline = work(blkvirt) ? blkvirt->watch.tick : DEADLINE_NOW;
        const enum error error = wait(blkvirt, deadline, &message, &next);
        errors = error == OK || error == ERR_TIMEOUT || error == ERR_PEER ? 0 : errors + 1;
        if (errors == ERRORS_IN_A_ROW) {
            panic("waiting failed: error %u", (unsigned)error);
        }
        watch_run(blkvirt, clock_ticks());
    }
}

void domain_main(const struct domain_info *info, uint32_t thread)
{
    /* The only instance; everything else gets a pointer. */
    static struct blkvirt blkvirt;
    require(thread == 0);
    setup(&blkvirt, info);
    work_begin(&blkvirt);
    log_line("%u tenants", blkvirt.tenants);
    loop(&blkvirt);
}
