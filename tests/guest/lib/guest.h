/* The tiny library of bare-metal guest tests: one include for a test. */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cpu.h"

/* --- a test ------------------------------------------------------------------------------------------------------ */

/* What a test's main.c provides. Returning means PASS. */
void test(void);

/* Prints `TEST name PASS|FAIL reason` and ends the guest through debug-exit: 0x10 (status 33) or 0x11 (status 35). */
_Noreturn void verdict(bool pass, const char *reason);
/* Ends with FAIL unless the claim holds. */
void expect(bool holds, const char *claim);
void expect_equal(uint64_t got, uint64_t wanted, const char *claim);
_Noreturn void guest_exit(uint8_t value);

/* --- text on the serial port ------------------------------------------------------------------------------------- */

void print(const char *string);
void print_bytes(const char *bytes, size_t count);
void print_number(uint64_t value);
void print_hex(uint64_t value);
/* "name value\n" in hex: for what a person may want to see. */
void print_value(const char *name, uint64_t value);

/* --- traps and interrupts ---------------------------------------------------------------------------------------- */

enum vector {
    VECTOR_DE = 0,
    VECTOR_DB = 1,
    VECTOR_NMI = 2,
    VECTOR_BP = 3,
    VECTOR_UD = 6,
    VECTOR_NM = 7,
    VECTOR_DF = 8,
    VECTOR_GP = 13,
    VECTOR_PF = 14,
    VECTOR_FIRST_INTERRUPT = 32,
    VECTOR_USER = 0x80 /* a gate open to ring 3 */
};

struct trap {
    bool trapped;
    uint8_t vector;
    uint64_t code;
    uint64_t rip;
    uint64_t address; /* cr2 */
    uint64_t rax;
};

typedef void trap_body(void *context);

/* Runs @body; a trap in it (vectors 0-31 and VECTOR_USER) ends it and is reported. */
struct trap trap_try(trap_body *body, void *context);
/* The same in ring 3; it ends by a trap, at the latest by `int $0x80` (user_done). */
struct trap trap_try_user(trap_body *body, void *context);
static inline void user_done(uint64_t rax)
{
    __asm__ volatile("int $0x80" : : "a"(rax));
}

typedef void interrupt_handler(void);
/* NULL: an interrupt on that vector fails the test. The handler ends the interrupt at its controller. */
void interrupt_set(uint8_t vector, interrupt_handler *handler);

/* 32-bit code at CPL 0: see traps.S. */
uint64_t compat_call(uint64_t rax, uint32_t entry);

/* --- memory ------------------------------------------------------------------------------------------------------ */

/* First byte after the image. */
extern uint8_t guest_end[];
/* End of the memory above 1 MiB according to multiboot. */
uint64_t memory_end(void);
/* Maps 2 MiB at @virtual_address to @physical_address (both aligned), replacing what is there. */
void page_map(uint64_t virtual_address, uint64_t physical_address, uint64_t flags);
enum page_flag { PAGE_PRESENT = 1, PAGE_WRITE = 2, PAGE_USER = 4, PAGE_UNCACHED = 0x18, PAGE_LARGE = 0x80 };

/* --- numbers ----------------------------------------------------------------------------------------------------- */

/* A seeded sequence: the same in every run. xorshift64*, S. Vigna, "An experimental exploration", 2016. */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545f4914f6cdd1dull;
}

#endif
