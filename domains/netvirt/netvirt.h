/* netvirt: a switch without learning between tenants and one wire. Everybody's address is in the description, so a frame's way
 * follows from its header alone.
 *
 * Trust: tenants and driver may write anything into their channels and pools. A frame's first 16 bytes are read once into
 * registers, and what is decided is decided on them; its first 128 bytes are copied to netvirt's own pool, which no tenant
 * maps, and sent from there. Lengths and counters are copied, then checked. The table of frames in flight is private. */
#ifndef NETVIRT_NETVIRT_H
#define NETVIRT_NETVIRT_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/service.h>
#include <netring.h>

#include "frame.h"
#include "rate.h"

enum { TENANTS_MAX = 8, TENANT_NAME_BYTES = 16 };

struct tenant {
    char name[TENANT_NAME_BYTES];
    struct net_channel *channel;
    struct netlink link;
    uint8_t *pool;
    uint64_t pool_iova;
    uint32_t bell_slot, bell_bits;
    uint64_t mac;
    uint16_t vlan;  /* 0: untagged on the wire */
    uint32_t peers; /* bit n: frames may go to tenant n */
    struct rate rate;

    uint32_t taken;             /* frames taken; link.transmit.position counts those given back */
    uint32_t in_flight;         /* of them with the driver */
    bool done[NET_LIMITS_RING]; /* taken and finished, while an older one is not */
    bool served;                /* both ends follow this epoch, and the rings hold */
    bool backlog;               /* it has frames that wait for others to finish */
    uint64_t wait_until;        /* its rate lets the next one through; 0 = does not wait */
    bool bell;                  /* a signal is due */
    uint32_t link_shown;
    uint64_t sent, received, refused, missed;
    uint64_t told;    /* of those refused and missed, how many the log knows of */
    uint64_t tell_at; /* not before, so that nobody fills the log */
};

/* A frame on its way to the wire. */
struct flight {
    struct net_transmit entry;
    uint32_t tenant; /* TENANTS_MAX: nobody waits for it any more */
    uint32_t position;
};

struct netvirt {
    struct tenant tenants[TENANTS_MAX];
    uint32_t tenant_count;
    uint32_t share; /* frames in flight that one tenant may have */
    uint32_t turn;  /* the tenant that is first in the next round */

    struct netdev_channel *channel; /* to the driver: end a */
    struct netlink link;
    uint8_t *pool;
    uint64_t pool_iova;
    uint32_t bell_slot, bell_bits;
    uint32_t attention_slot, attention_bits;
    uint64_t tsc_khz;

    /* Frames in flight have free-running numbers; number n has place n of the table and of the copied headers. The driver's
     * ring counts from 0 again in each epoch, beginning with number @base. */
    struct flight flights[NET_LIMITS_RING];
    uint32_t first, pushed, next, base;

    bool ready;      /* the driver serves this epoch */
    uint32_t served; /* the last epoch in which it did */
    bool parked;
    uint32_t device_link; /* as last said by a driver that was ready */
    enum service_verdict verdict;
    uint64_t epoch_at, progress_at, pinged_at;
    bool pinged;
    uint32_t ping;
    uint64_t replayed, completed, lost;
    uint32_t corruptions;
};

/* Addresses, slots and the tenants' rules are filled in. */
void netvirt_begin(struct netvirt *virt, uint64_t now);

/* All that there is to do. Answers the deadline of the next call. */
uint64_t netvirt_work(struct netvirt *virt, uint64_t now);

void netvirt_park(struct netvirt *virt, bool parked, uint64_t now);
enum service_verdict netvirt_verdict(const struct netvirt *virt);

/* As tenants are shown it; none while there is no driver to ask. */
enum service_link netvirt_link(const struct netvirt *virt);

/* The tenants' side: tenant.c */

/* Takes up a new epoch where there is one and nothing of the old one is left. */
void tenant_check(struct netvirt *virt, struct tenant *tenant);

/* Takes up to @quota frames and sends each on its way; answers whether there are more that could go. */
bool tenant_take(struct netvirt *virt, struct tenant *tenant, uint32_t quota, uint64_t now);

/* Gives a slot back, in order. */
void tenant_done(struct tenant *tenant, uint32_t position);

/* Copies a frame of @len bytes into the tenant's next slot, or counts it as missed. @header is its beginning as it was
 * checked; @flags are those of enum net_flags; @stripped: the tag after the addresses is left out. */
void tenant_deliver(struct tenant *tenant, const struct frame_header *header, const uint8_t *frame,
                    uint32_t len, uint16_t flags, bool stripped);

/* A line in the log when frames were refused or missed, now and then. */
void tenant_tell(const struct netvirt *virt, struct tenant *tenant, uint64_t now);

/* What the tenant is shown, and its bell. */
void tenant_show(struct netvirt *virt, struct tenant *tenant);
void tenant_publish(struct tenant *tenant);

/* Asks for the tenant's signals; answers whether something came meanwhile. */
bool tenant_ask(struct tenant *tenant);

/* Does it need to hear that the driver has finished frames: for room, for its own signal, or to take up a new epoch? */
bool tenant_waits(const struct tenant *tenant);

/* The driver's side: driver.c */

void driver_check(struct netvirt *virt, uint64_t now);

/* Is there room for one more frame in flight? */
static inline bool driver_room(const struct netvirt *virt)
{
    return virt->next - virt->first < NETRING_ENTRIES;
}

/* Where the next frame's header is to be copied. */
uint8_t *driver_header(struct netvirt *virt);

/* Queues the frame whose header is there: @header_len bytes of it, then @rest_len bytes at device address @rest. */
void driver_queue(struct netvirt *virt, uint32_t tenant, uint32_t position, uint32_t header_len,
                  uint64_t rest, uint32_t rest_len);

void driver_push(struct netvirt *virt, uint64_t now);

/* Frames that the driver has done, and frames that it received; both answer whether there is more to do at once. */
bool driver_finish(struct netvirt *virt, uint64_t now);
bool driver_receive(struct netvirt *virt, uint64_t now);
void driver_forget_flights(struct netvirt *virt);

/* Asks for the driver's signals; answers whether something came meanwhile. */
bool driver_ask(struct netvirt *virt);

/* Answers when to look again. */
uint64_t driver_watch(struct netvirt *virt, uint64_t now);

/* The domain signals; a test counts. */
void netvirt_signal(uint32_t slot, uint32_t bits);

#endif
