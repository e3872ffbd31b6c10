/* Generated from idl/kernel.idl by gen (docs/idl.md). Do not edit. */
#ifndef BULKHEAD_DOMAIN_STUBS_H
#define BULKHEAD_DOMAIN_STUBS_H

#include <bulkhead/message.h>

/* Load the message into the registers, SYSCALL, store the registers into the message (stubs.S). */
MUST_CHECK enum error ipc_invoke(uint64_t rax, uint64_t rdi, struct message *message);
/* The same for one word each way, with label 0; what else comes back is dropped. */
MUST_CHECK enum error ipc_brief(uint64_t rax, uint64_t rdi, uint64_t *word);

static inline uint64_t ipc_target(enum call call, uint32_t slot)
{
    return (uint64_t)call << CALL_SHIFT | slot;
}

MUST_CHECK static inline enum error syscall_null(void)
{
    uint64_t word[1] = {0};
    enum error error = ipc_brief(ipc_target(CALL_NULL, 0), 0, word);

    return error;
}

/* Carve @count objects into @captab's slots from @first. Restartable: ERR_AGAIN until all are zeroed and made. */
MUST_CHECK static inline enum error untyped_retype(
    uint32_t slot, enum object_type type, uint8_t flags, uint64_t size, uint32_t captab, uint32_t first, uint32_t count)
{
    struct message message;
    enum error error;

    do {
        message = (struct message){.word = {[0] = (uint64_t)type, [1] = flags, [2] = size, [3] = captab, [4] = first, [5] = count}};
        error = ipc_invoke(ipc_target(CALL_UNTYPED_RETYPE, slot), 0, &message);
    } while (error == ERR_AGAIN);
    return error;
}

/* Region of the untyped and how much of it is used. */
MUST_CHECK static inline enum error untyped_info(uint32_t slot, uint64_t *base, uint64_t *bytes, uint64_t *used, uint8_t *flags)
{
    struct message message;
    enum error error;

    message = (struct message){.label = 0};
    error = ipc_invoke(ipc_target(CALL_UNTYPED_INFO, slot), 0, &message);
    if (error == OK) {
        *base = message.word[0];
        *bytes = message.word[1];
        *used = message.word[2];
        *flags = (uint8_t)message.word[3];
    }
    return error;
}

/* Derive from slot @source of table @from into slot @to of this table, with no more rights than the source. */
MUST_CHECK static inline enum error captab_copy(
    uint32_t slot, uint32_t to, uint32_t from, uint32_t source, uint8_t rights, uint8_t flags, uint16_t interface, uint32_t mask,
    uint64_t badge)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = to, [1] = from, [2] = source, [3] = rights, [4] = flags, [5] = interface, [6] = mask, [7] = badge}};
    error = ipc_invoke(ipc_target(CALL_CAPTAB_COPY, slot), 0, &message);
    return error;
}

/* Revoke what is below the capability, then remove it (destroying the object if it is the original). */
MUST_CHECK static inline enum error captab_delete(uint32_t slot, uint32_t index)
{
    struct message message;
    enum error error;

    do {
        message = (struct message){.word = {[0] = index}};
        error = ipc_invoke(ipc_target(CALL_CAPTAB_DELETE, slot), 0, &message);
    } while (error == ERR_AGAIN);
    return error;
}

/* Remove everything derived from the capability; for an untyped: destroy all carved from it. */
MUST_CHECK static inline enum error captab_revoke(uint32_t slot, uint32_t index)
{
    struct message message;
    enum error error;

    do {
        message = (struct message){.word = {[0] = index}};
        error = ipc_invoke(ipc_target(CALL_CAPTAB_REVOKE, slot), 0, &message);
    } while (error == ERR_AGAIN);
    return error;
}

/* What a slot holds. */
MUST_CHECK static inline enum error captab_inspect(
    uint32_t slot, uint32_t index, enum object_type *type, uint8_t *rights, uint8_t *flags, uint16_t *interface, uint32_t *mask,
    uint64_t *badge, uint64_t *object, uint64_t *parent)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = index}};
    error = ipc_invoke(ipc_target(CALL_CAPTAB_INSPECT, slot), 0, &message);
    if (error == OK) {
        *type = (enum object_type)message.word[0];
        *rights = (uint8_t)message.word[1];
        *flags = (uint8_t)message.word[2];
        *interface = (uint16_t)message.word[3];
        *mask = (uint32_t)message.word[4];
        *badge = message.word[5];
        *object = message.word[6];
        *parent = message.word[7];
    }
    return error;
}

