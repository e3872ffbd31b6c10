/* Generated from idl/kernel.idl, idl/bench.idl, idl/tenant.idl by gen (docs/idl.md). Do not edit.
 * All that a guest needs, in one header: for bare-metal guests and for modules of a Linux guest. */
#ifndef BULKHEAD_GUEST_HYPERCALL_H
#define BULKHEAD_GUEST_HYPERCALL_H

#ifdef HYPERCALL_BIT
#error "hypercall.h is complete by itself; expected it without <bulkhead/abi.h>"
#endif

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

/* What a call answers. Service statuses use the same numbers. */
enum error {
    OK = 0, ERR_SYSCALL = 1, ERR_SLOT = 2, ERR_TYPE = 3, ERR_RIGHTS = 4, ERR_INTERFACE = 5, ERR_METHOD = 6, ERR_LENGTH = 7,
    ERR_STATE = 8, ERR_RANGE = 9, ERR_ALIGN = 10, ERR_MEMORY = 11, ERR_OCCUPIED = 12, ERR_RETIRED = 13, ERR_TIMEOUT = 14,
    ERR_AGAIN = 15, ERR_CANCELED = 16, ERR_DEBT = 17, ERR_DEPTH = 18, ERR_LIMIT = 19, ERR_SEALED = 20, ERR_MODE = 21,
    ERR_ARGUMENT = 22, ERR_PEER = 23, ERR_BUSY = 24, ERR_UNSUPPORTED = 25, ERR_DENIED = 26
};
#define ERROR_LIMIT 27

#define HYPERCALL_BIT (1ull << 63)
#define DEADLINE_NOW 0ull
#define DEADLINE_NEVER (~0ull)

/* The label of a message: method, length in words, interface; a reply has the service's status instead. */
#define MESSAGE_WORDS 10
enum label {
    LABEL_METHOD_SHIFT = 0, LABEL_METHOD_MASK = 31, LABEL_LENGTH_SHIFT = 8, LABEL_LENGTH_MASK = 3840, LABEL_INTERFACE_SHIFT = 16,
    LABEL_INTERFACE_MASK = 0xffff0000u, LABEL_STATUS_SHIFT = 32, LABEL_STATUS_MASK = 0xffff00000000ull
};
static inline uint64_t label_make(uint64_t interface, uint64_t method, uint64_t length)
{
    return interface << 16 | length << 8 | method;
}
static inline uint64_t label_reply(uint64_t status, uint64_t length) { return status << 32 | length << 8; }
static inline uint32_t label_method(uint64_t label) { return (uint32_t)(label >> 0) & 31; }
static inline uint32_t label_length(uint64_t label) { return (uint32_t)(label >> 8) & 15; }
static inline uint32_t label_interface(uint64_t label) { return (uint32_t)(label >> 16) & 0xffff; }
static inline uint32_t label_status(uint64_t label) { return (uint32_t)(label >> 32) & 0xffff; }

/* Errors must be looked at. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* A message as the assembly loads it into the registers and stores it from them. */
struct message {
    uint64_t label;
    uint64_t badge;
    uint64_t word[MESSAGE_WORDS];
};

/* What a service answered: its status, or ERR_LENGTH for a reply that is not of @length words, or ERR_ARGUMENT
 * for a status that is no error. */
static inline enum error message_answer(const struct message *message, uint32_t length)
{
    uint32_t status = label_status(message->label);

    if (status >= ERROR_LIMIT)
        return ERR_ARGUMENT;
    if (status == OK && message->label != label_reply(OK, length))
        return ERR_LENGTH;
    return (enum error)status;
}

/* The assembly of hypercall.S; the guest picks the entry for its processor (AMD: vmmcall, Intel: vmcall).
 * @rax: HYPERCALL_BIT | slot. @rdi: absolute deadline in the guest's TSC. */
MUST_CHECK enum error hypercall_vmmcall(uint64_t rax, uint64_t rdi, struct message *message);
MUST_CHECK enum error hypercall_vmcall(uint64_t rax, uint64_t rdi, struct message *message);
typedef enum error hypercall_invoke(uint64_t rax, uint64_t rdi, struct message *message);

