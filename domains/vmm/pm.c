/* [ACPI-6.5] 4.8.3: fixed hardware registers. No button, no wake event: nothing ever raises the SCI. */
#include "pm.h"

#define PM_TIMER_HZ UINT64_C(3579545)
#define NS_PER_S UINT64_C(1000000000)
#define CONTROL_SCI_ENABLE 0x0001u
#define CONTROL_SLEEP_TYPE(value) ((value) >> 10 & 7u)
#define CONTROL_SLEEP_ENABLE 0x2000u
#define KEYBOARD_PULSE_RESET 0xfeu
#define RESET_CPU 0x04u
#define PORT92_RESET 0x01u

void pm_init(struct pm *pm)
{
    *pm = (struct pm){.control = CONTROL_SCI_ENABLE, .port92 = 0x02};
}

/* 4.8.3.3: 32 bits wide (TMR_VAL_EXT in our FADT). */
uint32_t pm_timer(uint64_t now_ns)
{
    return (uint32_t)(now_ns / NS_PER_S * PM_TIMER_HZ + now_ns % NS_PER_S * PM_TIMER_HZ / NS_PER_S);
}

static uint8_t byte_of(uint32_t value, unsigned index)
{
    return (uint8_t)(value >> (8 * index));
}

uint8_t pm_read(const struct pm *pm, unsigned offset, uint64_t now_ns)
{
    switch (offset) {
    case 0:
    case 1:
        return byte_of(pm->status, offset);
    case 2:
    case 3:
        return byte_of(pm->enable, offset - 2);
    case 4:
    case 5:
        return byte_of(pm->control, offset - 4);
    case 8:
    case 9:
    case 10:
    case 11:
        return byte_of(pm_timer(now_ns), offset - 8);
    default:
        return 0xff;
    }
}

static uint16_t with_byte(uint16_t old, unsigned index, uint8_t value)
{
    unsigned shift = 8 * index;
    return (uint16_t)((old & ~(0xffu << shift)) | (unsigned)value << shift);
}

static void write_control(struct pm *pm, uint16_t value)
{
    pm->control = (uint16_t)((value & ~CONTROL_SLEEP_ENABLE) | CONTROL_SCI_ENABLE);
    if ((value & CONTROL_SLEEP_ENABLE) != 0 && CONTROL_SLEEP_TYPE(value) == PM_SLEEP_S5) {
        pm->request = PM_REQUEST_POWER_OFF;
    }
}

void pm_write(struct pm *pm, unsigned offset, uint8_t value)
{
    switch (offset) {
    case 0:
    case 1: /* write one to clear */
        pm->status &= (uint16_t) ~((unsigned)value << (8 * offset));
        return;
    case 2:
    case 3:
        pm->enable = with_byte(pm->enable, offset - 2, value);
        return;
    case 4:
    case 5:
        write_control(pm, with_byte(pm->control, offset - 4, value));
        return;
    default:
        return;
    }
}

uint8_t pm_read_legacy(const struct pm *pm, uint16_t port)
{
    switch (port) {
    case PM_PORT_RESET:
        return pm->reset_control;
    case PM_PORT_FAST_A20:
        return pm->port92;
    case PM_PORT_KEYBOARD:
    case PM_PORT_KEYBOARD_DATA:
        return 0xff; /* no controller: the FADT says so too */
    default:
        return 0xff;
    }
}

void pm_write_legacy(struct pm *pm, uint16_t port, uint8_t value)
{
    switch (port) {
    case PM_PORT_RESET:
        pm->reset_control = value & 0x0au;
        if ((value & RESET_CPU) != 0) {
            pm->request = PM_REQUEST_RESET;
        }
        return;
    case PM_PORT_KEYBOARD:
        if (value == KEYBOARD_PULSE_RESET) {
            pm->request = PM_REQUEST_RESET;
        }
        return;
    case PM_PORT_FAST_A20:
        pm->port92 = value & 0xfeu;
        if ((value & PORT92_RESET) != 0) {
            pm->request = PM_REQUEST_RESET;
        }
        return;
    default:
        return;
    }
}