/* Map frame (or vCPU page) capability @frame of the caller's table at @address, aligned to the frame's size. */
MUST_CHECK static inline enum error space_map(uint32_t slot, uint32_t frame, uint64_t address, uint8_t access)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = frame, [1] = address, [2] = access}};
    error = ipc_invoke(ipc_target(CALL_SPACE_MAP, slot), 0, &message);
    return error;
}

MUST_CHECK static inline enum error space_unmap(uint32_t slot, uint32_t frame)
{
    uint64_t word[1] = {frame};
    enum error error = ipc_brief(ipc_target(CALL_SPACE_UNMAP, slot), 0, word);

    return error;
}

/* Tables in the pool and used; mapped bytes. */
MUST_CHECK static inline enum error space_info(uint32_t slot, uint32_t *tables, uint32_t *used)
{
    struct message message;
    enum error error;

    message = (struct message){.label = 0};
    error = ipc_invoke(ipc_target(CALL_SPACE_INFO, slot), 0, &message);
    if (error == OK) {
        *tables = (uint32_t)message.word[0];
        *used = (uint32_t)message.word[1];
    }
    return error;
}

/* Give the thread what it runs with; slots of the caller's table, 0 = none. Only while inactive or stopped. */
MUST_CHECK static inline enum error thread_configure(
    uint32_t slot, uint32_t space, uint32_t captab, uint32_t sched, uint32_t reserve, uint32_t fault, uint32_t notif, uint8_t flags,
    uint32_t compartment)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = space, [1] = captab, [2] = sched, [3] = reserve, [4] = fault, [5] = notif, [6] = flags, [7] = compartment}};
    error = ipc_invoke(ipc_target(CALL_THREAD_CONFIGURE, slot), 0, &message);
    return error;
}

MUST_CHECK static inline enum error thread_resume(uint32_t slot)
{
    uint64_t word[1] = {0};
    enum error error = ipc_brief(ipc_target(CALL_THREAD_RESUME, slot), 0, word);

    return error;
}

/* Stop the thread wherever it is: a wait is canceled, a guest leaves. */
MUST_CHECK static inline enum error thread_suspend(uint32_t slot)
{
    uint64_t word[1] = {0};
    enum error error = ipc_brief(ipc_target(CALL_THREAD_SUSPEND, slot), 0, word);

    return error;
}

/* Read a register group: control {rip, rsp, rflags, fs_base, state}, low {rax rbx rcx rdx rsi rdi rbp r8}, high {r9..r15}. */
MUST_CHECK static inline enum error thread_read(
    uint32_t slot, enum register_group group, uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d, uint64_t *e, uint64_t *f,
    uint64_t *g, uint64_t *h)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = (uint64_t)group}};
    error = ipc_invoke(ipc_target(CALL_THREAD_READ, slot), 0, &message);
    if (error == OK) {
        *a = message.word[0];
        *b = message.word[1];
        *c = message.word[2];
        *d = message.word[3];
        *e = message.word[4];
        *f = message.word[5];
        *g = message.word[6];
        *h = message.word[7];
    }
    return error;
}

MUST_CHECK static inline enum error thread_write(
    uint32_t slot, enum register_group group, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g,
    uint64_t h)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = (uint64_t)group, [1] = a, [2] = b, [3] = c, [4] = d, [5] = e, [6] = f, [7] = g, [8] = h}};
    error = ipc_invoke(ipc_target(CALL_THREAD_WRITE, slot), 0, &message);
    return error;
}

/* Admit the context: @control is the slot of the machine's control capability. */
MUST_CHECK static inline enum error sched_configure(
    uint32_t slot, uint32_t control, uint64_t budget, uint64_t period, uint8_t priority, uint16_t processor)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = control, [1] = budget, [2] = period, [3] = priority, [4] = processor}};
    error = ipc_invoke(ipc_target(CALL_SCHED_CONFIGURE, slot), 0, &message);
    return error;
}

MUST_CHECK static inline enum error sched_info(uint32_t slot, uint64_t *consumed, uint64_t *remaining, uint64_t *debt)
{
    struct message message;
    enum error error;

    message = (struct message){.label = 0};
    error = ipc_invoke(ipc_target(CALL_SCHED_INFO, slot), 0, &message);
    if (error == OK) {
        *consumed = message.word[0];
        *remaining = message.word[1];
        *debt = message.word[2];
    }
    return error;
}

