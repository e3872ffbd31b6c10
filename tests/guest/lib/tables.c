/* Segments, the task state and the interrupt table. [APM2] 4.8 long-mode descriptors, 12.2.5 TSS. */
#include "tables.h"

#include "guest.h"

enum { VECTORS = 256, STUB_BYTES = 16, GATE_INTERRUPT = 0x8e, GATE_USER = 0xee, STACK_BYTES = 16384 };

struct pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

struct gate {
    uint16_t offset_low, selector;
    uint8_t stack, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};
_Static_assert(sizeof(struct gate) == 16, "[APM2] figure 4-24");

struct task_state {
    uint32_t reserved;
    uint64_t rsp[3];
    uint64_t reserved2;
    uint64_t ist[7];
    uint64_t reserved3;
    uint16_t reserved4, io_map;
} __attribute__((packed));
_Static_assert(sizeof(struct task_state) == 104, "[APM2] figure 12-8");

extern uint8_t trap_stubs[];

static struct gate gates[VECTORS];
static struct task_state task_state;
static uint8_t trap_stack[STACK_BYTES] __attribute__((aligned(16)));
static uint64_t descriptors[] = {
    0,
    0x00af9b000000ffff, /* code, ring 0, 64-bit */
    0x00cf93000000ffff, /* data, ring 0 */
    0,
    0x00cff3000000ffff, /* data, ring 3 */
    0x00affb000000ffff, /* code, ring 3, 64-bit */
    0x00cf9b000000ffff, /* code, ring 0, 32-bit */
    0,                  /* the task state takes two */
    0,
};

static void load_task_state(void)
{
    const uint64_t base = (uint64_t)&task_state;
    const uint64_t limit = sizeof(task_state) - 1;
    task_state.rsp[0] = (uint64_t)trap_stack + sizeof(trap_stack);
    task_state.io_map = sizeof(task_state);
    descriptors[SEGMENT_TASK / 8] =
        limit | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
    descriptors[SEGMENT_TASK / 8 + 1] = base >> 32;
}

static void load_descriptors(void)
{
    const struct pointer pointer = {.limit = sizeof(descriptors) - 1, .base = (uint64_t)descriptors};
    __asm__ volatile("lgdt %0\n\t"
                     "pushq %1\n\t"
                     "lea 1f(%%rip), %%rax\n\t"
                     "push %%rax\n\t"
                     "lretq\n"
                     "1:\n\t"
                     "ltr %w2"
                     :
                     : "m"(pointer), "i"(SEGMENT_CODE), "r"(SEGMENT_TASK)
                     : "rax", "memory");
}

void tables_init(void)
{
    load_task_state();
    load_descriptors();
    for (unsigned vector = 0; vector < VECTORS; vector++) {
        const uint64_t stub = (uint64_t)trap_stubs + vector * STUB_BYTES;
        gates[vector] = (struct gate){
            .offset_low = (uint16_t)stub,
            .selector = SEGMENT_CODE,
            .type = vector == VECTOR_USER ? GATE_USER : GATE_INTERRUPT,
            .offset_middle = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
        };
    }
    const struct pointer pointer = {.limit = sizeof(gates) - 1, .base = (uint64_t)gates};
    __asm__ volatile("lidt %0" : : "m"(pointer));
}
