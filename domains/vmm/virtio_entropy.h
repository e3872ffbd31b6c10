/* An entropy source: [VIRTIO-1.2] 5.4. What it gives comes from the processor and from nowhere else: where the
 * processor has none, the device is absent. */
#ifndef VMM_VIRTIO_ENTROPY_H
#define VMM_VIRTIO_ENTROPY_H

#include "virtio.h"

#define CPUID_RDRAND (UINT32_C(1) << 30)

struct virtio_entropy {
    struct virtio virtio;
    uint64_t given; /* bytes */
    struct virtqueue_chain chain;
};

/* RDRAND; link-time seam (host.c in the domain, a fake in tests). False: none now. */
bool host_random(uint64_t *value);
/* The same, asked as often as the manual says. */
bool virtio_entropy_word(uint64_t *value);
/* Does the processor have it, and does what it gives look alive? */
bool virtio_entropy_works(bool has_rdrand);

void virtio_entropy_attach(struct virtio_entropy *entropy, struct pci_function *function,
                           struct memory *memory, struct lapic *lapic);
void virtio_entropy_work(struct virtio_entropy *entropy);

#endif
