/* Nested faults: RAM that is not there yet, the APIC page and the IOAPIC, and addresses where nothing is. */
#include "context.h"
#include "execute.h"
#include "log.h"

static void touch_ram(struct vm *vm, gpa_t address)
{
    if (memory_is_backed(&vm->memory, address)) {
        vm_die(vm, DEATH_VMM_CHECK, "a fault on memory that is mapped");
    } else if (memory_at(&vm->memory, address, 1) == NULL) {
        vm_die(vm, DEATH_MEMORY_EXHAUSTED, "no memory behind the guest's RAM");
    }
}

static void refuse(struct vm *vm, const struct context *context, gpa_t address)
{
    const uint8_t *b = context->bytes;
    log_line("instruction not decoded at %llx for address %llx:", (unsigned long long)vm->state->rip,
             (unsigned long long)address.value);
    log_line("  %02x %02x %02x %02x %02x %02x %02x %02x %02x %02x %02x %02x %02x %02x %02x (%u-bit code)",
             b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             (unsigned)context->mode * 8);
    vm_die(vm, DEATH_NOT_DECODED, "instruction not decoded");
}

static void carry_out(struct vm *vm, const struct instruction *instruction, gpa_t address)
{
    struct vcpu_state *state = vm->state;
    uint64_t now_ns = vm_now_ns(vm), loaded = 0;
    if (instruction_reads(instruction)) {
        loaded = platform_load(&vm->platform, address, instruction->memory_bytes, now_ns);
    }
    uint64_t stored = instruction_execute(instruction, state->gpr, &state->rflags, loaded);
    if (instruction_writes(instruction)) {
        platform_store(&vm->platform, address, instruction->memory_bytes, stored, now_ns);
    }
    bool again = instruction->repeat && (state->gpr[GPR_RCX] & mask_bytes(instruction->address_bytes)) != 0;
    if (!again) {
        vm_advance(vm, instruction->length);
    }
    vm->attention = true;
}

static void touch_device(struct vm *vm, gpa_t address)
{
    struct context context;
    struct instruction instruction;
    if (!context_fetch(vm, &context)) {
        return;
    }
    if (!decode(context.bytes, context.len, context.mode, &instruction)) {
        refuse(vm, &context, address);
        return;
    }
    carry_out(vm, &instruction, address);
}

void vm_exit_nested_fault(struct vm *vm)
{
    gpa_t address = gpa(vm->state->exit_address);
    uint32_t flags = vm->state->exit_flags;
    if (memory_is_ram(&vm->memory, address)) {
        touch_ram(vm, address);
    } else if ((flags & FAULT_EXEC) != 0) {
        vm_fault_ud(vm); /* what all ones would be as code */
    } else if ((flags & FAULT_TABLE_WALK) != 0) {
        vm_die(vm, DEATH_VMM_CHECK, "page tables outside memory");
    } else {
        touch_device(vm, address);
    }
}
