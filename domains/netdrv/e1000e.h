/* One Intel 82574L (QEMU's e1000e): rings, interrupts, link. It knows nothing of channels. All the device says or writes
 * is read once and checked. Source: [I82574]. */
#ifndef NETDRV_E1000E_H
#define NETDRV_E1000E_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/net.h>

#include "registers.h"

/* Two descriptors a frame at most, and one that stays empty so that a full ring differs from an empty one. */
enum { TRANSMIT_DESCRIPTORS = 1024, RECEIVE_DESCRIPTORS = NET_LIMITS_RING };
_Static_assert(TRANSMIT_DESCRIPTORS > 2 * NET_LIMITS_RING, "every frame in flight has its descriptors");

/* The memory shared with the device: the region `dma`. */
struct e1000e_rings {
    struct e1000e_transmit_descriptor transmit[TRANSMIT_DESCRIPTORS];
    struct e1000e_receive_descriptor receive[RECEIVE_DESCRIPTORS];
};

struct e1000e {
    volatile uint8_t *bar;
    struct e1000e_rings *rings;
    uint64_t rings_iova;
    uint64_t receive_iova; /* slot 0 of reception */
    uint64_t tsc_khz;
    uint32_t bell_slot; /* what e1000e_wait() waits in */

    uint64_t mac; /* first byte lowest; 0 if the device has none */
    bool link_up;
    uint32_t speed_mbit;
    uint32_t resets;
    bool armed, armed_transmit; /* see e1000e_armed() */

    uint32_t transmit_tail;                  /* next descriptor to fill */
    bool transmit_rung;                      /* the device knows of all of them */
    uint16_t transmit_last[NET_LIMITS_RING]; /* by frame: its last descriptor */
    uint32_t receive_posted, receive_rung;   /* free-running: slots given to the device */
    uint64_t received, sent, missed, errors; /* sums of its statistics */
};

/* Stops the device and brings it to a known state with empty rings: no DMA before e1000e_start(). False: it does not answer
 * as an 82574 does. */
bool e1000e_reset(struct e1000e *device);

/* Reception and transmission on, the first frame to slot @receive_position; interrupts stay masked until e1000e_arm(). */
void e1000e_start(struct e1000e *device, uint32_t receive_position);

/* Queues frame @position, whose @entry was checked; e1000e_transmit_ring() tells the device of all queued. */
void e1000e_transmit(struct e1000e *device, uint32_t position, const struct net_transmit *entry);
void e1000e_transmit_ring(struct e1000e *device);

/* Has the device finished frame @position? */
bool e1000e_transmit_done(const struct e1000e *device, uint32_t position);

/* Gives the device the slots up to the counter's value @limit. */
void e1000e_receive_post(struct e1000e *device, uint32_t limit);

/* Is there something in slot @position? */
bool e1000e_receive_waits(const struct e1000e *device, uint32_t position);

/* The same, and what: a length of 0 where the device reports what is no good frame. */
bool e1000e_receive(struct e1000e *device, uint32_t position, struct net_frame *frame);

/* Will the next event raise an interrupt: a frame received, and, where @transmitting, a frame sent? */
static inline bool e1000e_armed(const struct e1000e *device, bool transmitting)
{
    return device->armed && (device->armed_transmit || !transmitting);
}

/* Forgets causes of the queues that were served by looking; then arms. Look once more in between. */
void e1000e_forget(struct e1000e *device);
void e1000e_arm(struct e1000e *device, bool transmitting);

/* An interrupt came: the device has masked its cause. Answers whether it speaks of more than the queues. */
bool e1000e_interrupt(struct e1000e *device);

/* Link and statistics as of now; answers whether the link changed. */
bool e1000e_look(struct e1000e *device);

/* The transmit head, to see whether it moves; UINT32_MAX if it is impossible. */
uint32_t e1000e_transmit_head(const struct e1000e *device);

#endif
