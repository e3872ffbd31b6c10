/* A network card: [VIRTIO-1.2] 5.1 in front of the channel `net`. Frames are copied once between the guest's buffers and
 * this tenant's pool. A frame to send is done for the guest once it is copied; without a server frames are lost, as on
 * a cable that is unplugged, and the link says so. */
#ifndef VMM_VIRTIO_NET_H
#define VMM_VIRTIO_NET_H

#include "netring.h"
#include "virtio.h"

#define NET_QUEUE_SIZE 256u
#define NET_CONFIG_BYTES 12u
/* Buffers that one frame may be spread over: 1530 bytes need no more from any driver that means it. */
#define NET_MERGE_MAX 8u

struct virtio_net {
    struct virtio virtio;
    struct net_channel *channel;
    struct netlink link;
    uint8_t *pool;
    uint64_t mac; /* first byte lowest */
    bool merge;   /* several buffers for a frame are offered */
    bool up;      /* as shown to the guest */
    bool signal;  /* the server's bell is to be rung; whoever rings it clears this */
    bool blocked; /* frames to send wait for room in the ring */
    bool starved; /* frames received wait for the guest's buffers */
    bool lingers; /* frames were sent just now: more are expected, and the guest need not notify for them */
    bool
        owes; /* an interrupt for frames sent, put off: with luck the driver takes them back when it next looks */
    bool owes_new; /* since just now; whoever plans when to tell clears this */
    uint64_t sent, received, lost_sending, lost_receiving;
    struct virtqueue_chain chain[NET_MERGE_MAX]; /* those being looked at */
};

struct virtio_net_options {
    struct net_channel *channel;
    uint8_t *pool; /* NET_LIMITS_POOL_BYTES */
    uint64_t mac;
    bool merge; /* offer to spread a frame over several buffers */
};

void virtio_net_open(struct virtio_net *net, const struct virtio_net_options *options);
void virtio_net_attach(struct virtio_net *net, struct pci_function *function, struct memory *memory,
                       struct lapic *lapic);

/* Everything there is to do: frames both ways, a new server, the link. True: there is more, and no bell comes for it. */
bool virtio_net_work(struct virtio_net *net);
/* Looks for the frames that were expected. Without any, the guest is asked to notify again. */
bool virtio_net_look(struct virtio_net *net);
/* The interrupt that was put off. */
void virtio_net_tell(struct virtio_net *net);
/* Has the server done anything since? Cheap: asked at every turn. */
bool virtio_net_stirred(const struct virtio_net *net);
void virtio_net_reset(struct virtio_net *net);

#endif
