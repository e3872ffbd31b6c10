/* The local APIC, by its page or by MSRs. Register numbers are those of the x2APIC: offset / 16.
 * [SDM-2023-09] Vol 3A table 11-1, 11-6. */
#ifndef GUEST_APIC_H
#define GUEST_APIC_H

#include "guest.h"

enum apic_mode { APIC_PAGE, APIC_X2 };

enum apic_register {
    APIC_ID = 0x02,
    APIC_VERSION = 0x03,
    APIC_TASK_PRIORITY = 0x08,
    APIC_END = 0x0b,
    APIC_SPURIOUS = 0x0f,
    APIC_COMMAND = 0x30,
    APIC_TIMER = 0x32,
    APIC_LINT0 = 0x35,
    APIC_INITIAL_COUNT = 0x38,
    APIC_CURRENT_COUNT = 0x39,
    APIC_DIVIDE = 0x3e
};

enum apic_timer_mode {
    APIC_ONE_SHOT = 0,
    APIC_MASKED = 1 << 16,
    APIC_PERIODIC = 1 << 17,
    APIC_DEADLINE = 1 << 18
};

/* Enables the APIC in @mode, spurious vector 0xff, divisor 1. */
void apic_open(enum apic_mode mode);
uint32_t apic_read(enum apic_register index);
void apic_write(enum apic_register index, uint32_t value);
void apic_end_of_interrupt(void);
void apic_timer(uint8_t vector, enum apic_timer_mode mode, uint32_t count);
/* A fixed interrupt to this processor, by ICR shorthand. */
void apic_self(uint8_t vector);

#endif
