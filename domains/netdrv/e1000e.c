#include "e1000e.h"

#define NS_PER_US UINT64_C(1000)

enum {
    MASTER_DISABLE_POLLS = 1000, /* of 10 us */
    RESET_POLLS = 1000,
    POLL_US = 10,
    FRAME_LEAST = 14
};

/* Everything beside the queues that `other` stands for ([I82574] 7.4). */
static const uint32_t OTHER_CAUSES = CAUSE_OTHER | CAUSE_LINK_CHANGE | CAUSE_OVERRUN | CAUSE_MDIO_ACCESS |
                                     CAUSE_SMALL_PACKET | CAUSE_ACK | CAUSE_MANAGEMENT;

static bool poll_clear(const struct e1000e *device, enum e1000e_register which, uint32_t bit, uint32_t polls)
{
    while ((e1000e_read(device, which) & bit) != 0) {
        if (polls-- == 0) {
            return false;
        }
        e1000e_wait(device, POLL_US * NS_PER_US);
    }
    return true;
}

/* [I82574] 4.6.2 and 10.2.2, CTRL: no new requests, those outstanding finish, then the reset. A device that does not finish is
 * reset all the same: its iospace holds it. */
static bool stop(const struct e1000e *device)
{
    e1000e_write(device, E1000E_IMC, UINT32_MAX);
    e1000e_write(device, E1000E_RCTL, 0);
    e1000e_write(device, E1000E_TCTL, TCTL_PAD_SHORT);
    e1000e_write(device, E1000E_CTRL, CTRL_MASTER_DISABLE);
    (void)poll_clear(device, E1000E_STATUS, STATUS_MASTER_ENABLE, MASTER_DISABLE_POLLS);
    e1000e_write(device, E1000E_CTRL, CTRL_MASTER_DISABLE | CTRL_RESET);
    e1000e_wait(device, POLL_US * NS_PER_US); /* no access in the first microsecond */
    /* Where nobody answers, all bits are set. */
    if (!poll_clear(device, E1000E_CTRL, CTRL_RESET, RESET_POLLS)) {
        return false;
    }
    e1000e_write(device, E1000E_IMC, UINT32_MAX);
    (void)e1000e_read(device, E1000E_ICR);
    return true;
}

/* 10.2.5, RAL and RAH: the address that the device took from its EEPROM. */
static uint64_t read_mac(const struct e1000e *device)
{
    uint32_t low = e1000e_read(device, E1000E_RAL0), high = e1000e_read(device, E1000E_RAH0);
    uint64_t mac = (uint64_t)(high & 0xffff) << 32 | low;
    return (high & RAH_VALID) != 0 && (low & 1) == 0 ? mac : 0;
}

/* 4.6.5: rings of descriptors. A reset need not zero heads and tails in every model, so all are written. */
static void set_rings(struct e1000e *device)
{
    uint64_t transmit = device->rings_iova + __builtin_offsetof(struct e1000e_rings, transmit);
    uint64_t receive = device->rings_iova + __builtin_offsetof(struct e1000e_rings, receive);
    for (uint32_t i = 0; i < TRANSMIT_DESCRIPTORS; i++) {
        device->rings->transmit[i] = (struct e1000e_transmit_descriptor){0};
    }
    for (uint32_t i = 0; i < RECEIVE_DESCRIPTORS; i++) {
        device->rings->receive[i] = (struct e1000e_receive_descriptor){0};
    }
    e1000e_write(device, E1000E_TDBAL, (uint32_t)transmit);
    e1000e_write(device, E1000E_TDBAH, (uint32_t)(transmit >> 32));
    e1000e_write(device, E1000E_TDLEN, sizeof device->rings->transmit);
    e1000e_write(device, E1000E_TDH, 0);
    e1000e_write(device, E1000E_TDT, 0);
    e1000e_write(device, E1000E_RDBAL, (uint32_t)receive);
    e1000e_write(device, E1000E_RDBAH, (uint32_t)(receive >> 32));
    e1000e_write(device, E1000E_RDLEN, sizeof device->rings->receive);
    device->transmit_tail = 0;
    device->transmit_rung = true;
}

/* 7.4: both causes to vector 0; a message clears its cause and masks it (EIAC), e1000e_arm() unmasks. No delays: receive
 * bursts are gathered by the mask, and the throttle keeps two messages at least 10.24 us apart (EITR counts 256 ns). */
