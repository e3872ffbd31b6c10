/* The 8254 interval timer and the parts of port 0x61 that go with it. Time comes in nanoseconds. */
#ifndef VMM_PIT_H
#define VMM_PIT_H

#include "common.h"

#define PIT_PORT_FIRST 0x40u
#define PIT_PORT_LAST 0x43u
#define PIT_PORT_61 0x61u
#define PIT_IRQ 0u
#define PIT_HZ UINT64_C(1193182)

struct pit_channel {
    uint32_t reload;   /* 1..65536 */
    uint64_t start_ns; /* when the count was loaded */
    uint16_t latch;
    uint8_t status_latch;
    uint8_t mode, access; /* access: 1 low, 2 high, 3 both */
    uint8_t write_low;
    bool bcd, gate, null_count, armed;
    bool latched, status_latched, read_high, write_high;
};

struct pit {
    struct pit_channel channel[3];
    uint8_t port61;
    uint64_t next_irq_ns;
    bool irq_edge; /* channel 0's output has risen and nobody has taken it */
};

void pit_init(struct pit *pit, uint64_t now_ns);
uint8_t pit_read(struct pit *pit, unsigned reg, uint64_t now_ns);
void pit_write(struct pit *pit, unsigned reg, uint8_t value, uint64_t now_ns);
uint8_t pit_read_61(const struct pit *pit, uint64_t now_ns);
void pit_write_61(struct pit *pit, uint8_t value, uint64_t now_ns);

/* When channel 0 next raises its line, TIME_NEVER = not at all. */
uint64_t pit_deadline(const struct pit *pit);
/* Lets channel 0 catch up; ticks missed meanwhile are one. */
void pit_expire(struct pit *pit, uint64_t now_ns);
/* Takes the pending edge. */
bool pit_take_edge(struct pit *pit);

#endif
