/* [SDM-2023-09] Vol 1 3.4.1.1 (partial register writes), 3.4.3.1 (status flags). */
#include "execute.h"

#define FLAG_CARRY UINT64_C(0x001)
#define FLAG_PARITY UINT64_C(0x004)
#define FLAG_ADJUST UINT64_C(0x010)
#define FLAG_ZERO UINT64_C(0x040)
#define FLAG_SIGN UINT64_C(0x080)
#define FLAG_DIRECTION UINT64_C(0x400)
#define FLAG_OVERFLOW UINT64_C(0x800)
#define STATUS_FLAGS (FLAG_CARRY | FLAG_PARITY | FLAG_ADJUST | FLAG_ZERO | FLAG_SIGN | FLAG_OVERFLOW)

#define RAX 0u
#define RCX 1u
#define RDI 7u

bool instruction_reads(const struct instruction *instruction)
{
    return instruction->operation != OPERATION_STORE && instruction->operation != OPERATION_STOS;
}

bool instruction_writes(const struct instruction *instruction)
{
    switch (instruction->operation) {
    case OPERATION_LOAD:
    case OPERATION_CMP:
    case OPERATION_TEST:
        return false;
    case OPERATION_STORE:
    case OPERATION_STOS:
    case OPERATION_XCHG:
    case OPERATION_NOT:
    case OPERATION_NEG:
    case OPERATION_INC:
    case OPERATION_DEC:
        return true;
    case OPERATION_ADD:
    case OPERATION_OR:
    case OPERATION_ADC:
    case OPERATION_SBB:
    case OPERATION_AND:
    case OPERATION_SUB:
    case OPERATION_XOR:
        return !instruction->to_register;
    }
    return false;
}

void register_write(uint64_t gpr[16], unsigned reg, unsigned len_bytes, bool high_byte, uint64_t value)
{
    uint64_t *target = &gpr[reg & 15u];
    if (high_byte) {
        *target = (*target & ~UINT64_C(0xff00)) | (value & 0xffu) << 8;
    } else if (len_bytes >= 4) {
        *target = value & mask_bytes(len_bytes);
    } else {
        *target = (*target & ~mask_bytes(len_bytes)) | (value & mask_bytes(len_bytes));
    }
}

static uint64_t register_read(const uint64_t gpr[16], const struct instruction *instruction)
{
    uint64_t value = gpr[instruction->reg & 15u] >> (instruction->high_byte ? 8 : 0);
    return value & mask_bytes(instruction->register_bytes);
}

static uint64_t sign_bit(unsigned len_bytes)
{
    return UINT64_C(1) << (8 * len_bytes - 1);
}

static uint64_t result_flags(uint64_t result, unsigned len_bytes)
{
    uint64_t flags = 0;
    if ((result & mask_bytes(len_bytes)) == 0) {
        flags |= FLAG_ZERO;
    }
    if ((result & sign_bit(len_bytes)) != 0) {
        flags |= FLAG_SIGN;
    }
    if (__builtin_parity((unsigned)(result & 0xffu)) == 0) {
        flags |= FLAG_PARITY;
    }
    return flags;
}

static uint64_t add(uint64_t a, uint64_t b, uint64_t carry, unsigned len_bytes, uint64_t *flags)
{
    uint64_t mask = mask_bytes(len_bytes), sum = (a + b + carry) & mask;
    *flags = result_flags(sum, len_bytes) | ((a ^ b ^ sum) & FLAG_ADJUST);
    if (sum < a || (carry != 0 && sum == a)) {
        *flags |= FLAG_CARRY;
    }
    if (((a ^ sum) & (b ^ sum) & sign_bit(len_bytes)) != 0) {
        *flags |= FLAG_OVERFLOW;
    }
    return sum;
}

static uint64_t subtract(uint64_t a, uint64_t b, uint64_t borrow, unsigned len_bytes, uint64_t *flags)
{
    uint64_t mask = mask_bytes(len_bytes), rest = (a - b - borrow) & mask;
    *flags = result_flags(rest, len_bytes) | ((a ^ b ^ rest) & FLAG_ADJUST);
    if (a < b || (borrow != 0 && a == b)) {
        *flags |= FLAG_CARRY;
    }
    if (((a ^ b) & (a ^ rest) & sign_bit(len_bytes)) != 0) {
        *flags |= FLAG_OVERFLOW;
    }
    return rest;
}

static void set_flags(uint64_t *rflags, uint64_t flags, uint64_t which)
{
    *rflags = (*rflags & ~which) | (flags & which);
}