static void set_interrupts(const struct e1000e *device)
{
    e1000e_write(device, E1000E_CTRL_EXT, 0);
    e1000e_write(device, E1000E_IVAR, IVAR_RECEIVE_0 | IVAR_TRANSMIT_0 | IVAR_OTHER);
    e1000e_write(device, E1000E_EIAC, CAUSE_RECEIVE_0 | CAUSE_TRANSMIT_0 | CAUSE_OTHER);
    e1000e_write(device, E1000E_EITR0, 40);
    e1000e_write(device, E1000E_RDTR, 0);
    e1000e_write(device, E1000E_RADV, 0);
    e1000e_write(device, E1000E_RSRPD, 0);
    e1000e_write(device, E1000E_TIDV, 1); /* 10.2.6: zero is not allowed */
    e1000e_write(device, E1000E_RFCTL, RFCTL_NO_ACK_CAUSE);
    e1000e_write(device, E1000E_RXCSUM, RXCSUM_IP | RXCSUM_TRANSPORT);
}

bool e1000e_reset(struct e1000e *device)
{
    device->resets++;
    device->armed = false;
    device->link_up = false;
    if (!stop(device)) {
        return false;
    }
    device->mac = read_mac(device);
    for (uint32_t i = 0; i < 128; i++) {
        e1000e_write(device, (enum e1000e_register)(E1000E_MTA + 4 * i), 0);
    }
    set_rings(device);
    set_interrupts(device);
    /* 4.6.3: speed and duplex as the PHY negotiates them. */
    e1000e_write(device, E1000E_CTRL, CTRL_FULL_DUPLEX | CTRL_SPEED_DETECT | CTRL_SET_LINK_UP);
    (void)e1000e_look(device);
    return device->mac != 0;
}

/* Every tenant has an address of its own, and netvirt filters: so all frames are wanted. Heads may be written while their
 * direction is off. */
void e1000e_start(struct e1000e *device, uint32_t receive_position)
{
    device->receive_posted = receive_position;
    device->receive_rung = receive_position;
    e1000e_write(device, E1000E_RDH, receive_position & (RECEIVE_DESCRIPTORS - 1));
    e1000e_write(device, E1000E_RDT, receive_position & (RECEIVE_DESCRIPTORS - 1));
    e1000e_write(device, E1000E_TARC0, e1000e_read(device, E1000E_TARC0) | TARC_ENABLE);
    e1000e_write(device, E1000E_TCTL,
                 TCTL_ENABLE | TCTL_PAD_SHORT | TCTL_COLLISIONS | TCTL_DISTANCE | TCTL_MULTIPLE);
    e1000e_write(device, E1000E_RCTL,
                 RCTL_ENABLE | RCTL_UNICAST_ALL | RCTL_MULTICAST_ALL | RCTL_BROADCAST | RCTL_STRIP_CRC);
}

static uint32_t fill(struct e1000e *device, uint64_t address, uint16_t len, uint8_t command)
{
    uint32_t at = device->transmit_tail;
    device->rings->transmit[at] =
        (struct e1000e_transmit_descriptor){.address = address, .length = len, .command = command};
    device->transmit_tail = (at + 1) & (TRANSMIT_DESCRIPTORS - 1);
    return at;
}

void e1000e_transmit(struct e1000e *device, uint32_t position, const struct net_transmit *entry)
{
    uint32_t last;
    if (entry->rest_len == 0) {
        last = fill(device, entry->header, entry->header_len, TRANSMIT_END | TRANSMIT_CRC | TRANSMIT_REPORT);
    } else {
        (void)fill(device, entry->header, entry->header_len, 0);
        last = fill(device, entry->rest, entry->rest_len, TRANSMIT_END | TRANSMIT_CRC | TRANSMIT_REPORT);
    }
    device->transmit_last[position & (NET_LIMITS_RING - 1)] = (uint16_t)last;
    device->transmit_rung = false;
}

void e1000e_transmit_ring(struct e1000e *device)
{
    if (!device->transmit_rung) {
        e1000e_write(device, E1000E_TDT, device->transmit_tail);
        device->transmit_rung = true;
    }
}

bool e1000e_transmit_done(const struct e1000e *device, uint32_t position)
{
    const volatile uint8_t *status =
        &device->rings->transmit[device->transmit_last[position & (NET_LIMITS_RING - 1)]].status;
    return (__atomic_load_n(status, __ATOMIC_ACQUIRE) & TRANSMIT_DONE) != 0;
}

