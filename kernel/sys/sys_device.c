#include "hw/x86.h"
#include "sys/sys.h"

enum error sys_irq_bind(struct invocation *call)
{
    struct irq_bind_args args;
    struct slot *notif;
    enum error error = decode_irq_bind(call->word, &args);

    if (error) return error;
    error = captab_find(call->thread->captab, args.notif, OBJECT_TYPE_NOTIF, RIGHT_WAIT, &notif);
    if (error) return error;
    if (notif->cap.depth >= CAP_DEPTH_MAX) return ERR_DEPTH;
    if (args.bits & ~notif->cap.mask) return ERR_METHOD;

    irq_bind(call->cpu, cap_object(call->slot), notif, args.bits);
    return OK;
}

enum error sys_irq_ack(struct invocation *call)
{
    enum error error = decode_empty(call->word);

    if (error) return error;

    irq_ack(cap_object(call->slot));
    return OK;
}

/* @bytes ports from @port, all inside what @cap names. */
static enum error check_ports(const struct capability *cap, uint16_t port, uint8_t bytes)
{
    uint64_t first = cap->badge & 0xffff, last = cap->badge >> 16;

    if (bytes == 3) return ERR_ARGUMENT;
    return port >= first && (uint64_t)port + bytes - 1 <= last ? OK : ERR_RANGE;
}

enum error sys_ioport_in(struct invocation *call)
{
    struct ioport_in_args args;
    enum error error = decode_ioport_in(call->word, &args);

    if (error) return error;
    error = check_ports(&call->slot->cap, args.port, args.size_bytes);
    if (error) return error;

    call->thread->regs.rbx = args.size_bytes == 1 ? in8(args.port) : args.size_bytes == 2 ? in16(args.port) : in32(args.port);
    return OK;
}

enum error sys_ioport_out(struct invocation *call)
{
    struct ioport_out_args args;
    enum error error = decode_ioport_out(call->word, &args);

    if (error) return error;
    error = check_ports(&call->slot->cap, args.port, args.size_bytes);
    if (error) return error;

    if (args.size_bytes == 1) out8(args.port, (uint8_t)args.value);
    else if (args.size_bytes == 2) out16(args.port, (uint16_t)args.value);
    else out32(args.port, args.value);
    return OK;
}

/* Ports by which a domain could raise interrupts or SMIs behind the kernel's back: IMCR, both 8259, SMI command. */
static bool ports_withheld(uint16_t first, uint16_t last)
{
    static const struct {
        uint16_t first, last;
    } withheld[] = {{0x20, 0x23}, {0xa0, 0xa1}, {0xb2, 0xb3}};

    for (size_t i = 0; i < sizeof withheld / sizeof withheld[0]; i++)
        if (first <= withheld[i].last && last >= withheld[i].first) return true;
    return false;
}

static enum error find_destination(struct invocation *call, uint32_t captab, uint32_t index, struct slot **out)
{
    struct slot *table, *to;
    enum error error = captab_find(call->thread->captab, captab, OBJECT_TYPE_CAPTAB, RIGHT_MANAGE, &table);

    if (error) return error;
    if (((struct captab *)cap_object(table))->flags & CAPTAB_TERMINAL) return ERR_SEALED;
    to = captab_slot(cap_object(table), index);
    if (!to) return ERR_SLOT;
    if (to->cap.type != OBJECT_TYPE_NONE) return ERR_OCCUPIED;
    if (call->slot->cap.depth >= CAP_DEPTH_MAX) return ERR_DEPTH;
    *out = to;
    return OK;
}

enum error sys_control_ioport(struct invocation *call)
{
    struct control_ioport_args args;
    struct slot *to;
    enum error error = decode_control_ioport(call->word, &args);

    if (error) return error;
    if (args.first > args.last) return ERR_RANGE;
    if (ports_withheld(args.first, args.last)) return ERR_DENIED;
    error = find_destination(call, args.captab, args.index, &to);
    if (error) return error;

    cap_install(to, call->slot,
        &(struct capability){.type = OBJECT_TYPE_IOPORT,
            .rights = UINT8_MAX,
            .flags = CAP_ORIGINAL,
            .badge = args.first | (uint64_t)args.last << 16});
    return OK;
}

enum error sys_control_irq(struct invocation *call)
{
    struct control_irq_args args;
    struct slot *to;
    struct irq *irq;
    enum error error = decode_control_irq(call->word, &args);

    if (error) return error;
    error = find_destination(call, args.captab, args.index, &to);
    if (error) return error;
    irq = irq_get(args.gsi);
    if (!irq) return ERR_RANGE;
    if (irq->made) return ERR_BUSY;
    if (args.flags & ~3u) return ERR_ARGUMENT;
    if (!irq_make(call->cpu, irq, args.flags)) return ERR_UNSUPPORTED;

    cap_install(to, call->slot,
        &(struct capability){.type = OBJECT_TYPE_IRQ, .rights = UINT8_MAX, .flags = CAP_ORIGINAL, .object = (uint64_t)irq});
    return OK;
}
