/* Generated from idl/kernel.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_KERNEL_DECODE_H
#define BULKHEAD_KERNEL_DECODE_H

#include <bulkhead/abi.h>

/* The type of object and the right that a call needs; OBJECT_TYPE_NONE: no such call (but CALL_NULL). */
#define CALL_LIMIT 64
struct call_rule { uint8_t type, right; };
static const struct call_rule call_rules[CALL_LIMIT] = {
    [CALL_NULL] = {OBJECT_TYPE_NONE, 0}, [CALL_UNTYPED_RETYPE] = {OBJECT_TYPE_UNTYPED, RIGHT_MANAGE},
    [CALL_UNTYPED_INFO] = {OBJECT_TYPE_UNTYPED, RIGHT_READ},
    [CALL_CAPTAB_COPY] = {OBJECT_TYPE_CAPTAB, RIGHT_MANAGE},
    [CALL_CAPTAB_DELETE] = {OBJECT_TYPE_CAPTAB, RIGHT_MANAGE},
    [CALL_CAPTAB_REVOKE] = {OBJECT_TYPE_CAPTAB, RIGHT_MANAGE},
    [CALL_CAPTAB_INSPECT] = {OBJECT_TYPE_CAPTAB, RIGHT_READ},
    [CALL_SPACE_MAP] = {OBJECT_TYPE_SPACE, RIGHT_MANAGE},
    [CALL_SPACE_UNMAP] = {OBJECT_TYPE_SPACE, RIGHT_MANAGE},
    [CALL_SPACE_INFO] = {OBJECT_TYPE_SPACE, RIGHT_READ},
    [CALL_THREAD_CONFIGURE] = {OBJECT_TYPE_THREAD, RIGHT_MANAGE},
    [CALL_THREAD_RESUME] = {OBJECT_TYPE_THREAD, RIGHT_MANAGE},
    [CALL_THREAD_SUSPEND] = {OBJECT_TYPE_THREAD, RIGHT_MANAGE},
    [CALL_THREAD_READ] = {OBJECT_TYPE_THREAD, RIGHT_READ},
    [CALL_THREAD_WRITE] = {OBJECT_TYPE_THREAD, RIGHT_WRITE},
    [CALL_SCHED_CONFIGURE] = {OBJECT_TYPE_SCHED, RIGHT_MANAGE},
    [CALL_SCHED_INFO] = {OBJECT_TYPE_SCHED, RIGHT_READ}, [CALL_SCHED_YIELD] = {OBJECT_TYPE_SCHED, RIGHT_READ},
    [CALL_ENDPOINT_CALL] = {OBJECT_TYPE_ENDPOINT, RIGHT_CALL},
    [CALL_ENDPOINT_WAIT] = {OBJECT_TYPE_ENDPOINT, RIGHT_WAIT},
    [CALL_ENDPOINT_REPLY_WAIT] = {OBJECT_TYPE_ENDPOINT, RIGHT_WAIT},
    [CALL_ENDPOINT_DEFER] = {OBJECT_TYPE_ENDPOINT, RIGHT_WAIT},
    [CALL_ENDPOINT_RESUME] = {OBJECT_TYPE_ENDPOINT, RIGHT_WAIT},
    [CALL_NOTIF_SIGNAL] = {OBJECT_TYPE_NOTIF, RIGHT_SIGNAL},
    [CALL_NOTIF_WAIT] = {OBJECT_TYPE_NOTIF, RIGHT_WAIT}, [CALL_VCPU_RUN] = {OBJECT_TYPE_VCPU, RIGHT_MANAGE},
    [CALL_VCPU_CONFIGURE] = {OBJECT_TYPE_VCPU, RIGHT_MANAGE},
    [CALL_VCPU_READ] = {OBJECT_TYPE_VCPU, RIGHT_MANAGE}, [CALL_IRQ_BIND] = {OBJECT_TYPE_IRQ, RIGHT_MANAGE},
    [CALL_IRQ_ACK] = {OBJECT_TYPE_IRQ, RIGHT_MANAGE}, [CALL_IOPORT_IN] = {OBJECT_TYPE_IOPORT, RIGHT_READ},
    [CALL_IOPORT_OUT] = {OBJECT_TYPE_IOPORT, RIGHT_WRITE},
    [CALL_CONTROL_IOPORT] = {OBJECT_TYPE_CONTROL, RIGHT_MANAGE},
    [CALL_CONTROL_IRQ] = {OBJECT_TYPE_CONTROL, RIGHT_MANAGE}
};

