/* What a decoded instruction does to registers, flags and the value in memory. Pure. */
#ifndef VMM_EXECUTE_H
#define VMM_EXECUTE_H

#include "decode.h"

/* Must the memory operand be read, written? */
bool instruction_reads(const struct instruction *instruction);
bool instruction_writes(const struct instruction *instruction);

/* Carries it out on gpr[16] and *rflags. @memory is what was read (if it reads); the answer is what to write
 * (if it writes). STOS moves rDI by one element and counts rCX down by one. */
uint64_t instruction_execute(const struct instruction *instruction, uint64_t gpr[16], uint64_t *rflags,
                             uint64_t memory);

/* Register @reg with the rules of partial writes: 4 bytes clear the upper half. */
void register_write(uint64_t gpr[16], unsigned reg, unsigned len_bytes, bool high_byte, uint64_t value);

#endif
