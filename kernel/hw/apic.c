#include "hw/apic.h"
#include "base/panic.h"
#include "hw/paging.h"
#include "hw/vectors.h"
#include "hw/x86.h"

/* Offsets in the register page: [SDM-2023-09] Vol 3A 11.4.1, table 11-1 */
enum { APIC_ID = 0x20, APIC_TPR = 0x80, APIC_EOI = 0xb0, APIC_SPURIOUS = 0xf0, APIC_LVT_TIMER = 0x320, APIC_LVT_LINT0 = 0x350 };
enum { APIC_LVT_LINT1 = 0x360, APIC_LVT_ERROR = 0x370, APIC_TIMER_INITIAL = 0x380, APIC_TIMER_CURRENT = 0x390 };
enum { APIC_TIMER_DIVIDE = 0x3e0, DIVIDE_1 = 0xb, SPURIOUS_ENABLE = 1 << 8, LVT_MASKED = 1 << 16, LVT_NMI = 4 << 8 };
enum { TIMER_DEADLINE = 2 << 17, APIC_BASE_X2 = 1 << 10, APIC_BASE_ENABLE = 1 << 11, FEATURE_TSC_DEADLINE = 1 << 24 };

/* 8254 channel 2, gated and read through port 0x61: [PC8254], ICH9 datasheet 13.7.1 */
enum { PIT_CHANNEL_2 = 0x42, PIT_COMMAND = 0x43, PIT_GATE = 0x61, PIT_ONE_SHOT_2 = 0xb0 };
enum { GATE_ON = 1, GATE_SPEAKER = 2, GATE_OUT = 0x20, PIT_HZ = 1193182, PIT_TICKS = 11932, SPIN_MAX = 10000000 };
enum { PIC_MASTER_MASK = 0x21, PIC_SLAVE_MASK = 0xa1 };

/* Written at boot only. */
static struct {
    volatile uint8_t *page;
    uint64_t tsc_khz;
    uint64_t scale;     /* timer ticks per TSC tick, 32.32 */
    uint64_t delta_max; /* TSC ticks that the counter can hold */
    bool deadline;      /* the timer compares with the TSC itself */
} apic;

static uint32_t apic_read(uint32_t offset) { return mmio_read32(apic.page + offset); }

static void apic_write(uint32_t offset, uint32_t value) { mmio_write32(apic.page + offset, value); }

void apic_eoi(void) { apic_write(APIC_EOI, 0); }

uint64_t clock_tsc_khz(void) { return apic.tsc_khz; }

/* TSC ticks and timer ticks in PIT_TICKS of the PIT. */
static void pit_measure(uint64_t *tsc, uint64_t *timer)
{
    const uint8_t gate = in8(PIT_GATE) & (uint8_t) ~(GATE_ON | GATE_SPEAKER);
    out8(PIT_GATE, gate);
    out8(PIT_COMMAND, PIT_ONE_SHOT_2);
    out8(PIT_CHANNEL_2, PIT_TICKS & 0xff);
    out8(PIT_CHANNEL_2, PIT_TICKS >> 8);
    apic_write(APIC_TIMER_INITIAL, UINT32_MAX);
    out8(PIT_GATE, gate | GATE_ON);
    const uint32_t timer_start = apic_read(APIC_TIMER_CURRENT);
    const uint64_t tsc_start = rdtsc();
    uint32_t spins = 0;
    while ((in8(PIT_GATE) & GATE_OUT) == 0 && spins < SPIN_MAX) spins++;
    *timer = timer_start - apic_read(APIC_TIMER_CURRENT);
    *tsc = rdtsc() - tsc_start;
    out8(PIT_GATE, gate);
    apic_write(APIC_TIMER_INITIAL, 0);
    if (spins == SPIN_MAX || spins == 0 || *timer == 0 || *tsc == 0) panic("PIT channel 2, the reference clock, does not count");
}

void apic_init_cpu(struct cpu *cpu)
{
    const uint32_t timer = VECTOR_TIMER | (apic.deadline ? TIMER_DEADLINE : 0);
    const uint32_t setup[][2] = {{APIC_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS}, {APIC_TPR, 0}, {APIC_LVT_LINT0, LVT_MASKED},
        {APIC_LVT_LINT1, LVT_NMI}, {APIC_LVT_ERROR, LVT_MASKED}, {APIC_TIMER_DIVIDE, DIVIDE_1}, {APIC_TIMER_INITIAL, 0},
        {APIC_LVT_TIMER, timer}};
    for (uint32_t i = 0; i < sizeof setup / sizeof setup[0]; i++) apic_write(setup[i][0], setup[i][1]);
    __asm__ volatile("mfence" : : : "memory"); /* [SDM-2023-09] Vol 3A 11.5.4.1: before the first deadline */
    cpu->apic_id = apic_read(APIC_ID) >> 24;
}

void apic_init(struct cpu *cpu)
{
    uint64_t tsc, timer;
    out8(PIC_MASTER_MASK, 0xff);
    out8(PIC_SLAVE_MASK, 0xff);
    const uint64_t base = rdmsr(MSR_APIC_BASE);
    if (base & APIC_BASE_X2) panic("the firmware left the local APIC in x2APIC mode");
    wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
    apic.page = mmio_map((hpa_t){base / PAGE_BYTES * PAGE_BYTES}, PAGE_BYTES);
    apic_init_cpu(cpu); /* as a counter: measured before anything depends on it */
    pit_measure(&tsc, &timer);
    apic.tsc_khz = tsc * PIT_HZ / PIT_TICKS / 1000;
    apic.scale = (timer << 32) / tsc;
    apic.delta_max = (uint64_t)UINT32_MAX * tsc / timer / 2;
    apic.deadline = cpuid(1, 0).ecx & FEATURE_TSC_DEADLINE;
    apic_init_cpu(cpu);
}

void apic_timer_arm(uint64_t tsc_deadline)
{
    if (apic.deadline) {
        wrmsr(MSR_TSC_DEADLINE, tsc_deadline ? tsc_deadline : 1);
        return;
    }
    const uint64_t now = rdtsc();
    uint64_t delta = tsc_deadline > now ? tsc_deadline - now : 0;
    delta = delta < apic.delta_max ? delta : apic.delta_max;
    apic_write(APIC_TIMER_INITIAL, (uint32_t)((unsigned __int128)delta * apic.scale >> 32) + 1);
}

bool apic_timer_stopped(void) { return (apic.deadline ? rdmsr(MSR_TSC_DEADLINE) : apic_read(APIC_TIMER_CURRENT)) == 0; }
