/* The kernel's names for bits and registers; what needs CPL 0 is recorded by machine.h instead. */
#ifndef HW_X86_H
#define HW_X86_H

#define rdmsr real_rdmsr
#define wrmsr real_wrmsr
#define xsetbv real_xsetbv
#define rdtsc real_rdtsc
#define read_cr0 real_read_cr0
#define write_cr0 real_write_cr0
#define read_cr2 real_read_cr2
#define write_cr2 real_write_cr2
#define read_cr4 real_read_cr4
#define write_cr4 real_write_cr4
#define read_dr6 real_read_dr6
#define write_dr6 real_write_dr6
#define gdt_load real_gdt_load
#define take_nmi real_take_nmi
#define take_machine_check real_take_machine_check
#define cpu_self real_cpu_self
#define cpuid(...) real_cpuid(__VA_ARGS__)
#include_next "hw/x86.h"
#undef rdmsr
#undef wrmsr
#undef xsetbv
#undef rdtsc
#undef read_cr0
#undef write_cr0
#undef read_cr2
#undef write_cr2
#undef read_cr4
#undef write_cr4
#undef read_dr6
#undef write_dr6
#undef gdt_load
#undef take_nmi
#undef take_machine_check
#undef cpu_self
#undef cpuid

/* What the processor holds, and how often it was asked for what leaves no trace. */
struct fake {
    uint64_t xcr0, cr0, cr2, cr4, dr6, tsc, dr[4];
    uint32_t features; /* CPUID 1 ECX */
    unsigned nmis, machine_checks, gdt_loads, xcr0_writes, cr2_writes, feature_writes;
};
extern struct fake fake;

struct cpuid cpuid(uint32_t leaf, uint32_t subleaf);
uint64_t rdmsr(uint32_t index);
void wrmsr(uint32_t index, uint64_t value);
void xsetbv(uint32_t index, uint64_t value);
void gdt_load(const void *table);
struct cpu *cpu_self(void);

static inline uint64_t rdtsc(void)
{
    return fake.tsc;
}
static inline uint64_t read_cr0(void)
{
    return fake.cr0;
}
static inline void write_cr0(uint64_t value)
{
    fake.cr0 = value;
}
static inline uint64_t read_cr2(void)
{
    return fake.cr2;
}
static inline void write_cr2(uint64_t value)
{
    fake.cr2 = value;
    fake.cr2_writes++;
}
static inline uint64_t read_cr4(void)
{
    return fake.cr4;
}
static inline void write_cr4(uint64_t value)
{
    fake.cr4 = value;
}
static inline uint64_t read_dr6(void)
{
    return fake.dr6;
}
static inline void write_dr6(uint64_t value)
{
    fake.dr6 = value;
}
static inline void take_nmi(void)
{
    fake.nmis++;
}
static inline void take_machine_check(void)
{
    fake.machine_checks++;
}

#endif
