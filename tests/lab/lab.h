/* A domain that makes kernel objects for itself: for benchmarks and for hostile-domain tests. It holds what no domain of a
 * real system does (`authority` in its description, only where the system says `laboratory = true`): an untyped, its own table and
 * space, and control. Slots are handed out upwards and given back all at once by lab_reset. */
#ifndef LAB_LAB_H
#define LAB_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bulkhead/abi.h>
#include <bulkhead/domain.h>

struct lab {
    uint32_t untyped, captab, space, control; /* slots */
    uint32_t first, next, end;                /* free slots of the own table */
    uint64_t window;                          /* next free address for frames */
    uint64_t tsc_khz;
};

/* A thread in a space and table of its own (or the lab's), stopped. */
struct lab_thread {
    uint32_t thread, sched, space, captab, stack, code;
};

void lab_open(struct lab *lab, const struct domain_info *info);
/* Everything made is destroyed; its memory and slots are free again. */
void lab_reset(struct lab *lab);
uint32_t lab_slot(struct lab *lab);
/* A new object; panics if the kernel refuses. */
uint32_t lab_make(struct lab *lab, enum object_type type, uint8_t flags, uint64_t size);
/* A derived capability in slot @to of table @captab (a slot of the own table; 0 = the own table and a fresh slot). */
uint32_t lab_copy(struct lab *lab, uint32_t captab, uint32_t to, uint32_t source, uint8_t rights,
                  uint16_t interface, uint32_t mask, uint64_t badge);
/* A 4 KiB frame mapped read-write in the own space; *address says where. */
uint32_t lab_page(struct lab *lab, void **address);
/* A configured context. */
uint32_t lab_sched(struct lab *lab, uint64_t budget, uint64_t period, uint8_t priority);

enum { LAB_CODE = 0x10000, LAB_STACK = 0x20000, LAB_SLOTS = 64 };
/* A thread in a new space whose @code (position-independent, at most a page) stands at LAB_CODE; empty table; @sched, @fault, @notif as in
 * thread_configure (slots of the own table, 0 = none). */
struct lab_thread lab_thread(struct lab *lab, const void *code, size_t code_bytes, uint32_t sched,
                             uint32_t reserve, uint32_t fault, uint32_t notif, uint32_t compartment);
void lab_start(const struct lab_thread *thread);

static inline uint64_t lab_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* One call with the registers of docs/architecture.md 1; words beyond those given are zero. Returns rax. */
struct lab_words {
    uint64_t rdi, rsi, word[10];
};
uint64_t lab_call(uint64_t rax, struct lab_words *words);

#define lab_require(call) lab_require_ok((call), #call, __LINE__)
void lab_require_ok(enum error error, const char *what, int line);

#endif
