/* [8254] Intel 231164-005: modes, latches, read-back. A count is computed from the time since it was
 * loaded; nothing runs in between. BCD counting is stored but counts in binary. */
#include "pit.h"

#define NS_PER_S UINT64_C(1000000000)
#define PORT61_GATE2 0x01u
#define PORT61_SPEAKER 0x02u
#define PORT61_REFRESH 0x10u
#define PORT61_OUT2 0x20u

static uint64_t ticks_to_ns(uint64_t ticks)
{
    return ticks / PIT_HZ * NS_PER_S + ticks % PIT_HZ * NS_PER_S / PIT_HZ + 1;
}

static uint64_t ns_to_ticks(uint64_t ns)
{
    return ns / NS_PER_S * PIT_HZ + ns % NS_PER_S * PIT_HZ / NS_PER_S;
}

void pit_init(struct pit *pit, uint64_t now_ns)
{
    *pit = (struct pit){.next_irq_ns = TIME_NEVER};
    for (unsigned i = 0; i < 3; i++) {
        pit->channel[i] =
            (struct pit_channel){.reload = 65536, .access = 3, .start_ns = now_ns, .gate = i != 2};
    }
}

static uint64_t elapsed(const struct pit_channel *channel, uint64_t now_ns)
{
    return channel->armed && now_ns > channel->start_ns ? ns_to_ticks(now_ns - channel->start_ns) : 0;
}

static uint16_t count_now(const struct pit_channel *channel, uint64_t now_ns)
{
    uint64_t ticks = elapsed(channel, now_ns);
    switch (channel->mode) {
    case 2:
        return (uint16_t)(channel->reload - ticks % channel->reload);
    case 3: /* counts down by two */
        return (uint16_t)(channel->reload - ticks * 2 % channel->reload);
    default:
        return (uint16_t)(channel->reload - ticks);
    }
}

static bool output_now(const struct pit_channel *channel, uint64_t now_ns)
{
    uint64_t ticks = elapsed(channel, now_ns);
    switch (channel->mode) {
    case 0:
    case 1:
        return channel->armed && ticks >= channel->reload;
    case 2:
        return ticks % channel->reload != channel->reload - 1;
    case 3:
        return ticks % channel->reload < (channel->reload + 1) / 2;
    default:
        return ticks != channel->reload;
    }
}

static bool periodic(const struct pit_channel *channel)
{
    return channel->mode == 2 || channel->mode == 3;
}

static void plan_irq(struct pit *pit)
{
    const struct pit_channel *channel = &pit->channel[0];
    pit->next_irq_ns = channel->armed ? channel->start_ns + ticks_to_ns(channel->reload) : TIME_NEVER;
}

static void load_count(struct pit *pit, unsigned index, uint32_t value, uint64_t now_ns)
{
    struct pit_channel *channel = &pit->channel[index];
    channel->reload = value == 0 ? 65536 : value;
    channel->start_ns = now_ns;
    channel->null_count = false;
    channel->armed = channel->gate || (channel->mode != 1 && channel->mode != 5 && index != 2);
    if (index == 0) {
        plan_irq(pit);
    }
}

static uint8_t read_back_status(const struct pit_channel *channel, uint64_t now_ns)
{
    return (uint8_t)((output_now(channel, now_ns) ? 0x80u : 0u) | (channel->null_count ? 0x40u : 0u) |
                     (unsigned)channel->access << 4 | (unsigned)channel->mode << 1 |
                     (channel->bcd ? 1u : 0u));
}

static void latch_count(struct pit_channel *channel, uint64_t now_ns)
{
    if (!channel->latched) {
        channel->latched = true;
        channel->latch = count_now(channel, now_ns);
    }
}

static void read_back(struct pit *pit, uint8_t value, uint64_t now_ns)
{
    for (unsigned i = 0; i < 3; i++) {
        struct pit_channel *channel = &pit->channel[i];
        if ((value >> (i + 1) & 1u) == 0) {
            continue;
        }
        if ((value & 0x20u) == 0) {
            latch_count(channel, now_ns);
        }
        if ((value & 0x10u) == 0 && !channel->status_latched) {
            channel->status_latched = true;
            channel->status_latch = read_back_status(channel, now_ns);
        }
    }
}

