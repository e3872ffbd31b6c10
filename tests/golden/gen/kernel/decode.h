/* Generated from idl/kernel.idl by gen (docs/idl.md). Do not edit. */
#pragma once

#include <bulkhead/abi.h>

#define CALL_LIMIT 64

/* The parameters of a call as they lie in its words, which keep their 64 bits. */
struct untyped_retype_args { uint64_t type, flags, size, captab, first, count; };
struct captab_copy_args { uint64_t to, from, source, rights, flags, interface, mask, badge; };
struct captab_delete_args { uint64_t index; }; struct captab_revoke_args { uint64_t index; };
struct captab_inspect_args { uint64_t index; }; struct space_map_args { uint64_t frame, address, access; };
struct space_unmap_args { uint64_t frame; };
struct thread_configure_args { uint64_t space, captab, sched, reserve, fault, notif, flags, compartment; };
struct thread_read_args { uint64_t group; }; struct thread_write_args { uint64_t group, a, b, c, d, e, f, g, h; };
struct sched_configure_args { uint64_t control, budget, period, priority, processor; }; struct notif_signal_args { uint64_t bits; };
struct vcpu_configure_args { uint64_t space, captab; }; struct vcpu_read_args { uint64_t groups; };
struct iospace_map_args { uint64_t frame, address, access; }; struct iospace_unmap_args { uint64_t frame; };
struct iospace_attach_args { uint64_t control, source; }; struct iospace_watch_args { uint64_t notif, bits; };
struct irq_bind_args { uint64_t notif, bits; }; struct ioport_in_args { uint64_t port, size_bytes; };
struct ioport_out_args { uint64_t port, size_bytes, value; }; struct control_ioport_args { uint64_t captab, index, first, last; };
struct control_irq_args { uint64_t captab, index, gsi, flags; };
struct control_msi_args { uint64_t captab, index, handle, source; };
struct control_device_args { uint64_t captab, index, base, bytes; };

/* Whether words from @first on are not all zero; a constant @first leaves one test. */
static inline bool words_set(const uint64_t w[static 10], uint32_t first)
{
    const uint64_t any =
        (first > 0 ? 0 : w[0]) | (first > 1 ? 0 : w[1]) | (first > 2 ? 0 : w[2]) | (first > 3 ? 0 : w[3]) | (first > 4 ? 0 : w[4]) |
        (first > 5 ? 0 : w[5]) | (first > 6 ? 0 : w[6]) | (first > 7 ? 0 : w[7]) | (first > 8 ? 0 : w[8]) | (first > 9 ? 0 : w[9]);
    return any != 0;
}

/* Every call of an object: its name, its number, the object, the right, whether the answer has words or comes later, how many words are
 * looked at, and what is refused of those, @w. WITH has parameters, PLAIN has none. */
