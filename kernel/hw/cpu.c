#include "hw/cpu.h"
#include "hw/vectors.h"
#include "hw/x86.h"

struct cpu cpu_block[PROCESSORS_MAX] __attribute__((aligned(PAGE_BYTES)));

/* Entry points in entry/: one per vector, and SYSCALL's. */
extern const uint8_t trap_stubs[VECTORS][16];
extern void syscall_entry(void);

/* Written at boot only, the same for all processors: [SDM-2023-09] Vol 3A 6.14.1, figure 6-8. */
static uint64_t idt[256][2];

enum { GATE_INTERRUPT = 0x8e, GATE_USER = 3 << 5, IST_COUNT = 4 };
/* Descriptor bits 40-55, present all: [SDM-2023-09] Vol 3A 3.4.5, 8.2.3. Data is writable, code is 64-bit; both are accessed already. */
enum { SEGMENT_TSS = 0x89, SEGMENT_DATA = 0x93, SEGMENT_CODE = 0x209b, SEGMENT_USER = 3 << 5 };

static uint64_t descriptor(uint64_t bits, uint64_t base, uint64_t limit)
{
    return bits << 40 | limit | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
}

/* The first word of a gate; the second is the upper half of @entry. */
static uint64_t gate(uint64_t entry, uint64_t ist, uint64_t type)
{
    return (entry & 0xffff) | SELECTOR_KERNEL_CODE << 16 | ist << 32 | type << 40 | (entry & 0xffff0000) << 32;
}

/* What can strike before an entry has its stack, or swapgs, in order has a stack of its own. */
static const uint8_t vector_ist[256] = {[VECTOR_NMI] = 1, [VECTOR_DF] = 2, [VECTOR_MC] = 3, [VECTOR_DB] = 4};

static void segments_load(const struct cpu *cpu)
{
    const struct table_register table = {sizeof idt - 1, (uint64_t)idt};
    __asm__ volatile("lgdt %0; lidt %1; pushq %2; leaq 1f(%%rip), %%rax; pushq %%rax; lretq; 1:\n\t"
                     "movl %3, %%eax; movl %%eax, %%ss; xorl %%eax, %%eax; movl %%eax, %%ds\n\t"
                     "movl %%eax, %%es; movl %%eax, %%fs; movl %%eax, %%gs; movl %4, %%eax; ltr %%ax"
                     :
                     : "m"(cpu->gdt_limit), "m"(table), "i"(SELECTOR_KERNEL_CODE), "i"(SELECTOR_KERNEL_DATA), "i"(SELECTOR_TSS)
                     : "rax", "memory");
}

static void syscall_init(void)
{
    /* [APM2] 6.1.1: SYSRET loads CS from STAR[63:48] + 16 and SS from + 8 */
    const uint64_t sysret = SELECTOR_USER_DATA - 8, syscall = SELECTOR_KERNEL_CODE;
    wrmsr(MSR_STAR, sysret << 48 | syscall << 32);
    wrmsr(MSR_LSTAR, (uint64_t)syscall_entry);
    wrmsr(MSR_CSTAR, 0);
    wrmsr(MSR_SFMASK, RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_RF | RFLAGS_AC);
}

void cpu_init(struct cpu *cpu, uint32_t index)
{
    cpu->self = cpu;
    cpu->index = index;
    cpu->stack = (uint64_t)cpu->stack_bytes + KERNEL_STACK_BYTES;
    cpu->timer_set = UINT64_MAX;
    cpu->tss.rsp0 = cpu->stack;
    cpu->tss.io_map_base = sizeof cpu->tss;
    for (uint32_t i = 0; i < IST_COUNT; i++) cpu->tss.ist[i] = (uint64_t)cpu->ist_bytes[i] + IST_STACK_BYTES;
    cpu->gdt[SELECTOR_KERNEL_CODE / 8] = descriptor(SEGMENT_CODE, 0, 0);
    cpu->gdt[SELECTOR_KERNEL_DATA / 8] = descriptor(SEGMENT_DATA, 0, 0);
    cpu->gdt[SELECTOR_USER_DATA / 8] = descriptor(SEGMENT_DATA | SEGMENT_USER, 0, 0);
    cpu->gdt[SELECTOR_USER_CODE / 8] = descriptor(SEGMENT_CODE | SEGMENT_USER, 0, 0);
    cpu->gdt[SELECTOR_TSS / 8] = descriptor(SEGMENT_TSS, (uint64_t)&cpu->tss, sizeof cpu->tss - 1);
    cpu->gdt[SELECTOR_TSS / 8 + 1] = (uint64_t)&cpu->tss >> 32;
    for (uint32_t vector = 0; vector < 256; vector++) {
        const uint64_t stub = (uint64_t)trap_stubs[vector < VECTORS ? vector : VECTOR_IPI]; /* nobody sends the others */
        idt[vector][0] = gate(stub, vector_ist[vector], GATE_INTERRUPT | (vector == VECTOR_BP ? GATE_USER : 0));
        idt[vector][1] = stub >> 32;
    }
    cpu->gdt_limit = sizeof cpu->gdt - 1;
    cpu->gdt_base = (uint64_t)cpu->gdt;
    segments_load(cpu);
    wrmsr(MSR_GS_BASE, (uint64_t)cpu);
    wrmsr(MSR_KERNEL_GS_BASE, 0);
    syscall_init();
}
