/* Generated from idl/kernel.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_KERNEL_DECODE_H
#define BULKHEAD_KERNEL_DECODE_H

#include <bulkhead/abi.h>

/* The type of object and the right that a call needs; OBJECT_TYPE_NONE: no such call (but CALL_NULL). */
#define CALL_LIMIT 64
#define RULE(call, object, right) [CALL_##call] = {OBJECT_TYPE_##object, RIGHT_##right}
static const struct call_rule { uint8_t type, right; } call_rules[CALL_LIMIT] = {
    RULE(UNTYPED_RETYPE, UNTYPED, MANAGE), RULE(UNTYPED_INFO, UNTYPED, READ), RULE(CAPTAB_COPY, CAPTAB, MANAGE),
    RULE(CAPTAB_DELETE, CAPTAB, MANAGE), RULE(CAPTAB_REVOKE, CAPTAB, MANAGE), RULE(CAPTAB_INSPECT, CAPTAB, READ),
    RULE(SPACE_MAP, SPACE, MANAGE), RULE(SPACE_UNMAP, SPACE, MANAGE), RULE(SPACE_INFO, SPACE, READ),
    RULE(THREAD_CONFIGURE, THREAD, MANAGE), RULE(THREAD_RESUME, THREAD, MANAGE), RULE(THREAD_SUSPEND, THREAD, MANAGE),
    RULE(THREAD_READ, THREAD, READ), RULE(THREAD_WRITE, THREAD, WRITE), RULE(SCHED_CONFIGURE, SCHED, MANAGE),
    RULE(SCHED_INFO, SCHED, READ), RULE(SCHED_YIELD, SCHED, READ), RULE(ENDPOINT_CALL, ENDPOINT, CALL),
    RULE(ENDPOINT_WAIT, ENDPOINT, WAIT), RULE(ENDPOINT_REPLY_WAIT, ENDPOINT, WAIT), RULE(ENDPOINT_DEFER, ENDPOINT, WAIT),
    RULE(ENDPOINT_RESUME, ENDPOINT, WAIT), RULE(NOTIF_SIGNAL, NOTIF, SIGNAL), RULE(NOTIF_WAIT, NOTIF, WAIT),
    RULE(VCPU_RUN, VCPU, MANAGE), RULE(VCPU_CONFIGURE, VCPU, MANAGE), RULE(VCPU_READ, VCPU, MANAGE), RULE(IRQ_BIND, IRQ, MANAGE),
    RULE(IRQ_ACK, IRQ, MANAGE), RULE(IOPORT_IN, IOPORT, READ), RULE(IOPORT_OUT, IOPORT, WRITE),
    RULE(CONTROL_IOPORT, CONTROL, MANAGE), RULE(CONTROL_IRQ, CONTROL, MANAGE)
};
#undef RULE

