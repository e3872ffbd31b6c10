/* ACPI fixed hardware: PM1a event and control, the PM timer; and the ports that reset a PC. */
#ifndef VMM_PM_H
#define VMM_PM_H

#include "common.h"

#define PM_PORT_EVENT 0x600u   /* status, enable: 2 + 2 bytes */
#define PM_PORT_CONTROL 0x604u /* 2 bytes */
#define PM_PORT_TIMER 0x608u   /* 4 bytes */
#define PM_PORT_FIRST 0x600u
#define PM_PORT_LAST 0x60bu
#define PM_PORT_RESET 0xcf9u
#define PM_RESET_VALUE 0x06u
#define PM_PORT_KEYBOARD_DATA 0x60u
#define PM_PORT_KEYBOARD 0x64u
#define PM_PORT_FAST_A20 0x92u
#define PM_IRQ 9u
#define PM_SLEEP_S5 5u /* SLP_TYP of \_S5 in our DSDT */

enum pm_request { PM_REQUEST_NONE, PM_REQUEST_POWER_OFF, PM_REQUEST_RESET };

struct pm {
    uint16_t status, enable, control;
    uint8_t reset_control, port92;
    enum pm_request request;
};

void pm_init(struct pm *pm);
/* @offset from PM_PORT_FIRST, one byte. */
uint8_t pm_read(const struct pm *pm, unsigned offset, uint64_t now_ns);
void pm_write(struct pm *pm, unsigned offset, uint8_t value);
uint32_t pm_timer(uint64_t now_ns);
/* 0xcf9, 0x64, 0x60 and 0x92. */
uint8_t pm_read_legacy(const struct pm *pm, uint16_t port);
void pm_write_legacy(struct pm *pm, uint16_t port, uint8_t value);

#endif