/* Give up the rest of this period's budget. */
MUST_CHECK static inline enum error sched_yield(uint32_t slot)
{
    uint64_t word[1] = {0};
    enum error error = ipc_brief(ipc_target(CALL_SCHED_YIELD, slot), 0, word);

    return error;
}

MUST_CHECK static inline enum error endpoint_call(uint32_t slot, uint64_t deadline, struct message *message)
{
    return ipc_invoke(ipc_target(CALL_ENDPOINT_CALL, slot), deadline, message);
}

MUST_CHECK static inline enum error endpoint_wait(uint32_t slot, uint64_t deadline, struct message *message)
{
    return ipc_invoke(ipc_target(CALL_ENDPOINT_WAIT, slot), deadline, message);
}

/* Answer the current caller, then wait for the next message. */
MUST_CHECK static inline enum error endpoint_reply_wait(uint32_t slot, uint64_t deadline, struct message *message)
{
    return ipc_invoke(ipc_target(CALL_ENDPOINT_REPLY_WAIT, slot), deadline, message);
}

/* Park the current caller; it is answered later by its token. */
MUST_CHECK static inline enum error endpoint_defer(uint32_t slot, uint64_t *token)
{
    uint64_t word[1] = {0};
    enum error error = ipc_brief(ipc_target(CALL_ENDPOINT_DEFER, slot), 0, word);

    if (error == OK) {
        *token = word[0];
    }
    return error;
}

/* Answer a deferred caller; the token travels in rdi. */
MUST_CHECK static inline enum error endpoint_resume(uint32_t slot, uint64_t token, struct message *message)
{
    return ipc_invoke(ipc_target(CALL_ENDPOINT_RESUME, slot), token, message);
}

/* Set @bits (all within the capability's mask). */
MUST_CHECK static inline enum error notif_signal(uint32_t slot, uint32_t bits)
{
    uint64_t word[1] = {bits};
    enum error error = ipc_brief(ipc_target(CALL_NOTIF_SIGNAL, slot), 0, word);

    return error;
}

/* Take the set bits, waiting for one until the deadline. */
MUST_CHECK static inline enum error notif_wait(uint32_t slot, uint64_t deadline, uint32_t *bits)
{
    uint64_t word[1] = {0};
    enum error error = ipc_brief(ipc_target(CALL_NOTIF_WAIT, slot), deadline, word);

    if (error == OK) {
        *bits = (uint32_t)word[0];
    }
    return error;
}

MUST_CHECK static inline enum error vcpu_run(uint32_t slot, uint64_t deadline, enum run_reason *reason, uint32_t *bits)
{
    struct message message;
    enum error error;

    message = (struct message){.label = 0};
    error = ipc_invoke(ipc_target(CALL_VCPU_RUN, slot), deadline, &message);
    if (error == OK) {
        *reason = (enum run_reason)message.word[0];
        *bits = (uint32_t)message.word[1];
    }
    return error;
}

/* Bind the nested space and the guest's table (slots of the caller's table). */
MUST_CHECK static inline enum error vcpu_configure(uint32_t slot, uint32_t space, uint32_t captab)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = space, [1] = captab}};
    error = ipc_invoke(ipc_target(CALL_VCPU_CONFIGURE, slot), 0, &message);
    return error;
}

/* Fill groups of the page. */
MUST_CHECK static inline enum error vcpu_read(uint32_t slot, uint32_t groups)
{
    uint64_t word[1] = {groups};
    enum error error = ipc_brief(ipc_target(CALL_VCPU_READ, slot), 0, word);

    return error;
}

/* Map frame capability @frame of the caller's table at the device's @address, aligned to the frame's size: read, or read and
 * write. */
MUST_CHECK static inline enum error iospace_map(uint32_t slot, uint32_t frame, uint64_t address, uint8_t access)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = frame, [1] = address, [2] = access}};
    error = ipc_invoke(ipc_target(CALL_IOSPACE_MAP, slot), 0, &message);
    return error;
}

MUST_CHECK static inline enum error iospace_unmap(uint32_t slot, uint32_t frame)
{
    uint64_t word[1] = {frame};
    enum error error = ipc_brief(ipc_target(CALL_IOSPACE_UNMAP, slot), 0, word);

    return error;
}

/* Let the function @source (bus in bits 8-15, device and function below) work in this space; what is attached nowhere reaches
 * nothing. */
MUST_CHECK static inline enum error iospace_attach(uint32_t slot, uint32_t control, uint16_t source)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = control, [1] = source}};
    error = ipc_invoke(ipc_target(CALL_IOSPACE_ATTACH, slot), 0, &message);
    return error;
}