/* Whether words from @first on, which a call does not use, are not zero. */
static inline bool words_unused_set(const uint64_t w[static 10], uint32_t first)
{
    uint64_t any = 0;
    for (uint32_t i = first; i < 10; i++) any |= w[i];
    return any != 0;
}
/* A call without parameters. */
static inline enum error decode_empty(const uint64_t w[static 10])
{
    return words_unused_set(w, 0) ? ERR_ARGUMENT : OK;
}
/* decode_@call: from words to arguments, every word inside its declared type. */
#define DECODE(call, refused, ...) \
    static inline enum error decode_##call(const uint64_t w[static 10], struct call##_args *out) \
    { \
        if (refused) return ERR_ARGUMENT; \
        *out = (struct call##_args){__VA_ARGS__}; \
        return OK; \
    }

struct untyped_retype_args { enum object_type type; uint8_t flags; uint64_t size; uint32_t captab, first, count; };
DECODE(untyped_retype, w[1] > 255 || (w[3] | w[4]) > 0xffffffffu || w[0] > 13 || w[5] < 1 || w[5] > 64 || words_unused_set(w, 6),
        .type = (enum object_type)w[0], .flags = (uint8_t)w[1], .size = w[2], .captab = (uint32_t)w[3], .first = (uint32_t)w[4],
        .count = (uint32_t)w[5])

struct captab_copy_args { uint32_t to, from, source; uint8_t rights, flags; uint16_t interface; uint32_t mask; uint64_t badge; };
DECODE(captab_copy, (w[0] | w[1] | w[2] | w[6]) > 0xffffffffu || w[3] > 255 || w[4] > 1 || w[5] > 0xffff || words_unused_set(w, 8),
        .to = (uint32_t)w[0], .from = (uint32_t)w[1], .source = (uint32_t)w[2], .rights = (uint8_t)w[3], .flags = (uint8_t)w[4],
        .interface = (uint16_t)w[5], .mask = (uint32_t)w[6], .badge = w[7])

struct captab_delete_args { uint32_t index; };
DECODE(captab_delete, w[0] > 0xffffffffu || words_unused_set(w, 1), .index = (uint32_t)w[0])

struct captab_revoke_args { uint32_t index; };
DECODE(captab_revoke, w[0] > 0xffffffffu || words_unused_set(w, 1), .index = (uint32_t)w[0])

struct captab_inspect_args { uint32_t index; };
DECODE(captab_inspect, w[0] > 0xffffffffu || words_unused_set(w, 1), .index = (uint32_t)w[0])

struct space_map_args { uint32_t frame; uint64_t address; uint8_t access; };
DECODE(space_map, w[0] > 0xffffffffu || w[2] > 15 || words_unused_set(w, 3), .frame = (uint32_t)w[0], .address = w[1],
        .access = (uint8_t)w[2])

struct space_unmap_args { uint32_t frame; };
DECODE(space_unmap, w[0] > 0xffffffffu || words_unused_set(w, 1), .frame = (uint32_t)w[0])

struct thread_configure_args { uint32_t space, captab, sched, reserve, fault, notif; uint8_t flags; uint32_t compartment; };
DECODE(thread_configure, (w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[7]) > 0xffffffffu || w[6] > 1 || words_unused_set(w, 8),
        .space = (uint32_t)w[0], .captab = (uint32_t)w[1], .sched = (uint32_t)w[2], .reserve = (uint32_t)w[3],
        .fault = (uint32_t)w[4], .notif = (uint32_t)w[5], .flags = (uint8_t)w[6], .compartment = (uint32_t)w[7])

struct thread_read_args { enum register_group group; };
DECODE(thread_read, w[0] > 2 || words_unused_set(w, 1), .group = (enum register_group)w[0])

struct thread_write_args { enum register_group group; uint64_t a, b, c, d, e, f, g, h; };
DECODE(thread_write, w[0] > 2 || words_unused_set(w, 9), .group = (enum register_group)w[0], .a = w[1], .b = w[2], .c = w[3],
        .d = w[4], .e = w[5], .f = w[6], .g = w[7], .h = w[8])

struct sched_configure_args { uint32_t control; uint64_t budget, period; uint8_t priority; uint16_t processor; };
DECODE(sched_configure, w[0] > 0xffffffffu || w[3] > 63 || w[4] > 0xffff || words_unused_set(w, 5), .control = (uint32_t)w[0],
        .budget = w[1], .period = w[2], .priority = (uint8_t)w[3], .processor = (uint16_t)w[4])

struct notif_signal_args { uint32_t bits; };
DECODE(notif_signal, w[0] > 0xffffffffu || words_unused_set(w, 1), .bits = (uint32_t)w[0])

struct vcpu_configure_args { uint32_t space, captab; };
DECODE(vcpu_configure, (w[0] | w[1]) > 0xffffffffu || words_unused_set(w, 2), .space = (uint32_t)w[0], .captab = (uint32_t)w[1])

struct vcpu_read_args { uint32_t groups; };
DECODE(vcpu_read, w[0] > 511 || words_unused_set(w, 1), .groups = (uint32_t)w[0])

struct irq_bind_args { uint32_t notif, bits; };
DECODE(irq_bind, (w[0] | w[1]) > 0xffffffffu || words_unused_set(w, 2), .notif = (uint32_t)w[0], .bits = (uint32_t)w[1])

struct ioport_in_args { uint16_t port; uint8_t size_bytes; };
DECODE(ioport_in, w[0] > 0xffff || w[1] < 1 || w[1] > 4 || words_unused_set(w, 2), .port = (uint16_t)w[0],
        .size_bytes = (uint8_t)w[1])

struct ioport_out_args { uint16_t port; uint8_t size_bytes; uint32_t value; };
DECODE(ioport_out, w[0] > 0xffff || w[2] > 0xffffffffu || w[1] < 1 || w[1] > 4 || words_unused_set(w, 3), .port = (uint16_t)w[0],
        .size_bytes = (uint8_t)w[1], .value = (uint32_t)w[2])

struct control_ioport_args { uint32_t captab, index; uint16_t first, last; };
DECODE(control_ioport, (w[0] | w[1]) > 0xffffffffu || (w[2] | w[3]) > 0xffff || words_unused_set(w, 4), .captab = (uint32_t)w[0],
        .index = (uint32_t)w[1], .first = (uint16_t)w[2], .last = (uint16_t)w[3])

struct control_irq_args { uint32_t captab, index, gsi; uint8_t flags; };
DECODE(control_irq, (w[0] | w[1]) > 0xffffffffu || w[3] > 255 || w[2] > 23 || words_unused_set(w, 4), .captab = (uint32_t)w[0],
        .index = (uint32_t)w[1], .gsi = (uint32_t)w[2], .flags = (uint8_t)w[3])
#undef DECODE

#endif
