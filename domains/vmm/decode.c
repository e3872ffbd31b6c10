/* [SDM-2023-09] Vol 2 chapter 2 (prefixes, ModRM, SIB), appendix A (opcode map). */
#include "decode.h"

#define REX_W 8u
#define REX_R 4u
#define FLAG_BYTE 0x01u     /* operand is a byte, not the operand size */
#define FLAG_TO_REG 0x02u   /* destination is the register */
#define FLAG_IMM 0x04u      /* immediate of the operand size, at most 4 bytes */
#define FLAG_IMM8 0x08u     /* sign-extended byte */
#define FLAG_GROUP 0x10u    /* ModRM.reg chooses the operation */
#define FLAG_NO_MODRM 0x20u /* MOV with an absolute address, STOS */

struct cursor {
    const uint8_t *bytes;
    size_t len, at;
    bool overrun;
};

static uint8_t next_byte(struct cursor *cursor)
{
    if (cursor->at >= cursor->len) {
        cursor->overrun = true;
        return 0;
    }
    return cursor->bytes[cursor->at++];
}

/* @count 1, 2, 4 or 8 bytes, little-endian, sign-extended. */
static uint64_t next_signed(struct cursor *cursor, unsigned count)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++) {
        value |= (uint64_t)next_byte(cursor) << (8 * i);
    }
    uint64_t sign = UINT64_C(1) << (8 * count - 1);
    return (value ^ sign) - sign;
}

static bool take_prefix(struct prefixes *prefixes, uint8_t byte)
{
    switch (byte) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
        prefixes->segment = byte >> 3 & 3u;
        return true;
    case 0x64:
    case 0x65:
        prefixes->segment = byte & 7u;
        return true;
    case 0x66:
        prefixes->operand = true;
        return true;
    case 0x67:
        prefixes->address = true;
        return true;
    case 0xf0:
        prefixes->lock = true;
        return true;
    case 0xf2:
        prefixes->repeat_not_zero = true;
        return true;
    case 0xf3:
        prefixes->repeat = true;
        return true;
    default:
        return false;
    }
}

struct prefixes decode_prefixes(const uint8_t *bytes, size_t len, enum code_mode mode)
{
    struct prefixes prefixes = {.segment = SEGMENT_NONE};
    size_t at = 0;
    while (at < len && at < INSTRUCTION_MAX && take_prefix(&prefixes, bytes[at])) {
        at++;
    }
    if (mode == CODE_64 && at < len && (bytes[at] & 0xf0u) == 0x40u) {
        prefixes.rex = bytes[at++];
    }
    prefixes.length = (uint8_t)at;
    return prefixes;
}

static unsigned operand_bytes(const struct prefixes *prefixes, enum code_mode mode)
{
    if (mode == CODE_64 && (prefixes->rex & REX_W) != 0) {
        return 8;
    }
    bool small = (mode == CODE_16) != prefixes->operand;
    return small ? 2 : 4;
}

static unsigned address_bytes(const struct prefixes *prefixes, enum code_mode mode)
{
    switch (mode) {
    case CODE_64:
        return prefixes->address ? 4 : 8;
    case CODE_32:
        return prefixes->address ? 2 : 4;
    case CODE_16:
        return prefixes->address ? 4 : 2;
    }
    return 8;
}

/* Skips SIB and displacement; false for a register operand. */
static bool skip_memory_operand(struct cursor *cursor, uint8_t modrm, unsigned address)
{
    unsigned mod = modrm >> 6, rm = modrm & 7u;
    unsigned displacement = mod == 1 ? 1 : mod == 2 ? 4 : 0;
    if (mod == 3) {
        return false;
    }
    if (address == 2) {
        displacement = mod == 1 ? 1 : (mod == 2 || rm == 6) ? 2 : 0;
    } else {
        if (rm == 4) {
            uint8_t sib = next_byte(cursor);
            if (mod == 0 && (sib & 7u) == 5) {
                displacement = 4;
            }
        } else if (mod == 0 && rm == 5) {
            displacement = 4;
        }
    }
    for (unsigned i = 0; i < displacement; i++) {
        (void)next_byte(cursor);
    }
    return true;
}

/* One-byte opcodes: which operation, with which flags; 0xff = refused. */
struct opcode {
    uint8_t operation;
    uint8_t flags;
};
#define REFUSED 0xffu