enum lifecycle {
    LIFECYCLE_NONE = 0, LIFECYCLE_STARTED = 1, LIFECYCLE_PAUSED = 2, LIFECYCLE_RESUMED = 3, LIFECYCLE_RESTARTED = 4,
    LIFECYCLE_STOPPING = 5
};

#define INTERFACE_BENCH 63
#define BENCH_INTERFACE_VERSION 1
enum bench_method { BENCH_NULL = 0 };

/* Answers at once. */
MUST_CHECK static inline enum error bench_null(hypercall_invoke *invoke, uint32_t slot, uint64_t deadline)
{
    struct message message = {
        .label = label_make(INTERFACE_BENCH, BENCH_NULL, 0),
        .badge = 0,
    };
    enum error error;

    error = invoke(HYPERCALL_BIT | slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 0);
    if (error != OK)
        return error;
    return OK;
}

#define INTERFACE_TENANT 16
#define TENANT_INTERFACE_VERSION 1
enum tenant_method { TENANT_VERSION = 0, TENANT_LOG_WRITE = 1, TENANT_CLOCK = 2, TENANT_EVENTS = 3 };

/* Version of the system and of this interface. */
MUST_CHECK static inline enum error tenant_version(
    hypercall_invoke *invoke, uint32_t slot, uint64_t deadline, uint16_t *major, uint16_t *minor, uint16_t *interface_version)
{
    struct message message = {
        .label = label_make(INTERFACE_TENANT, TENANT_VERSION, 0),
        .badge = 0,
    };
    enum error error;

    error = invoke(HYPERCALL_BIT | slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 3);
    if (error != OK)
        return error;
    if ((message.word[0] | message.word[1] | message.word[2]) > 0xffff)
        return ERR_ARGUMENT;
    *major = (uint16_t)message.word[0];
    *minor = (uint16_t)message.word[1];
    *interface_version = (uint16_t)message.word[2];
    return OK;
}

/* Put up to 64 bytes into the tenant's log; rate-limited: ERR_LIMIT. */
MUST_CHECK static inline enum error tenant_log_write(
    hypercall_invoke *invoke, uint32_t slot, uint64_t deadline, uint32_t length, const uint8_t text[static 64])
{
    struct message message = {
        .label = label_make(INTERFACE_TENANT, TENANT_LOG_WRITE, 9),
        .word = {[0] = length},
    };
    enum error error;

    __builtin_memcpy(&message.word[1], text, 64);
    error = invoke(HYPERCALL_BIT | slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 0);
    if (error != OK)
        return error;
    return OK;
}

/* Nanoseconds since the machine started, and the TSC frequency. */
MUST_CHECK static inline enum error tenant_clock(
    hypercall_invoke *invoke, uint32_t slot, uint64_t deadline, uint64_t *uptime_ns, uint64_t *tsc_khz)
{
    struct message message = {
        .label = label_make(INTERFACE_TENANT, TENANT_CLOCK, 0),
        .badge = 0,
    };
    enum error error;

    error = invoke(HYPERCALL_BIT | slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 2);
    if (error != OK)
        return error;
    *uptime_ns = message.word[0];
    *tsc_khz = message.word[1];
    return OK;
}

/* Wait for a lifecycle event after @seen, or the deadline. */
MUST_CHECK static inline enum error tenant_events(
    hypercall_invoke *invoke, uint32_t slot, uint64_t deadline, uint64_t seen, uint64_t *sequence, enum lifecycle *kind)
{
    struct message message = {
        .label = label_make(INTERFACE_TENANT, TENANT_EVENTS, 1),
        .word = {[0] = seen},
    };
    enum error error;

    error = invoke(HYPERCALL_BIT | slot, deadline, &message);
    if (error != OK)
        return error;
    error = message_answer(&message, 2);
    if (error != OK)
        return error;
    if (message.word[1] > 5)
        return ERR_ARGUMENT;
    *sequence = message.word[0];
    *kind = (enum lifecycle)message.word[1];
    return OK;
}

#endif
