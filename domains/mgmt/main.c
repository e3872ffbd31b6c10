/* mgmt: one thread that waits on its endpoint for calls and faults, and on its bell for everything else. */
#include <clock.h>
#include <panic.h>
#include <start.h>
#include <stubs.h>

#include "console.h"
#include "health.h"
#include "heart.h"
#include "kernel_calls.h"
#include "lifecycle.h"
#include "link.h"
#include "logs.h"
#include "recovery.h"
#include "serve.h"
#include "setup.h"
#include "terminal.h"

/* How soon to look again at a port whose interrupt may not come, or a guest that had no room for input. */
static const uint64_t POLL_NS = 5 * 1000 * 1000;

enum { ERRORS_IN_A_ROW = 1000 };

static void collect_consoles(struct mgmt *mgmt)
{
    for (uint32_t index = 0; index < mgmt->domain_count; index++) {
        struct domain *const domain = &mgmt->domains[index];
        struct guest_end end;
        uint64_t status;
        if (domain->console == NULL)
            continue;
        (void)console_collect(domain->console, domain == mgmt->focused);
        if (domain == mgmt->focused)
            terminal_pump(mgmt);
        if (console_status_changed(domain->console, &status) && guest_end_decode(status, &end)) {
            (void)console_collect(domain->console, domain == mgmt->focused);
            lifecycle_guest_ended(mgmt, domain, &end);
        }
    }
}

/* An edge lost while the line stayed up would never come back: acknowledge first, then empty the port. */
static void acknowledge(struct mgmt *mgmt, uint32_t bits)
{
    if ((bits & BELL_COM1) != 0 && mgmt->irq_slots[0] != 0)
        kernel_irq_acknowledge(mgmt->irq_slots[0]);
    if ((bits & BELL_COM2) != 0 && mgmt->irq_slots[1] != 0)
        kernel_irq_acknowledge(mgmt->irq_slots[1]);
}

static void end_if_killed(struct mgmt *mgmt)
{
    if (!mgmt->ending)
        return;
    uart_flush(&mgmt->com1);
    uart_flush(&mgmt->com2);
    panic("killed by the operator");
}

/* All sources on every wake: each look costs little, and no bit can be forgotten. */
static void work(struct mgmt *mgmt, uint32_t bits)
{
    acknowledge(mgmt, bits);
    if ((bits & BELL_FAULT) != 0)
        recovery_faults(mgmt);
    if ((bits & BELL_ATTENTION) != 0)
        recovery_attention(mgmt);
    logs_collect(mgmt);
    collect_consoles(mgmt);
    terminal_input(mgmt);
    mgmt->link_waits = link_input(mgmt);
    terminal_pump(mgmt);
    uart_pump(&mgmt->com2);
    end_if_killed(mgmt);
}

static bool polling(const struct mgmt *mgmt)
{
    return mgmt->irq_slots[0] == 0 || mgmt->input_stalled || mgmt->link_waits ||
           uart_room(&mgmt->com1) != UART_QUEUE_BYTES || uart_room(&mgmt->com2) != UART_QUEUE_BYTES;
}

/* Asks devices, goes on with restarts, and says until when there is nothing to do. */
static uint64_t next_deadline(struct mgmt *mgmt)
{
    const uint64_t look_ns = health_work(mgmt), recovery_ns = recovery_work(mgmt),
                   heart_ns = heart_work(mgmt);
    const uint64_t work_ns = look_ns < recovery_ns ? look_ns : recovery_ns;
    const uint64_t next_ns = work_ns < heart_ns ? work_ns : heart_ns;
    const uint64_t now_ns = mgmt_now_ns(mgmt);
    uint64_t wait_ns = next_ns > now_ns ? next_ns - now_ns : 0;
    terminal_pump(mgmt); /* what these have said */
    uart_pump(&mgmt->com2);
    if (polling(mgmt) && wait_ns > POLL_NS)
        wait_ns = POLL_NS;
    return clock_deadline_after(wait_ns, mgmt->info->tsc_khz);
}

static enum dispatch serve(struct mgmt *mgmt, struct message *message)
{
    switch (label_interface(message->label)) {
    case INTERFACE_NOTIFICATION:
        work(mgmt, (uint32_t)message->word[0]);
        return DISPATCH_DEFER;
    case INTERFACE_FAULT:
        return fault_dispatch(&fault_ops, mgmt, message);
    case INTERFACE_TENANT:
        return tenant_dispatch(&tenant_ops, mgmt, message);
    default:
        message_status(message, ERR_INTERFACE);
        return DISPATCH_REPLY;
    }
}

static _Noreturn void loop(struct mgmt *mgmt)
{
    struct message message = {0};
    enum dispatch next = DISPATCH_DEFER;
    unsigned errors = 0;
    for (;;) {
        const uint64_t deadline = next_deadline(mgmt);
        const enum error error = next == DISPATCH_REPLY
                                     ? endpoint_reply_wait(mgmt->endpoint_slot, deadline, &message)
                                     : endpoint_wait(mgmt->endpoint_slot, deadline, &message);
        next = DISPATCH_DEFER;
        if (error == OK) {
            next = serve(mgmt, &message);
            errors = 0;
        } else if (error == ERR_TIMEOUT) {
            work(mgmt, 0);
        } else if (error != ERR_PEER && ++errors == ERRORS_IN_A_ROW) {
            panic("waiting on the endpoint failed: error %u", (unsigned)error);
        }
    }
}

void domain_main(const struct domain_info *info, uint32_t thread)
{
    /* The only instance; everything else gets a pointer. */
    static struct mgmt mgmt;
    require(thread == 0);
    setup(&mgmt, info);
    setup_announce(&mgmt);
    work(&mgmt, BELL_COM1 | BELL_COM2);
    loop(&mgmt);
}