static struct opcode lookup_arithmetic(uint8_t byte)
{
    struct opcode refused = {REFUSED, 0};
    if (byte >= 0x40 || (byte & 7u) > 3) {
        return refused;
    }
    return (struct opcode){
        (uint8_t)(OPERATION_ADD + (byte >> 3)),
        (uint8_t)(((byte & 1u) != 0 ? 0 : FLAG_BYTE) | ((byte & 2u) != 0 ? FLAG_TO_REG : 0))};
}

static struct opcode lookup_opcode(uint8_t byte)
{
    const unsigned is_byte = (byte & 1u) != 0 ? 0 : FLAG_BYTE;
    switch (byte) {
    case 0x80:
        return (struct opcode){OPERATION_ADD, FLAG_GROUP | FLAG_BYTE | FLAG_IMM8};
    case 0x81:
        return (struct opcode){OPERATION_ADD, FLAG_GROUP | FLAG_IMM};
    case 0x83:
        return (struct opcode){OPERATION_ADD, FLAG_GROUP | FLAG_IMM8};
    case 0x84:
    case 0x85:
        return (struct opcode){OPERATION_TEST, (uint8_t)(is_byte)};
    case 0x86:
    case 0x87:
        return (struct opcode){OPERATION_XCHG, (uint8_t)(is_byte)};
    case 0x88:
    case 0x89:
        return (struct opcode){OPERATION_STORE, (uint8_t)(is_byte)};
    case 0x8a:
    case 0x8b:
        return (struct opcode){OPERATION_LOAD, (uint8_t)(is_byte | FLAG_TO_REG)};
    case 0xa0:
    case 0xa1:
        return (struct opcode){OPERATION_LOAD, (uint8_t)(is_byte | FLAG_TO_REG | FLAG_NO_MODRM)};
    case 0xa2:
    case 0xa3:
        return (struct opcode){OPERATION_STORE, (uint8_t)(is_byte | FLAG_NO_MODRM)};
    case 0xaa:
    case 0xab:
        return (struct opcode){OPERATION_STOS, (uint8_t)(is_byte | FLAG_NO_MODRM)};
    case 0xc6:
    case 0xc7:
        return (struct opcode){OPERATION_STORE, (uint8_t)(is_byte | FLAG_GROUP | FLAG_IMM)};
    case 0xf6:
    case 0xf7:
        return (struct opcode){OPERATION_TEST, (uint8_t)(is_byte | FLAG_GROUP)};
    case 0xfe:
    case 0xff:
        return (struct opcode){OPERATION_INC, (uint8_t)(is_byte | FLAG_GROUP)};
    default:
        return lookup_arithmetic(byte);
    }
}

/* ModRM.reg of a group opcode; false = an operation we do not have. */
static bool resolve_group(struct opcode *opcode, unsigned reg)
{
    switch (opcode->operation) {
    case OPERATION_ADD:
        opcode->operation = (uint8_t)(OPERATION_ADD + reg);
        return true;
    case OPERATION_STORE:
        return reg == 0;
    case OPERATION_TEST:
        if (reg == 0 || reg == 1) {
            opcode->flags |= FLAG_IMM;
            return true;
        }
        opcode->operation = reg == 2 ? OPERATION_NOT : OPERATION_NEG;
        return reg == 2 || reg == 3;
    case OPERATION_INC:
        opcode->operation = reg == 0 ? OPERATION_INC : OPERATION_DEC;
        return reg == 0 || reg == 1;
    default:
        return false;
    }
}

static void set_register(struct instruction *out, const struct prefixes *prefixes, unsigned reg)
{
    out->reg = (uint8_t)(reg | ((prefixes->rex & REX_R) != 0 ? 8u : 0u));
    if (out->register_bytes == 1 && prefixes->rex == 0 && reg >= 4) {
        out->high_byte = true;
        out->reg = (uint8_t)(reg - 4);
    }
}

