/* The host's stand-in for kernel/hw/x86.h: what obj, sys and entry/trap.c ask of the processor is recorded. */
#ifndef HW_X86_H
#define HW_X86_H

#include "fake.h"

#define MSR_FS_BASE 0xc0000100u

#define RFLAGS_TF (1u << 8)
#define RFLAGS_IF (1u << 9)
#define RFLAGS_IOPL (3u << 12)
#define RFLAGS_NT (1u << 14)
#define RFLAGS_VM (1u << 17)

static inline uint64_t rdtsc(void)
{
    return fake.tsc;
}
static inline uint64_t read_cr2(void)
{
    return fake.cr2;
}
static inline struct cpu *cpu_self(void)
{
    return &fake_cpu;
}

static inline void write_cr3(uint64_t value)
{
    fake.cr3 = value;
    fake.cr3_writes++;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
    fake.msr = msr;
    fake.msr_value = value;
}

#define PORT_ACCESS(bits)                                             \
    static inline uint##bits##_t in##bits(uint16_t port)              \
    {                                                                 \
        return (uint##bits##_t)fake_port(port, bits / 8, false, 0);   \
    }                                                                 \
    static inline void out##bits(uint16_t port, uint##bits##_t value) \
    {                                                                 \
        (void)fake_port(port, bits / 8, true, value);                 \
    }
PORT_ACCESS(8)
PORT_ACCESS(16)
PORT_ACCESS(32)

/* A device interrupt that waits is taken here. */
static inline void interrupt_window(void)
{
    fake_window();
}
static inline void cpu_idle(void)
{
    fake_idle();
}

#endif