void e1000e_receive_post(struct e1000e *device, uint32_t limit)
{
    uint32_t posted = device->receive_posted;
    for (; posted != limit; posted++) {
        uint32_t index = posted & (RECEIVE_DESCRIPTORS - 1);
        device->rings->receive[index] = (struct e1000e_receive_descriptor){
            .address = device->receive_iova + (uint64_t)index * NET_LIMITS_SLOT_BYTES};
    }
    device->receive_posted = posted;
    if (posted != device->receive_rung) {
        e1000e_write(device, E1000E_RDT, posted & (RECEIVE_DESCRIPTORS - 1));
        device->receive_rung = posted;
    }
}

static uint8_t receive_status(const struct e1000e *device, uint32_t position)
{
    const volatile uint8_t *status = &device->rings->receive[position & (RECEIVE_DESCRIPTORS - 1)].status;
    return position != device->receive_posted ? __atomic_load_n(status, __ATOMIC_ACQUIRE) : 0;
}

bool e1000e_receive_waits(const struct e1000e *device, uint32_t position)
{
    return (receive_status(device, position) & RECEIVE_DONE) != 0;
}

/* 7.1.4.2: what was not looked at, fragments for one, is neither right nor wrong; what is wrong the receiver finds itself. */
static bool checked(uint8_t status, uint8_t errors)
{
    return (status & (RECEIVE_UDP | RECEIVE_TCP)) != 0 && (status & RECEIVE_IGNORE_CHECKSUM) == 0 &&
           (errors & RECEIVE_CHECKSUM_ERRORS) == 0;
}

bool e1000e_receive(struct e1000e *device, uint32_t position, struct net_frame *frame)
{
    const volatile struct e1000e_receive_descriptor *descriptor =
        &device->rings->receive[position & (RECEIVE_DESCRIPTORS - 1)];
    uint8_t status = receive_status(device, position);
    if ((status & RECEIVE_DONE) == 0) {
        return false;
    }
    uint16_t length = descriptor->length;
    uint8_t errors = descriptor->errors;
    bool good = (status & RECEIVE_END) != 0 && (errors & RECEIVE_ERRORS) == 0 && length >= FRAME_LEAST &&
                length <= NET_LIMITS_FRAME_BYTES;
    *frame = (struct net_frame){.len = good ? length : 0, .flags = checked(status, errors) ? NET_CHECKED : 0};
    device->errors += !good;
    return true;
}

void e1000e_forget(struct e1000e *device)
{
    e1000e_write(device, E1000E_ICR, CAUSE_RECEIVE_0 | CAUSE_TRANSMIT_0);
}

void e1000e_arm(struct e1000e *device, bool transmitting)
{
    device->armed = true;
    device->armed_transmit = transmitting;
    e1000e_write(device, E1000E_IMS,
                 CAUSE_RECEIVE_0 | CAUSE_OTHER | CAUSE_LINK_CHANGE | (transmitting ? CAUSE_TRANSMIT_0 : 0));
}

bool e1000e_interrupt(struct e1000e *device)
{
    uint32_t causes = e1000e_read(device, E1000E_ICR) & OTHER_CAUSES;
    if (causes != 0) {
        e1000e_write(device, E1000E_ICR, causes);
    }
    device->armed = false;
    return causes != 0;
}

bool e1000e_look(struct e1000e *device)
{
    static const uint32_t speeds[] = {10, 100, 1000, 1000};
    uint32_t status = e1000e_read(device, E1000E_STATUS);
    bool up = status != UINT32_MAX && (status & STATUS_LINK_UP) != 0;
    bool changed = up != device->link_up;
    device->link_up = up;
    device->speed_mbit = up ? speeds[status >> STATUS_SPEED_SHIFT & STATUS_SPEED_MASK] : 0;
    device->received += e1000e_read(device, E1000E_GPRC);
    device->sent += e1000e_read(device, E1000E_GPTC);
    device->missed += (uint64_t)e1000e_read(device, E1000E_MPC) + e1000e_read(device, E1000E_RNBC);
    device->errors += (uint64_t)e1000e_read(device, E1000E_CRCERRS) + e1000e_read(device, E1000E_RXERRC);
    return changed;
}

uint32_t e1000e_transmit_head(const struct e1000e *device)
{
    uint32_t head = e1000e_read(device, E1000E_TDH);
    return head < TRANSMIT_DESCRIPTORS ? head : UINT32_MAX;
}
