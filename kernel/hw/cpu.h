/* The per-processor block, reached through GS; nothing here is shared between processors. */
#pragma once

#include "base/types.h"
#include "bulkhead/abi.h"
#include "hw/cpu_asm.h"

enum { PRIORITIES = 64, KERNEL_STACK_BYTES = 8192, IST_STACK_BYTES = 4096, TRACE_EVENTS = 64, SCHEDS_MAX = 128, THREADS_MAX = 256 };

/* What every entry saves: the ten words of a message first; the tail is the frame that hardware pushes: [SDM-2023-09] Vol 3A 6.14.2. */
struct registers {
    union {
        struct {
            uint64_t rbx, rbp, r12, r13, r14, r15, rdx, r8, r9, r10;
        };
        uint64_t word[10];
    };
    uint64_t rax, rdi, rsi, r11, rcx, vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

/* 64-bit TSS: [SDM-2023-09] Vol 3A 8.7. */
struct tss {
    uint32_t reserved0;
    uint64_t rsp0, rsp1, rsp2, reserved1, ist[7], reserved2;
    uint16_t reserved3, io_map_base;
} __attribute__((packed));

/* Contexts that can run, first in first out within a priority. */
struct sched_queue {
    struct sched *head, *tail;
};

struct cpu {
    struct cpu *self;
    uint64_t scratch;
    uint64_t stack;         /* top of this processor's kernel stack */
    struct thread *current; /* NULL while idle; its registers are where entries push */
    struct fpu *fpu;        /* whose state the registers hold, NULL = nobody's (initial) */
    uint64_t xcr0;          /* what domains run with */
    uint64_t cr3, fs_base;
    uint32_t compartment;
    bool reschedule;
    _Alignas(8) struct tss tss;

    struct sched *sched; /* the context that is being charged, since sched_start */
    uint64_t sched_start;
    uint64_t ready_mask; /* bit p: ready[p] is not empty */
    struct sched_queue ready[PRIORITIES];

    struct timer *timers; /* armed deadlines, soonest first */
    uint64_t timer_set;   /* TSC for which the hardware timer is programmed, ~0 = not */

    struct hvm *debug_owner; /* whose DR0-3 are loaded */
    struct hvm *hvm_current; /* whose control page the processor holds */
    uint32_t index, apic_id, asid_next, asid_limit;
    uint64_t asid_generation;
    uint32_t scheds;                     /* admitted on this processor */
    struct thread *threads[THREADS_MAX]; /* configured on this processor */
    uint64_t quiescent;                  /* times this processor has left the kernel's objects alone */

    uint64_t gdt[8];
    uint16_t gdt_padding[3], gdt_limit; /* with gdt_base: the operand of LGDT */
    uint64_t gdt_base;
    hpa_t host_state;      /* vendor's host state page */
    uint32_t hvm_features; /* of the vendor file */
    uint64_t hvm_extended; /* XCR0 components that the processor has beyond xcr0 */
    struct trace_event trace[TRACE_EVENTS];
    uint32_t trace_next;
    _Alignas(16) uint8_t stack_bytes[KERNEL_STACK_BYTES];
    _Alignas(16) uint8_t ist_bytes[4][IST_STACK_BYTES];
    _Alignas(PAGE_BYTES) uint8_t hvm_pages[2][PAGE_BYTES]; /* the vendor's, 4 KiB aligned */
};

enum { PROCESSORS_MAX = 1 };
extern struct cpu cpu_block[PROCESSORS_MAX];

/* GDT, TSS, IDT, GS and SYSCALL for processor @index, whose block is zero; then cpu_self() works. */
void cpu_init(struct cpu *cpu, uint32_t index);

/* Keep an event for the dump at panic; @kind is a trace_kind. */
void trace(struct cpu *cpu, uint32_t kind, uint32_t argument, uint64_t value);

enum trace_kind { TRACE_NONE, TRACE_FAULT };