#define EACH_CALL(WITH, PLAIN) \
    WITH(untyped_retype, UNTYPED_RETYPE, UNTYPED, MANAGE, 0, 6, \
        w[1] > 255 || (w[3] | w[4]) > 0xffffffffu || w[0] > 13 || w[5] < 1 || w[5] > 64) \
    WITH(captab_copy, CAPTAB_COPY, CAPTAB, MANAGE, 0, 8, \
        (w[0] | w[1] | w[2] | w[6]) > 0xffffffffu || w[3] > 255 || w[4] > 1 || w[5] > 0xffff) \
    WITH(captab_delete, CAPTAB_DELETE, CAPTAB, MANAGE, 0, 1, w[0] > 0xffffffffu) \
    WITH(captab_revoke, CAPTAB_REVOKE, CAPTAB, MANAGE, 0, 1, w[0] > 0xffffffffu) \
    WITH(captab_inspect, CAPTAB_INSPECT, CAPTAB, READ, 1, 1, w[0] > 0xffffffffu) \
    WITH(space_map, SPACE_MAP, SPACE, MANAGE, 0, 3, w[0] > 0xffffffffu || w[2] > 15) \
    WITH(space_unmap, SPACE_UNMAP, SPACE, MANAGE, 0, 1, w[0] > 0xffffffffu) \
    WITH(thread_configure, THREAD_CONFIGURE, THREAD, MANAGE, 0, 8, \
        (w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[7]) > 0xffffffffu || w[6] > 1) \
    WITH(thread_read, THREAD_READ, THREAD, READ, 1, 1, w[0] > 2) WITH(thread_write, THREAD_WRITE, THREAD, WRITE, 0, 9, w[0] > 2) \
    WITH(sched_configure, SCHED_CONFIGURE, SCHED, MANAGE, 0, 5, w[0] > 0xffffffffu || w[3] > 63 || w[4] > 0xffff) \
    WITH(notif_signal, NOTIF_SIGNAL, NOTIF, SIGNAL, 0, 10, 0) \
    WITH(vcpu_configure, VCPU_CONFIGURE, VCPU, MANAGE, 0, 2, (w[0] | w[1]) > 0xffffffffu) \
    WITH(vcpu_read, VCPU_READ, VCPU, MANAGE, 0, 1, w[0] > 511) \
    WITH(iospace_map, IOSPACE_MAP, IOSPACE, MANAGE, 0, 3, w[0] > 0xffffffffu || w[2] > 15) \
    WITH(iospace_unmap, IOSPACE_UNMAP, IOSPACE, MANAGE, 0, 1, w[0] > 0xffffffffu) \
    WITH(iospace_attach, IOSPACE_ATTACH, IOSPACE, MANAGE, 0, 2, w[0] > 0xffffffffu || w[1] > 0xffff) \
    WITH(iospace_watch, IOSPACE_WATCH, IOSPACE, MANAGE, 0, 2, (w[0] | w[1]) > 0xffffffffu) \
    WITH(irq_bind, IRQ_BIND, IRQ, MANAGE, 0, 2, (w[0] | w[1]) > 0xffffffffu) \
    WITH(ioport_in, IOPORT_IN, IOPORT, READ, 1, 2, w[0] > 0xffff || w[1] < 1 || w[1] > 4) \
    WITH(ioport_out, IOPORT_OUT, IOPORT, WRITE, 0, 3, w[0] > 0xffff || w[2] > 0xffffffffu || w[1] < 1 || w[1] > 4) \
    WITH(control_ioport, CONTROL_IOPORT, CONTROL, MANAGE, 0, 4, (w[0] | w[1]) > 0xffffffffu || (w[2] | w[3]) > 0xffff) \
    WITH(control_irq, CONTROL_IRQ, CONTROL, MANAGE, 0, 4, (w[0] | w[1]) > 0xffffffffu || w[3] > 255 || w[2] > 23) \
    WITH(control_msi, CONTROL_MSI, CONTROL, MANAGE, 0, 4, (w[0] | w[1]) > 0xffffffffu || w[2] > 31 || w[3] > 0xffff) \
    WITH(control_device, CONTROL_DEVICE, CONTROL, MANAGE, 0, 4, (w[0] | w[1]) > 0xffffffffu) \
    PLAIN(untyped_info, UNTYPED_INFO, UNTYPED, READ, 1, 0, 0) PLAIN(space_info, SPACE_INFO, SPACE, READ, 1, 0, 0) \
    PLAIN(thread_resume, THREAD_RESUME, THREAD, MANAGE, 0, 0, 0) PLAIN(thread_suspend, THREAD_SUSPEND, THREAD, MANAGE, 0, 0, 0) \
    PLAIN(sched_info, SCHED_INFO, SCHED, READ, 1, 0, 0) PLAIN(sched_yield, SCHED_YIELD, SCHED, READ, 0, 0, 0) \
    PLAIN(endpoint_call, ENDPOINT_CALL, ENDPOINT, CALL, 1, 10, 0) PLAIN(endpoint_wait, ENDPOINT_WAIT, ENDPOINT, WAIT, 1, 10, 0) \
    PLAIN(endpoint_reply_wait, ENDPOINT_REPLY_WAIT, ENDPOINT, WAIT, 1, 10, 0) \
    PLAIN(endpoint_defer, ENDPOINT_DEFER, ENDPOINT, WAIT, 1, 0, 0) PLAIN(endpoint_resume, ENDPOINT_RESUME, ENDPOINT, WAIT, 1, 10, 0) \
    PLAIN(notif_wait, NOTIF_WAIT, NOTIF, WAIT, 1, 10, 0) PLAIN(vcpu_run, VCPU_RUN, VCPU, MANAGE, 1, 10, 0) \
    PLAIN(iospace_detach, IOSPACE_DETACH, IOSPACE, MANAGE, 0, 0, 0) PLAIN(iospace_fault, IOSPACE_FAULT, IOSPACE, READ, 1, 0, 0) \
    PLAIN(irq_ack, IRQ_ACK, IRQ, MANAGE, 0, 0, 0)

/* refuses_@name: a word is outside its declared type, or an unused one not zero. */
#define REFUSES(name, number, object, right, answers, used, refused) \
    static inline bool refuses_##name(const uint64_t w[static 10]) { return (refused) || words_set(w, used); }
EACH_CALL(REFUSES, REFUSES)

/* What a call needs; OBJECT_TYPE_NONE: no such call (but CALL_NULL). */
#define RULE(name, number, object, right, answers, used, refused) [CALL_##number] = {OBJECT_TYPE_##object, RIGHT_##right, answers},
static const struct call_rule { uint8_t type, right; bool answers; } call_rules[CALL_LIMIT] = { EACH_CALL(RULE, RULE) };