static void write_control(struct pit *pit, uint8_t value, uint64_t now_ns)
{
    unsigned index = value >> 6;
    if (index == 3) {
        read_back(pit, value, now_ns);
        return;
    }
    struct pit_channel *channel = &pit->channel[index];
    uint8_t access = value >> 4 & 3u;
    if (access == 0) {
        latch_count(channel, now_ns);
        return;
    }
    uint8_t mode = value >> 1 & 7u;
    channel->mode = mode > 5 ? mode - 4 : mode; /* 6 and 7 are 2 and 3 */
    channel->access = access;
    channel->bcd = (value & 1u) != 0;
    channel->null_count = true;
    channel->armed = channel->latched = channel->status_latched = false;
    channel->read_high = channel->write_high = false;
    if (index == 0) {
        pit->next_irq_ns = TIME_NEVER;
    }
}

static uint8_t read_count(struct pit_channel *channel, uint64_t now_ns)
{
    uint16_t value = channel->latched ? channel->latch : count_now(channel, now_ns);
    bool high = channel->access == 2 || (channel->access == 3 && channel->read_high);
    if (channel->access == 3) {
        channel->read_high = !channel->read_high;
    }
    if (channel->access != 3 || high) {
        channel->latched = false;
    }
    return (uint8_t)(high ? value >> 8 : value);
}

uint8_t pit_read(struct pit *pit, unsigned reg, uint64_t now_ns)
{
    if (reg >= 3) {
        return 0xff; /* the control word cannot be read */
    }
    struct pit_channel *channel = &pit->channel[reg];
    if (channel->status_latched) {
        channel->status_latched = false;
        return channel->status_latch;
    }
    return read_count(channel, now_ns);
}

void pit_write(struct pit *pit, unsigned reg, uint8_t value, uint64_t now_ns)
{
    if (reg >= 3) {
        write_control(pit, value, now_ns);
        return;
    }
    struct pit_channel *channel = &pit->channel[reg];
    if (channel->access == 3 && !channel->write_high) {
        channel->write_low = value;
        channel->write_high = true;
        return;
    }
    channel->write_high = false;
    uint32_t count = channel->access == 1 ? value : (uint32_t)value << 8;
    if (channel->access == 3) {
        count |= channel->write_low;
    }
    load_count(pit, reg, count, now_ns);
}

uint8_t pit_read_61(const struct pit *pit, uint64_t now_ns)
{
    unsigned value = pit->port61 & (PORT61_GATE2 | PORT61_SPEAKER);
    if (output_now(&pit->channel[2], now_ns)) {
        value |= PORT61_OUT2;
    }
    if ((now_ns / 15085 & 1u) != 0) {
        value |= PORT61_REFRESH; /* toggles every 15.085 us on a PC */
    }
    return (uint8_t)value;
}

void pit_write_61(struct pit *pit, uint8_t value, uint64_t now_ns)
{
    struct pit_channel *channel = &pit->channel[2];
    bool gate = (value & PORT61_GATE2) != 0;
    pit->port61 = value;
    if (gate &&
        !channel->gate) { /* the rising edge starts the count again; mode 0 goes on, which restarts too */
        channel->start_ns = now_ns;
        channel->armed = !channel->null_count;
    }
    channel->gate = gate;
}

uint64_t pit_deadline(const struct pit *pit)
{
    return pit->next_irq_ns;
}

void pit_expire(struct pit *pit, uint64_t now_ns)
{
    const struct pit_channel *channel = &pit->channel[0];
    if (now_ns < pit->next_irq_ns) {
        return;
    }
    pit->irq_edge = true;
    if (!periodic(channel)) {
        pit->next_irq_ns = TIME_NEVER;
        return;
    }
    uint64_t rounds = elapsed(channel, now_ns) / channel->reload + 1;
    pit->next_irq_ns = channel->start_ns + ticks_to_ns(rounds * channel->reload);
}

bool pit_take_edge(struct pit *pit)
{
    bool edge = pit->irq_edge;
    pit->irq_edge = false;
    return edge;
}