/* A call without parameters. */
static inline enum error decode_empty(const uint64_t w[static 10])
{
    return (w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7] | w[8] | w[9]) != 0 ? ERR_ARGUMENT : OK;
}

struct untyped_retype_args {
    enum object_type type; uint8_t flags; uint64_t size; uint32_t captab, first, count;
};
static inline enum error decode_untyped_retype(const uint64_t w[static 10], struct untyped_retype_args *out)
{
    if (w[1] > 255 || (w[3] | w[4]) > 0xffffffffu || w[0] > 13 || w[5] < 1 || w[5] > 64 ||
        (w[6] | w[7] | w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct untyped_retype_args){.type = (enum object_type)w[0], .flags = (uint8_t)w[1], .size = w[2],
        .captab = (uint32_t)w[3], .first = (uint32_t)w[4], .count = (uint32_t)w[5]};
    return OK;
}

struct captab_copy_args {
    uint32_t to, from, source; uint8_t rights, flags; uint16_t interface; uint32_t mask; uint64_t badge;
};
static inline enum error decode_captab_copy(const uint64_t w[static 10], struct captab_copy_args *out)
{
    if ((w[0] | w[1] | w[2] | w[6]) > 0xffffffffu || w[3] > 255 || w[4] > 1 || w[5] > 0xffff ||
        (w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct captab_copy_args){.to = (uint32_t)w[0], .from = (uint32_t)w[1], .source = (uint32_t)w[2],
        .rights = (uint8_t)w[3], .flags = (uint8_t)w[4], .interface = (uint16_t)w[5], .mask = (uint32_t)w[6],
        .badge = w[7]};
    return OK;
}

struct captab_delete_args { uint32_t index; };
static inline enum error decode_captab_delete(const uint64_t w[static 10], struct captab_delete_args *out)
{
    if (w[0] > 0xffffffffu || (w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7] | w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct captab_delete_args){.index = (uint32_t)w[0]};
    return OK;
}

struct captab_revoke_args { uint32_t index; };
static inline enum error decode_captab_revoke(const uint64_t w[static 10], struct captab_revoke_args *out)
{
    if (w[0] > 0xffffffffu || (w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7] | w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct captab_revoke_args){.index = (uint32_t)w[0]};
    return OK;
}

struct captab_inspect_args { uint32_t index; };
static inline enum error decode_captab_inspect(const uint64_t w[static 10], struct captab_inspect_args *out)
{
    if (w[0] > 0xffffffffu || (w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7] | w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct captab_inspect_args){.index = (uint32_t)w[0]};
    return OK;
}

struct space_map_args { uint32_t frame; uint64_t address; uint8_t access; };
static inline enum error decode_space_map(const uint64_t w[static 10], struct space_map_args *out)
{
    if (w[0] > 0xffffffffu || w[2] > 15 || (w[3] | w[4] | w[5] | w[6] | w[7] | w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct space_map_args){.frame = (uint32_t)w[0], .address = w[1], .access = (uint8_t)w[2]};
    return OK;
}

struct space_unmap_args { uint32_t frame; };
static inline enum error decode_space_unmap(const uint64_t w[static 10], struct space_unmap_args *out)
{
    if (w[0] > 0xffffffffu || (w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7] | w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct space_unmap_args){.frame = (uint32_t)w[0]};
    return OK;
}

struct thread_configure_args {
    uint32_t space, captab, sched, reserve, fault, notif; uint8_t flags; uint32_t compartment;
};
static inline enum error decode_thread_configure(const uint64_t w[static 10], struct thread_configure_args *out)
{
    if ((w[0] | w[1] | w[2] | w[3] | w[4] | w[5] | w[7]) > 0xffffffffu || w[6] > 1 || (w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct thread_configure_args){.space = (uint32_t)w[0], .captab = (uint32_t)w[1],
        .sched = (uint32_t)w[2], .reserve = (uint32_t)w[3], .fault = (uint32_t)w[4], .notif = (uint32_t)w[5],
        .flags = (uint8_t)w[6], .compartment = (uint32_t)w[7]};
    return OK;
}

struct thread_read_args { enum register_group group; };
static inline enum error decode_thread_read(const uint64_t w[static 10], struct thread_read_args *out)
{
    if (w[0] > 2 || (w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7] | w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct thread_read_args){.group = (enum register_group)w[0]};
    return OK;
}

struct thread_write_args { enum register_group group; uint64_t a, b, c, d, e, f, g, h; };
static inline enum error decode_thread_write(const uint64_t w[static 10], struct thread_write_args *out)
{
    if (w[0] > 2 || w[9] != 0)
        return ERR_ARGUMENT;
    *out = (struct thread_write_args){.group = (enum register_group)w[0], .a = w[1], .b = w[2], .c = w[3],
        .d = w[4], .e = w[5], .f = w[6], .g = w[7], .h = w[8]};
    return OK;
}

struct sched_configure_args {
    uint32_t control; uint64_t budget, period; uint8_t priority; uint16_t processor;
};
static inline enum error decode_sched_configure(const uint64_t w[static 10], struct sched_configure_args *out)
{
    if (w[0] > 0xffffffffu || w[3] > 63 || w[4] > 0xffff || (w[5] | w[6] | w[7] | w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct sched_configure_args){.control = (uint32_t)w[0], .budget = w[1], .period = w[2],
        .priority = (uint8_t)w[3], .processor = (uint16_t)w[4]};
    return OK;
}

struct notif_signal_args { uint32_t bits; };
static inline enum error decode_notif_signal(const uint64_t w[static 10], struct notif_signal_args *out)
{
    if (w[0] > 0xffffffffu || (w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7] | w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct notif_signal_args){.bits = (uint32_t)w[0]};
    return OK;
}

struct vcpu_configure_args { uint32_t space, captab; };
static inline enum error decode_vcpu_configure(const uint64_t w[static 10], struct vcpu_configure_args *out)
{
    if ((w[0] | w[1]) > 0xffffffffu || (w[2] | w[3] | w[4] | w[5] | w[6] | w[7] | w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct vcpu_configure_args){.space = (uint32_t)w[0], .captab = (uint32_t)w[1]};
    return OK;
}

struct vcpu_read_args { uint32_t groups; };
static inline enum error decode_vcpu_read(const uint64_t w[static 10], struct vcpu_read_args *out)
{
    if (w[0] > 511 || (w[1] | w[2] | w[3] | w[4] | w[5] | w[6] | w[7] | w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct vcpu_read_args){.groups = (uint32_t)w[0]};
    return OK;
}

struct irq_bind_args { uint32_t notif, bits; };
static inline enum error decode_irq_bind(const uint64_t w[static 10], struct irq_bind_args *out)
{
    if ((w[0] | w[1]) > 0xffffffffu || (w[2] | w[3] | w[4] | w[5] | w[6] | w[7] | w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct irq_bind_args){.notif = (uint32_t)w[0], .bits = (uint32_t)w[1]};
    return OK;
}

struct ioport_in_args { uint16_t port; uint8_t size_bytes; };
static inline enum error decode_ioport_in(const uint64_t w[static 10], struct ioport_in_args *out)
{
    if (w[0] > 0xffff || w[1] < 1 || w[1] > 4 || (w[2] | w[3] | w[4] | w[5] | w[6] | w[7] | w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct ioport_in_args){.port = (uint16_t)w[0], .size_bytes = (uint8_t)w[1]};
    return OK;
}

struct ioport_out_args { uint16_t port; uint8_t size_bytes; uint32_t value; };
static inline enum error decode_ioport_out(const uint64_t w[static 10], struct ioport_out_args *out)
{
    if (w[0] > 0xffff || w[2] > 0xffffffffu || w[1] < 1 || w[1] > 4 ||
        (w[3] | w[4] | w[5] | w[6] | w[7] | w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct ioport_out_args){.port = (uint16_t)w[0], .size_bytes = (uint8_t)w[1],
        .value = (uint32_t)w[2]};
    return OK;
}

struct control_ioport_args { uint32_t captab, index; uint16_t first, last; };
static inline enum error decode_control_ioport(const uint64_t w[static 10], struct control_ioport_args *out)
{
    if ((w[0] | w[1]) > 0xffffffffu || (w[2] | w[3]) > 0xffff ||
        (w[4] | w[5] | w[6] | w[7] | w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct control_ioport_args){.captab = (uint32_t)w[0], .index = (uint32_t)w[1],
        .first = (uint16_t)w[2], .last = (uint16_t)w[3]};
    return OK;
}

struct control_irq_args { uint32_t captab, index, gsi; uint8_t flags; };
static inline enum error decode_control_irq(const uint64_t w[static 10], struct control_irq_args *out)
{
    if ((w[0] | w[1]) > 0xffffffffu || w[3] > 255 || w[2] > 23 ||
        (w[4] | w[5] | w[6] | w[7] | w[8] | w[9]) != 0)
        return ERR_ARGUMENT;
    *out = (struct control_irq_args){.captab = (uint32_t)w[0], .index = (uint32_t)w[1], .gsi = (uint32_t)w[2],
        .flags = (uint8_t)w[3]};
    return OK;
}

#endif
