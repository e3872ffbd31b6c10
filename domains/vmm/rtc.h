/* The MC146818 real-time clock and its CMOS memory. Without the alarm and the periodic interrupt. */
#ifndef VMM_RTC_H
#define VMM_RTC_H

#include "common.h"

#define RTC_PORT_INDEX 0x70u
#define RTC_PORT_DATA 0x71u

struct rtc {
    uint8_t index;
    uint8_t ram[128]; /* every register as it reads, times included, until next_ns */
    uint64_t next_ns; /* when the time registers must be set anew */
    uint64_t boot_s;  /* seconds since 1970 when the guest started */
};

void rtc_init(struct rtc *rtc, uint64_t boot_s, uint64_t ram_below_4g, uint64_t ram_above_4g);
uint8_t rtc_read(struct rtc *rtc, unsigned reg, uint64_t now_ns);
void rtc_write(struct rtc *rtc, unsigned reg, uint8_t value);

#endif
