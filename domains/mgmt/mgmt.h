/* The state of management, in one piece, passed to everyone. One thread: no locks. */
#ifndef BULKHEAD_MGMT_H
#define BULKHEAD_MGMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bulkhead/channel.h>
#include <bulkhead/domain.h>

#include <ring.h>

#include "bucket.h"
#include "command.h"
#include "device.h"
#include "events.h"
#include "frame.h"
#include "history.h"
#include "line.h"
#include "policy.h"
#include "uart.h"

enum {
    DOMAINS_MAX = 32,
    CONSOLES_MAX = 16,
    NAME_BYTES = COMMAND_NAME_MAX,
    CONSOLE_HISTORY_BYTES = 32768,
    LOG_HISTORY_BYTES = 4096,
    MERGED_LOG_BYTES = 32768,
    LOG_TEXT_BYTES = 200, /* longest log line; the rest follows on the next */
};

/* Bits of mgmt's bound notification: docs/operator.md, "What mgmt needs from its description". */
enum bell {
    BELL_COM1 = 1u << 0,
    BELL_COM2 = 1u << 1,
    BELL_CONSOLES = 1u << 2,
    BELL_LOGS = 1u << 3,
    BELL_FAULT = 1u << 9,      /* an iospace recorded a fault */
    BELL_ATTENTION = 1u << 10, /* a virtualiser asks to be looked at */
};

/* What mgmt last made of a domain; the truth about its threads is builder's. */
enum domain_view {
    VIEW_RUNNING,
    VIEW_PAUSED,
    VIEW_STOPPED,
    VIEW_DEAD,
    VIEW_PARKED,
    VIEW_RESTARTING,
    VIEW_FINISHED
};

/* A guest's console: the channel to its VMM and what has been read from it. */
struct console {
    struct console_channel *channel; /* NULL: this place is free */
    struct ring output;
    struct ring input;
    uint32_t bell_slot; /* 0: the VMM cannot be woken */
    uint32_t bell_bits;
    uint64_t status_seen; /* the last status word acted upon */
    uint64_t shown;       /* position in @history that COM1 has got */
    struct history history;
    uint8_t kept[CONSOLE_HISTORY_BYTES];
};

/* A stream of log text, cut into lines. */
struct log_stream {
    size_t length;
    char line[LOG_TEXT_BYTES];
    struct history history;
    uint8_t kept[LOG_HISTORY_BYTES];
};

struct domain {
    uint32_t id;
    char name[NAME_BYTES];
    char tenant[NAME_BYTES]; /* empty: none */
    enum domain_view view;
    struct policy policy;
    struct events events;
    struct bucket bucket;
    struct console *console;             /* NULL: none */
    struct console_channel *log_channel; /* NULL: none */
    struct ring log_ring;
    struct log_stream log;
    bool waiting; /* a call of `events` is deferred */
    uint64_t waiting_token;
    uint64_t waiting_seen;
};

/* Does builder still answer? heart.h */
struct heart {
    uint64_t due_ns; /* when to ask next */
    uint32_t missed; /* in a row */
    bool stopped;    /* so many that it is taken for dead, and was said */
};

enum focus { FOCUS_PROMPT, FOCUS_OPERATOR_CONSOLE, FOCUS_LINK_CONSOLE };

struct mgmt {
    const struct domain_info *info;
    uint32_t endpoint_slot;
    uint32_t bell_slot;
    uint32_t builder_slot;
    struct heart heart;
    uint32_t pci_slot;     /* 0: no PCI device to restart */
    uint32_t irq_slots[2]; /* COM1, COM2; 0 = polled */
    uint32_t device_count;
    struct device devices[DEVICES_MAX];
    uint64_t health_due_ns; /* when they are asked again what they report */
    uint32_t domain_count;
    struct domain domains[DOMAINS_MAX];
    struct console consoles[CONSOLES_MAX];
    struct uart com1;
    struct uart com2;
    struct line operator_line;
    struct frame_reader link_frames;
    struct frame_losses link_told; /* what the host has heard of */
    bool link_waits;               /* half a frame lies there */
    enum focus focus;
    struct domain *focused; /* whose console COM1 carries, NULL at the prompt */
    bool ending;            /* the operator killed mgmt itself: answered first, then done */
    bool in_command;        /* the prompt comes when the command is done */
    bool input_stalled;     /* the focused guest's ring is full, bytes wait in the port */
    struct history merged_log;
    uint8_t merged_kept[MERGED_LOG_BYTES];
};

/* Nanoseconds since the machine started. */
uint64_t mgmt_now_ns(const struct mgmt *mgmt);
struct domain *mgmt_domain_by_id(struct mgmt *mgmt, uint64_t id);
/* By domain or tenant name; NULL if there is none. */
struct domain *mgmt_domain_by_name(struct mgmt *mgmt, const char *name);
const char *domain_view_name(enum domain_view view);
/* The tenant's name, or the domain's where it has none. */
const char *domain_title(const struct domain *domain);

#endif
