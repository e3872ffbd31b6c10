#include "hw/x86.h"
#include "sys/sys.h"

enum error sys_irq_bind(struct invocation *call, const struct irq_bind_args *args)
{
    struct slot *notif;
    enum error error = captab_find(call->thread->captab, args->notif, OBJECT_TYPE_NOTIF, RIGHT_WAIT, &notif);

    if (error) return error;
    if (notif->cap.depth >= CAP_DEPTH_MAX) return ERR_DEPTH;
    if (args->bits & ~(uint64_t)notif->cap.mask) return ERR_METHOD;

    irq_bind(call->cpu, cap_object(call->slot), notif, args->bits);
    return OK;
}

enum error sys_irq_ack(struct invocation *call)
{
    irq_ack(call->cpu, cap_object(call->slot));
    return OK;
}

/* @bytes ports from @port, all inside what @cap names. */
static enum error check_ports(const struct capability *cap, uint64_t port, uint64_t bytes)
{
    uint64_t first = cap->badge & 0xffff, last = cap->badge >> 16;

    if (bytes == 3) return ERR_ARGUMENT;
    return port >= first && port + bytes - 1 <= last ? OK : ERR_RANGE;
}

enum error sys_ioport_in(struct invocation *call, const struct ioport_in_args *args)
{
    uint16_t port = (uint16_t)args->port;
    enum error error = check_ports(&call->slot->cap, args->port, args->size_bytes);

    if (error) return error;

    call->thread->regs.rbx = args->size_bytes == 1 ? in8(port) : args->size_bytes == 2 ? in16(port) : in32(port);
    return OK;
}

enum error sys_ioport_out(struct invocation *call, const struct ioport_out_args *args)
{
    uint16_t port = (uint16_t)args->port;
    enum error error = check_ports(&call->slot->cap, args->port, args->size_bytes);

    if (error) return error;

    if (args->size_bytes == 1) out8(port, (uint8_t)args->value);
    else if (args->size_bytes == 2) out16(port, (uint16_t)args->value);
    else out32(port, (uint32_t)args->value);
    return OK;
}

/* Ports by which a domain could raise interrupts or SMIs behind the kernel's back: IMCR, both 8259, SMI command. */
static bool ports_withheld(uint64_t first, uint64_t last)
{
    static const uint16_t withheld[][2] = {{0x20, 0x23}, {0xa0, 0xa1}, {0xb2, 0xb3}};

    for (size_t i = 0; i < sizeof withheld / sizeof withheld[0]; i++)
        if (first <= withheld[i][1] && last >= withheld[i][0]) return true;
    return false;
}

enum error sys_control_ioport(struct invocation *call, const struct control_ioport_args *args)
{
    const struct capability ports = {
        .type = OBJECT_TYPE_IOPORT, .rights = UINT8_MAX, .flags = CAP_ORIGINAL, .badge = args->first | args->last << 16};
    struct captab *table;
    enum error error;

    if (args->first > args->last) return ERR_RANGE;
    if (ports_withheld(args->first, args->last)) return ERR_DENIED;
    error = find_destination(call, args->captab, &table);
    if (!error) error = check_empty(table, args->index, 1);
    if (error) return error;

    cap_install(captab_slot(table, args->index), call->slot, &ports);
    return OK;
}

enum error sys_control_irq(struct invocation *call, const struct control_irq_args *args)
{
    struct irq *irq = irq_get(args->gsi);
    const struct capability cap = {.type = OBJECT_TYPE_IRQ, .rights = UINT8_MAX, .flags = CAP_ORIGINAL, .object = (uint64_t)irq};
    struct captab *table;
    enum error error = find_destination(call, args->captab, &table);

    if (!error) error = check_empty(table, args->index, 1);
    if (error) return error;
    if (!irq) return ERR_RANGE;
    if (irq->made) return ERR_BUSY;
    if (args->flags & ~3ull) return ERR_ARGUMENT;

    irq_make(call->cpu, irq, (uint8_t)args->flags);
    cap_install(captab_slot(table, args->index), call->slot, &cap);
    return OK;
}
