/* [MC146818] Motorola ADI1148: registers. Times are read-only: the guest's clock is the machine's. */
#include "rtc.h"

#define NS_PER_S UINT64_C(1000000000)
#define REG_A 0x0au
#define REG_B 0x0bu
#define REG_C 0x0cu
#define REG_D 0x0du
#define REG_CENTURY 0x32u
#define REG_A_VALUE 0x26u /* 32768 Hz, no update in progress: a reading is always consistent */
#define REG_B_24H 0x02u
#define REG_B_BINARY 0x04u
#define REG_D_VALID 0x80u

struct date {
    uint32_t year, month, day, weekday, hour, minute, second;
};

/* Days to year, month, day in the Gregorian calendar, counted in 400-year eras that start on 1 March. */
static struct date date_of(uint64_t seconds)
{
    uint64_t days = seconds / 86400 + 719468;
    uint32_t rest = (uint32_t)(seconds % 86400);
    uint64_t era = days / 146097;
    uint32_t in_era = (uint32_t)(days % 146097);
    uint32_t year_of_era = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    uint32_t in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t shifted = (5 * in_year + 2) / 153; /* 0 = March */
    struct date date = {
        .day = in_year - (153 * shifted + 2) / 5 + 1,
        .month = shifted < 10 ? shifted + 3 : shifted - 9,
        .weekday = (uint32_t)((seconds / 86400 + 4) % 7) + 1,
        .hour = rest / 3600,
        .minute = rest / 60 % 60,
        .second = rest % 60,
    };
    date.year = year_of_era + (uint32_t)(era % 100) * 400 + (date.month <= 2 ? 1 : 0);
    return date;
}

static void set_memory_size(struct rtc *rtc, uint64_t below_4g, uint64_t above_4g)
{
    uint64_t extended_kib = below_4g > 0x100000 ? (below_4g - 0x100000) / 1024 : 0;
    uint64_t high = below_4g > 0x1000000 ? (below_4g - 0x1000000) / 65536 : 0;
    uint64_t kib = min_u64(extended_kib, 0xffff);
    rtc->ram[0x15] = 640 % 256; /* conventional memory, KiB */
    rtc->ram[0x16] = 640 / 256;
    rtc->ram[0x17] = rtc->ram[0x30] = (uint8_t)kib;
    rtc->ram[0x18] = rtc->ram[0x31] = (uint8_t)(kib >> 8);
    rtc->ram[0x34] = (uint8_t)high;
    rtc->ram[0x35] = (uint8_t)(high >> 8);
    rtc->ram[0x5b] = (uint8_t)(above_4g >> 16);
    rtc->ram[0x5c] = (uint8_t)(above_4g >> 24);
    rtc->ram[0x5d] = (uint8_t)(above_4g >> 32);
}

void rtc_init(struct rtc *rtc, uint64_t boot_s, uint64_t ram_below_4g, uint64_t ram_above_4g)
{
    *rtc = (struct rtc){.boot_s = boot_s};
    rtc->ram[REG_A] = REG_A_VALUE;
    rtc->ram[REG_B] = REG_B_24H;
    rtc->ram[REG_C] = 0; /* no interrupt has happened */
    rtc->ram[REG_D] = REG_D_VALID;
    set_memory_size(rtc, ram_below_4g, ram_above_4g);
}

static uint8_t encode(const struct rtc *rtc, uint32_t value)
{
    if ((rtc->ram[REG_B] & REG_B_BINARY) != 0) {
        return (uint8_t)value;
    }
    return (uint8_t)(value / 10 << 4 | value % 10);
}

static uint8_t encode_hour(const struct rtc *rtc, uint32_t hour)
{
    if ((rtc->ram[REG_B] & REG_B_24H) != 0) {
        return encode(rtc, hour);
    }
    uint32_t twelve = hour % 12 == 0 ? 12 : hour % 12;
    return (uint8_t)(encode(rtc, twelve) | (hour >= 12 ? 0x80u : 0u));
}

/* Once a guest's second. */
static __attribute__((noinline)) uint8_t read_in_new_second(struct rtc *rtc, uint64_t now_ns)
{
    uint64_t since = now_ns / NS_PER_S;
    struct date date = date_of(rtc->boot_s + since);
    rtc->next_ns = (since + 1) * NS_PER_S;
    rtc->ram[0x00] = encode(rtc, date.second);
    rtc->ram[0x02] = encode(rtc, date.minute);
    rtc->ram[0x04] = encode_hour(rtc, date.hour);
    rtc->ram[0x06] = encode(rtc, date.weekday);
    rtc->ram[0x07] = encode(rtc, date.day);
    rtc->ram[0x08] = encode(rtc, date.month);
    rtc->ram[0x09] = encode(rtc, date.year % 100);
    rtc->ram[REG_CENTURY] = encode(rtc, date.year / 100);
    return rtc->ram[rtc->index];
}

uint8_t rtc_read(struct rtc *rtc, unsigned reg, uint64_t now_ns)
{
    if (reg == 0) {
        return 0xff; /* the index port is write-only */
    }
    return now_ns < rtc->next_ns ? rtc->ram[rtc->index] : read_in_new_second(rtc, now_ns);
}

static bool is_time(uint8_t index)
{
    return index == 0 || index == 2 || index == 4 || (index >= 6 && index <= 9) || index == REG_CENTURY;
}

void rtc_write(struct rtc *rtc, unsigned reg, uint8_t value)
{
    if (reg == 0) {
        rtc->index = value & 0x7fu; /* bit 7 masks NMIs, of which there are none */
        return;
    }
    if (!is_time(rtc->index) && (rtc->index < REG_A || rtc->index > REG_D || rtc->index == REG_B)) {
        rtc->ram[rtc->index] = value;
        rtc->next_ns = 0; /* register B chooses how times are written */
    }
}