/* 0F B6/B7/BE/BF, and 63 in 64-bit code: loads that extend. */
static bool decode_extending(struct cursor *cursor, const struct prefixes *prefixes, enum code_mode mode,
                             uint8_t opcode, struct instruction *out)
{
    out->operation = OPERATION_LOAD;
    out->register_bytes = (uint8_t)operand_bytes(prefixes, mode);
    switch (opcode) {
    case 0x63:
        out->memory_bytes = out->register_bytes == 2 ? 2 : 4;
        break;
    case 0xb6:
    case 0xbe:
        out->memory_bytes = 1;
        break;
    case 0xb7:
    case 0xbf:
        out->memory_bytes = 2;
        break;
    default:
        return false;
    }
    out->sign_extend = opcode == 0x63 || opcode >= 0xbe;
    out->to_register = true;
    uint8_t modrm = next_byte(cursor);
    set_register(out, prefixes, modrm >> 3 & 7u);
    return skip_memory_operand(cursor, modrm, out->address_bytes) && !prefixes->lock;
}

static bool may_lock(const struct instruction *out)
{
    bool modifies = out->operation >= OPERATION_XCHG && out->operation != OPERATION_CMP &&
                    out->operation != OPERATION_TEST;
    return modifies && !out->to_register;
}

static void read_immediate(struct cursor *cursor, uint8_t flags, struct instruction *out)
{
    if ((flags & FLAG_IMM8) != 0) {
        out->value = next_signed(cursor, 1);
    } else if ((flags & FLAG_IMM) != 0) {
        out->value = next_signed(cursor, out->memory_bytes == 8 ? 4 : out->memory_bytes);
    }
    out->immediate = (flags & (FLAG_IMM | FLAG_IMM8)) != 0;
}

static bool decode_without_modrm(struct cursor *cursor, const struct prefixes *prefixes,
                                 struct instruction *out)
{
    if (out->operation == OPERATION_STOS) {
        out->repeat = prefixes->repeat || prefixes->repeat_not_zero;
        return !prefixes->lock;
    }
    for (unsigned i = 0; i < out->address_bytes; i++) {
        (void)next_byte(cursor);
    }
    return !prefixes->lock; /* reg stays 0: rAX */
}

static bool decode_plain(struct cursor *cursor, const struct prefixes *prefixes, enum code_mode mode,
                         uint8_t byte, struct instruction *out)
{
    struct opcode opcode = lookup_opcode(byte);
    if (opcode.operation == REFUSED) {
        return false;
    }
    unsigned size = (opcode.flags & FLAG_BYTE) != 0 ? 1 : operand_bytes(prefixes, mode);
    out->memory_bytes = out->register_bytes = (uint8_t)size;
    out->operation = (enum operation)opcode.operation;
    out->to_register = (opcode.flags & FLAG_TO_REG) != 0;
    if ((opcode.flags & FLAG_NO_MODRM) != 0) {
        return decode_without_modrm(cursor, prefixes, out);
    }
    uint8_t modrm = next_byte(cursor);
    unsigned reg = modrm >> 3 & 7u;
    if ((opcode.flags & FLAG_GROUP) != 0) {
        if (!resolve_group(&opcode, reg)) {
            return false;
        }
        out->operation = (enum operation)opcode.operation;
    } else {
        set_register(out, prefixes, reg);
    }
    if (!skip_memory_operand(cursor, modrm, out->address_bytes)) {
        return false;
    }
    read_immediate(cursor, opcode.flags, out);
    return !prefixes->lock || may_lock(out);
}

bool decode(const uint8_t *bytes, size_t len, enum code_mode mode, struct instruction *out)
{
    struct prefixes prefixes = decode_prefixes(bytes, len, mode);
    struct cursor cursor = {
        .bytes = bytes, .len = len < INSTRUCTION_MAX ? len : INSTRUCTION_MAX, .at = prefixes.length};
    *out = (struct instruction){.address_bytes = (uint8_t)address_bytes(&prefixes, mode)};
    uint8_t byte = next_byte(&cursor);
    bool known;
    if (byte == 0x0f) {
        uint8_t second = next_byte(&cursor);
        known = second != 0x63 && decode_extending(&cursor, &prefixes, mode, second, out);
    } else if (byte == 0x63) {
        known = mode == CODE_64 && decode_extending(&cursor, &prefixes, mode, byte, out);
    } else {
        known = decode_plain(&cursor, &prefixes, mode, byte, out);
    }
    out->length = (uint8_t)cursor.at;
    return known && !cursor.overrun;
}