/* The value of an arithmetic operation; sets flags. @a is the destination, both masked to the size. */
static uint64_t compute(enum operation operation, uint64_t a, uint64_t b, unsigned size, uint64_t *rflags)
{
    uint64_t flags = 0, result = b, carry = *rflags & FLAG_CARRY, which = STATUS_FLAGS;
    switch (operation) {
    case OPERATION_ADD:
        result = add(a, b, 0, size, &flags);
        break;
    case OPERATION_ADC:
        result = add(a, b, carry, size, &flags);
        break;
    case OPERATION_SBB:
        result = subtract(a, b, carry, size, &flags);
        break;
    case OPERATION_SUB:
    case OPERATION_CMP:
        result = subtract(a, b, 0, size, &flags);
        break;
    case OPERATION_NEG:
        result = subtract(0, a, 0, size, &flags);
        break;
    case OPERATION_INC:
        result = add(a, 1, 0, size, &flags);
        which &= ~FLAG_CARRY;
        break;
    case OPERATION_DEC:
        result = subtract(a, 1, 0, size, &flags);
        which &= ~FLAG_CARRY;
        break;
    case OPERATION_NOT:
        return ~a;
    case OPERATION_OR:
        result = a | b;
        flags = result_flags(result, size);
        break;
    case OPERATION_AND:
    case OPERATION_TEST:
        result = a & b;
        flags = result_flags(result, size);
        break;
    case OPERATION_XOR:
        result = a ^ b;
        flags = result_flags(result, size);
        break;
    case OPERATION_LOAD: /* not arithmetic: never asked for */
    case OPERATION_STORE:
    case OPERATION_STOS:
    case OPERATION_XCHG:
        return b;
    }
    set_flags(rflags, flags, which);
    return result;
}

static uint64_t extend(const struct instruction *instruction, uint64_t value)
{
    if (!instruction->sign_extend) {
        return value;
    }
    uint64_t sign = sign_bit(instruction->memory_bytes);
    return (value ^ sign) - sign;
}

static void step_string(const struct instruction *instruction, uint64_t gpr[16], uint64_t rflags)
{
    uint64_t step = instruction->memory_bytes;
    if ((rflags & FLAG_DIRECTION) != 0) {
        step = 0 - step;
    }
    register_write(gpr, RDI, instruction->address_bytes, false, gpr[RDI] + step);
    if (instruction->repeat) {
        register_write(gpr, RCX, instruction->address_bytes, false, gpr[RCX] - 1);
    }
}

static uint64_t execute_arithmetic(const struct instruction *instruction, uint64_t gpr[16], uint64_t *rflags,
                                   uint64_t memory)
{
    unsigned size = instruction->memory_bytes;
    uint64_t mask = mask_bytes(size);
    uint64_t other = (instruction->immediate ? instruction->value : register_read(gpr, instruction)) & mask;
    if (!instruction->to_register) {
        return compute(instruction->operation, memory, other, size, rflags) & mask;
    }
    uint64_t result = compute(instruction->operation, other, memory, size, rflags);
    if (instruction->operation != OPERATION_CMP) {
        register_write(gpr, instruction->reg, instruction->register_bytes, instruction->high_byte, result);
    }
    return 0;
}

uint64_t instruction_execute(const struct instruction *instruction, uint64_t gpr[16], uint64_t *rflags,
                             uint64_t memory)
{
    uint64_t value, mask = mask_bytes(instruction->memory_bytes);
    memory &= mask;
    switch (instruction->operation) {
    case OPERATION_LOAD:
        register_write(gpr, instruction->reg, instruction->register_bytes, instruction->high_byte,
                       extend(instruction, memory));
        return 0;
    case OPERATION_STORE:
        return (instruction->immediate ? instruction->value : register_read(gpr, instruction)) & mask;
    case OPERATION_STOS:
        value = gpr[RAX] & mask;
        step_string(instruction, gpr, *rflags);
        return value;
    case OPERATION_XCHG:
        value = register_read(gpr, instruction);
        register_write(gpr, instruction->reg, instruction->register_bytes, instruction->high_byte, memory);
        return value;
    case OPERATION_ADD:
    case OPERATION_OR:
    case OPERATION_ADC:
    case OPERATION_SBB:
    case OPERATION_AND:
    case OPERATION_SUB:
    case OPERATION_XOR:
    case OPERATION_CMP:
    case OPERATION_TEST:
    case OPERATION_NOT:
    case OPERATION_NEG:
    case OPERATION_INC:
    case OPERATION_DEC:
        return execute_arithmetic(instruction, gpr, rflags, memory);
    }
    return 0;
}
