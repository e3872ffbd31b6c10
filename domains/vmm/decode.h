/* The one instruction decoder of the VMM: what compilers emit to touch device registers, no more. It looks at
 * a private copy of at most 15 bytes and knows nothing of memory, registers or the guest. */
#ifndef VMM_DECODE_H
#define VMM_DECODE_H

#include "common.h"

#define INSTRUCTION_MAX 15u

enum code_mode { CODE_16 = 2, CODE_32 = 4, CODE_64 = 8 };

enum operation {
    OPERATION_LOAD,  /* register = extended memory */
    OPERATION_STORE, /* memory = register or immediate */
    OPERATION_STOS,  /* memory = rAX, rDI moves, perhaps repeated */
    OPERATION_XCHG,
    OPERATION_ADD, /* the eight of opcodes 00-3f, in the order of ModRM.reg */
    OPERATION_OR,
    OPERATION_ADC,
    OPERATION_SBB,
    OPERATION_AND,
    OPERATION_SUB,
    OPERATION_XOR,
    OPERATION_CMP,
    OPERATION_TEST,
    OPERATION_NOT,
    OPERATION_NEG,
    OPERATION_INC,
    OPERATION_DEC,
};

struct instruction {
    enum operation operation;
    uint8_t length;         /* bytes, prefixes included */
    uint8_t memory_bytes;   /* 1, 2, 4, 8 */
    uint8_t register_bytes; /* of the register operand */
    uint8_t reg;            /* 0..15 */
    bool high_byte;         /* reg names AH, CH, DH, BH */
    bool immediate;         /* the other operand is `value`, not the register */
    bool sign_extend;       /* OPERATION_LOAD */
    bool to_register;       /* arithmetic: the destination is the register */
    bool repeat;
    uint8_t address_bytes;
    uint64_t value; /* immediate, sign-extended to 64 bits */
};

/* Prefixes only, for string port instructions, which the processor has decoded already. */
struct prefixes {
    uint8_t length;
    uint8_t rex;     /* 0 = none */
    uint8_t segment; /* 0..5 = es cs ss ds fs gs, SEGMENT_NONE */
    bool operand, address, lock, repeat, repeat_not_zero;
};
#define SEGMENT_NONE 0xffu

struct prefixes decode_prefixes(const uint8_t *bytes, size_t len, enum code_mode mode);

/* False: not one of the instructions above, not a memory operand, or longer than @len. */
bool decode(const uint8_t *bytes, size_t len, enum code_mode mode, struct instruction *out);

#endif
