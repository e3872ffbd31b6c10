/* Instructions that C cannot say, one inline function each, and the registers they name. */
#pragma once

#include "base/types.h"

struct cpu;

/* [SDM-2023-09] Vol 4 2, [APM2] appendix A */
enum msr { MSR_APIC_BASE = 0x1b, MSR_TSC_DEADLINE = 0x6e0, MSR_EFER = 0xc0000080, MSR_STAR = 0xc0000081, MSR_LSTAR = 0xc0000082 };
enum { MSR_CSTAR = 0xc0000083, MSR_SFMASK = 0xc0000084, MSR_FS_BASE = 0xc0000100, MSR_GS_BASE = 0xc0000101 };
enum { MSR_KERNEL_GS_BASE = 0xc0000102 };

/* [SDM-2023-09] Vol 3A 2.5, 2.2.1, 2.3 */
enum { CR0_MP = 1 << 1, CR0_EM = 1 << 2, CR0_TS = 1 << 3, CR0_NE = 1 << 5, CR0_WP = 1 << 16 };
enum { EFER_SCE = 1 << 0, EFER_NXE = 1 << 11, CR4_PAE = 1 << 5, CR4_MCE = 1 << 6, CR4_PGE = 1 << 7, CR4_OSFXSR = 1 << 9 };
enum { CR4_OSXMMEXCPT = 1 << 10, CR4_UMIP = 1 << 11, CR4_OSXSAVE = 1 << 18, CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21 };
enum { RFLAGS_TF = 1 << 8, RFLAGS_IF = 1 << 9, RFLAGS_DF = 1 << 10, RFLAGS_IOPL = 3 << 12, RFLAGS_NT = 1 << 14 };
enum { RFLAGS_RF = 1 << 16, RFLAGS_VM = 1 << 17, RFLAGS_AC = 1 << 18 };

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

/* [SDM-2023-09] Vol 3A 3.5.1: the operand of LGDT and LIDT */
struct table_register {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;
    __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

/* in8(port), out8(port, value) and so on. */
#define PORT_ACCESS(bits)                                         \
    static inline uint##bits##_t in##bits(uint16_t port)          \
    {                                                             \
        uint##bits##_t data;                                      \
        __asm__ volatile("in %w1, %0" : "=a"(data) : "Nd"(port)); \
        return data;                                              \
    }                                                             \
    static inline void out##bits(uint16_t port, uint##bits##_t data) { __asm__ volatile("out %0, %w1" : : "a"(data), "Nd"(port)); }
PORT_ACCESS(8)
PORT_ACCESS(16)
PORT_ACCESS(32)

/* rdmsr(index), wrmsr(index, value) and their like: edx:eax, chosen by ecx. */
#define PAIR_ACCESS(read, write)                                                                                \
    static inline uint64_t read(uint32_t index)                                                                 \
    {                                                                                                           \
        uint32_t low, high;                                                                                     \
        __asm__ volatile(#read : "=a"(low), "=d"(high) : "c"(index) : "memory");                                \
        return (uint64_t)high << 32 | low;                                                                      \
    }                                                                                                           \
    static inline void write(uint32_t index, uint64_t value)                                                    \
    {                                                                                                           \
        __asm__ volatile(#write : : "c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory"); \
    }
PAIR_ACCESS(rdmsr, wrmsr)
PAIR_ACCESS(xgetbv, xsetbv)

static inline uint64_t rdtsc(void) { return __builtin_ia32_rdtsc(); }

/* read_cr0(), write_cr0(value) and so on. */
#define CONTROL_REGISTER(name)                                              \
    static inline uint64_t read_##name(void)                                \
    {                                                                       \
        uint64_t value;                                                     \
        __asm__ volatile("mov %%" #name ", %0" : "=r"(value) : : "memory"); \
        return value;                                                       \
    }                                                                       \
    static inline void write_##name(uint64_t value) { __asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory"); }
CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr2)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)
CONTROL_REGISTER(dr6)

/* @table: a limit and a base, packed as struct table_register. */
static inline void gdt_load(const void *table) { __asm__ volatile("lgdt (%0)" : : "r"(table) : "memory"); }

/* The end: nothing but an NMI interrupts it. */
static inline void cpu_halt(void) { __asm__ volatile("cli; hlt" : : : "memory"); }

/* What an exit took in the processor's place goes to its own handler: an NMI, a machine check. */
static inline void take_nmi(void) { __asm__ volatile("int $2" : : : "memory"); }
static inline void take_machine_check(void) { __asm__ volatile("int $18" : : : "memory"); }

/* Wait with interrupts open, and close them again: STI's shadow lets none slip in before HLT. */
static inline void cpu_idle(void) { __asm__ volatile("sti; hlt; cli" : : : "memory"); }

/* Take the interrupts that wait, here: STI opens after the next instruction. */
static inline void interrupt_window(void) { __asm__ volatile("sti; nop; cli" : : : "memory"); }

/* Let who does not snoop caches see the line at @address, before what comes after the fence: [SDM-2023-09] Vol 2A CLFLUSH. */
static inline void cache_line_flush(const void *address) { __asm__ volatile("clflush (%0)" : : "r"(address) : "memory"); }
static inline void memory_fence(void) { __asm__ volatile("mfence" : : : "memory"); }

/* Device registers are mapped uncached: accesses stay in program order, [SDM-2023-09] Vol 3A 12.3. */
static inline uint32_t mmio_read32(const volatile void *address) { return *(const volatile uint32_t *)address; }
static inline void mmio_write32(volatile void *address, uint32_t value) { *(volatile uint32_t *)address = value; }

/* The block of this processor: valid once cpu_init has set GS. */
static inline struct cpu *cpu_self(void)
{
    struct cpu *self;
    __asm__ volatile("movq %%gs:0, %0" : "=r"(self));
    return self;
}