/* Take the device out again; when this returns, nothing of its DMA is under way. */
MUST_CHECK static inline enum error iospace_detach(uint32_t slot)
{
    uint64_t word[1] = {0};
    enum error error = ipc_brief(ipc_target(CALL_IOSPACE_DETACH, slot), 0, word);

    return error;
}

/* Signal @bits of @notif when the attached device is refused an access. */
MUST_CHECK static inline enum error iospace_watch(uint32_t slot, uint32_t notif, uint32_t bits)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = notif, [1] = bits}};
    error = ipc_invoke(ipc_target(CALL_IOSPACE_WATCH, slot), 0, &message);
    return error;
}

/* Take the record: how many were refused, and the reason, address and source of the first. From a fault until this call the
 * source's further faults are not reported. */
MUST_CHECK static inline enum error iospace_fault(
    uint32_t slot, uint32_t *count, uint32_t *reason, uint64_t *address, uint16_t *source)
{
    struct message message;
    enum error error;

    message = (struct message){.label = 0};
    error = ipc_invoke(ipc_target(CALL_IOSPACE_FAULT, slot), 0, &message);
    if (error == OK) {
        *count = (uint32_t)message.word[0];
        *reason = (uint32_t)message.word[1];
        *address = message.word[2];
        *source = (uint16_t)message.word[3];
    }
    return error;
}

/* Signal @bits of @notif at each interrupt; masked until acknowledged. */
MUST_CHECK static inline enum error irq_bind(uint32_t slot, uint32_t notif, uint32_t bits)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = notif, [1] = bits}};
    error = ipc_invoke(ipc_target(CALL_IRQ_BIND, slot), 0, &message);
    return error;
}

MUST_CHECK static inline enum error irq_ack(uint32_t slot)
{
    uint64_t word[1] = {0};
    enum error error = ipc_brief(ipc_target(CALL_IRQ_ACK, slot), 0, word);

    return error;
}

MUST_CHECK static inline enum error ioport_in(uint32_t slot, uint16_t port, uint8_t size_bytes, uint32_t *value)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = port, [1] = size_bytes}};
    error = ipc_invoke(ipc_target(CALL_IOPORT_IN, slot), 0, &message);
    if (error == OK) {
        *value = (uint32_t)message.word[0];
    }
    return error;
}

MUST_CHECK static inline enum error ioport_out(uint32_t slot, uint16_t port, uint8_t size_bytes, uint32_t value)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = port, [1] = size_bytes, [2] = value}};
    error = ipc_invoke(ipc_target(CALL_IOPORT_OUT, slot), 0, &message);
    return error;
}

/* Make an ioport capability for @first..@last in slot @index of table @captab. */
MUST_CHECK static inline enum error control_ioport(uint32_t slot, uint32_t captab, uint32_t index, uint16_t first, uint16_t last)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = captab, [1] = index, [2] = first, [3] = last}};
    error = ipc_invoke(ipc_target(CALL_CONTROL_IOPORT, slot), 0, &message);
    return error;
}

/* Make the irq object of global system interrupt @gsi (flags: bit 0 level, bit 1 active low). */
MUST_CHECK static inline enum error control_irq(uint32_t slot, uint32_t captab, uint32_t index, uint32_t gsi, uint8_t flags)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = captab, [1] = index, [2] = gsi, [3] = flags}};
    error = ipc_invoke(ipc_target(CALL_CONTROL_IRQ, slot), 0, &message);
    return error;
}

/* Make the irq object of message @handle, which @source alone may send. A second interrupt before irq_ack cuts it off; irq_ack
 * puts it back and signals once more. */
MUST_CHECK static inline enum error control_msi(uint32_t slot, uint32_t captab, uint32_t index, uint32_t handle, uint16_t source)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = captab, [1] = index, [2] = handle, [3] = source}};
    error = ipc_invoke(ipc_target(CALL_CONTROL_MSI, slot), 0, &message);
    return error;
}

/* Make a *keep* untyped of @bytes of device memory at @base, whole pages outside of RAM and of what the kernel withholds. */
MUST_CHECK static inline enum error control_device(uint32_t slot, uint32_t captab, uint32_t index, uint64_t base, uint64_t bytes)
{
    struct message message;
    enum error error;

    message = (struct message){.word = {[0] = captab, [1] = index, [2] = base, [3] = bytes}};
    error = ipc_invoke(ipc_target(CALL_CONTROL_DEVICE, slot), 0, &message);
    return error;
}

#endif
