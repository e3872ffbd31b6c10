#include "log.h"

#include <stdarg.h>
#include <stdbool.h>

#include <bulkhead/abi.h>

#include "format.h"
#include "resource.h"
#include "ring.h"
#include "stubs.h"

#define DROPPED_FORMAT "(%llu lines dropped)\n"

/* log_line has no argument that could carry this: printing must be possible from anywhere. */
static struct {
    struct ring ring;
    uint32_t bell_slot; /* 0: nobody to wake */
    uint32_t bell_bits; /* the resource's extra */
    uint64_t dropped;
    bool open;
    bool busy; /* a thread is in mid-line */
} log_state;

/* Threads of one domain share the ring. Waiting for the one in mid-line could last forever where it has the
 * lower priority on the same processor, so the loser's line is dropped. */
static bool enter(void)
{
    return !__atomic_exchange_n(&log_state.busy, true, __ATOMIC_ACQUIRE);
}

static void leave(void)
{
    __atomic_store_n(&log_state.busy, false, __ATOMIC_RELEASE);
}

void log_open(const struct domain_info *info)
{
    const struct resource *region = resource_find(info, "log");
    const struct resource *bell = resource_find(info, "log-bell");
    if (region == NULL || region->kind != RESOURCE_KIND_REGION ||
        region->bytes < sizeof(struct console_channel) || !enter()) {
        return;
    }
    if (!log_state.open) {
        struct console_channel *channel = (struct console_channel *)(uintptr_t)region->address;
        ring_open_writer(&log_state.ring, channel, RING_END_A);
        if (bell != NULL && bell->kind == RESOURCE_KIND_NOTIF) {
            log_state.bell_slot = bell->slot;
            log_state.bell_bits = (uint32_t)bell->extra;
        }
        log_state.open = true;
    }
    leave();
}

/* Writes @text, preceded by how many lines are missing before it; both or neither. */
static bool write_counted(const char *text, size_t len_bytes)
{
    char notice[48];
    size_t notice_bytes = 0;
    uint64_t dropped = __atomic_load_n(&log_state.dropped, __ATOMIC_RELAXED);
    if (!log_state.open) {
        return false;
    }
    if (dropped != 0) {
        notice_bytes = format_text(notice, sizeof notice, DROPPED_FORMAT, (unsigned long long)dropped);
    }
    if (ring_space(&log_state.ring) < notice_bytes + len_bytes) {
        return false;
    }
    __atomic_fetch_sub(&log_state.dropped, dropped, __ATOMIC_RELAXED);
    /* A reader that changes its counter meanwhile cuts its own log. */
    (void)ring_write(&log_state.ring, notice, notice_bytes);
    return ring_write_whole(&log_state.ring, text, len_bytes);
}

void log_bytes(const char *text, size_t len_bytes)
{
    if (!enter()) {
        __atomic_fetch_add(&log_state.dropped, 1, __ATOMIC_RELAXED);
        return;
    }
    bool written = write_counted(text, len_bytes);
    uint32_t bell_slot = log_state.bell_slot;
    leave();
    if (!written) {
        __atomic_fetch_add(&log_state.dropped, 1, __ATOMIC_RELAXED);
        return;
    }
    if (bell_slot != 0 && notif_signal(bell_slot, log_state.bell_bits) != OK) {
        /* Nobody to tell: the bytes stay in the ring for when the reader is back. */
        return;
    }
}

void log_line(const char *format, ...)
{
    char line[LOG_LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    size_t len = format_list(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    line[len] = '\n';
    log_bytes(line, len + 1);
}
