/* INS and OUTS, with and without REP: [SDM-2023-09] Vol 2 INS/OUTS. Segment limits are not checked: a guest that
 * runs over one harms itself. */
#include "context.h"
#include "execute.h"

/* Elements of one exit; the rest of a longer REP exits again, so that interrupts and deadlines are seen. */
#define ELEMENTS_MAX 1024u
#define RFLAGS_DF UINT64_C(0x400)

struct string_io {
    struct context context;
    uint16_t port;
    unsigned size, address_bytes, segment, index_register;
    bool in, repeat;
};

static unsigned address_size(enum code_mode mode, bool prefix)
{
    switch (mode) {
    case CODE_64:
        return prefix ? 4 : 8;
    case CODE_32:
        return prefix ? 2 : 4;
    case CODE_16:
        return prefix ? 4 : 2;
    }
    return 8;
}

static bool prepare(struct vm *vm, struct string_io *io)
{
    const struct vcpu_state *state = vm->state;
    if (!context_fetch(vm, &io->context)) {
        return false;
    }
    struct prefixes prefixes = decode_prefixes(io->context.bytes, io->context.len, io->context.mode);
    io->port = (uint16_t)state->exit_info;
    io->size = state->exit_size;
    io->in = (state->exit_flags & PIO_IN) != 0;
    io->repeat = (state->exit_flags & PIO_REP) != 0;
    io->address_bytes = address_size(io->context.mode, prefixes.address);
    io->segment = prefixes.segment != SEGMENT_NONE ? prefixes.segment : (unsigned)SEGMENT_DS;
    io->index_register = GPR_RSI;
    if (io->in) { /* INS takes no override */
        io->segment = SEGMENT_ES;
        io->index_register = GPR_RDI;
    }
    return io->size == 1 || io->size == 2 || io->size == 4;
}

static bool fault(struct vm *vm, uint64_t linear, uint32_t code)
{
    if (code == WALK_NOT_RAM) {
        vm_die(vm, DEATH_NOT_DECODED, "string I/O between a port and no memory");
    } else {
        vm_fault_pf(vm, linear, code);
    }
    return false;
}

/* One element; false: a fault is to be taken and nothing of it has happened. */
static bool transfer(struct vm *vm, const struct string_io *io, uint64_t linear)
{
    uint32_t value = 0, code;
    uint64_t where, now_ns = vm_now_ns(vm);
    const struct context *context = &io->context;
    if (!io->in) {
        if (!walk_read(&vm->memory, &context->paging, linear, context->user, &value, io->size, &where,
                       &code)) {
            return fault(vm, where, code);
        }
        platform_out(&vm->platform, io->port, io->size, value, now_ns);
        return true;
    }
    /* The port is read only when the memory is known to take the value. */
    gpa_t address;
    if (!walk(&vm->memory, &context->paging, linear, context->user | WALK_WRITE, &address, &code)) {
        return fault(vm, linear, code);
    }
    if (!walk(&vm->memory, &context->paging, linear + io->size - 1, context->user | WALK_WRITE, &address,
              &code)) {
        return fault(vm, linear + io->size - 1, code);
    }
    value = platform_in(&vm->platform, io->port, io->size, now_ns);
    if (!walk_write(&vm->memory, &context->paging, linear, context->user, &value, io->size, &where, &code)) {
        return fault(vm, where, code);
    }
    return true;
}

/* A device may want a byte taken away or an end noticed before it gets the next one. */
static bool between_elements(struct vm *vm)
{
    if (uart_tx_count(&vm->platform.uart) != 0) {
        (void)console_pump(&vm->console, &vm->platform, vm_now_ns(vm));
    }
    return uart_tx_count(&vm->platform.uart) < UART_FIFO_BYTES && !vm->platform.debugexit.written &&
           vm->platform.pm.request == PM_REQUEST_NONE;
}

void vm_exit_string_io(struct vm *vm)
{
    struct vcpu_state *state = vm->state;
    struct string_io io;
    if (!prepare(vm, &io)) {
        return;
    }
    uint64_t mask = mask_bytes(io.address_bytes), *index = &state->gpr[io.index_register];
    uint64_t step = (state->rflags & RFLAGS_DF) != 0 ? 0 - (uint64_t)io.size : io.size;
    uint64_t count = io.repeat ? state->gpr[GPR_RCX] & mask : 1;
    for (uint32_t done = 0; count != 0 && done < ELEMENTS_MAX; done++) {
        if (!transfer(vm, &io, context_linear(&io.context, io.segment, *index & mask))) {
            return;
        }
        count--;
        register_write(state->gpr, io.index_register, io.address_bytes, false, *index + step);
        if (io.repeat) {
            register_write(state->gpr, GPR_RCX, io.address_bytes, false, count);
        }
        if (!between_elements(vm)) {
            break;
        }
    }
    if (count == 0) {
        vm_advance(vm, state->exit_insn_bytes);
    }
}
