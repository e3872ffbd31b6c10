/* Where everything goes: slots of builder's own table and places in physical memory. Computed once from the
 * checked description and what the kernel reported; pure arithmetic, so a system that does not fit is refused
 * before anything is made. */
#ifndef BUILDER_PLAN_H
#define BUILDER_PLAN_H

#include "spec.h"

#include <bulkhead/abi.h>

/* Builder's table, docs/architecture.md §3. */
enum {
    SLOT_CAPTAB = 1,
    SLOT_SPACE = 2,
    SLOT_THREAD = 3,
    SLOT_SCHED = 4,
    SLOT_CONTROL = 5,
    SLOT_FIRST_FREE = 6
};

/* The first slots that builder takes for itself: COM1, and the port that ends an emulator. They are needed before
 * there is a plan. */
enum { CONSOLE_SLOTS = 2 };

/* Builder's own address space, beyond its image and the boot-info page: one GiB, so that it takes four of
 * its page tables. */
#define WINDOW_MODULE UINT64_C(0x40000000) /* 4 KiB frames of a module, up to 2 MiB at a time */
#define WINDOW_FRAME \
    UINT64_C(0x40200000) /* one frame that is being filled or read; small contents of images */
#define WINDOW_FRAME_END UINT64_C(0x40400000)
#define WINDOW_CHANNELS UINT64_C(0x40400000) /* the channels, for as long as builder lives */
#define WINDOW_CHANNELS_END UINT64_C(0x40800000)
#define WINDOW_POOLS UINT64_C(0x40800000) /* channels of large frames, likewise */
#define WINDOW_POOLS_END UINT64_C(0x50000000)
#define WINDOW_STORE UINT64_C(0x50000000) /* copies of ELF images, read-only after the boot */
#define WINDOW_STORE_END UINT64_C(0x60000000)
#define WINDOW_CONTENT UINT64_C(0x60000000) /* frames that get the content of an image */
#define WINDOW_CONTENT_END UINT64_C(0x7fe00000)

#define PLAN_MAX_SCRATCH 512u
#define PLAN_MIN_SCRATCH 8u

/* An untyped to be carved out of a region. */
struct plan_memory {
    uint64_t bytes;       /* 0: none */
    uint64_t pad_bytes;   /* carved before it, so that it is aligned */
    uint32_t parent_slot; /* the region's */
    uint32_t pad_slot;
    uint32_t slot;
};

struct plan_domain {
    struct plan_memory memory;
    /* Capabilities in builder's table that serve this domain without belonging to its untyped: copies of
     * frames that are not its own or that its device maps too, fault endpoints, interrupts. */
    uint32_t transient_first;
    uint32_t transient_count;
};

/* An ELF image, kept for as long as builder lives: what a restart is made from. */
struct plan_store {
    uint64_t address; /* in builder's space */
    uint32_t first_slot;
    uint32_t frame_count; /* of 2 MiB; 0 for blobs */
};

struct plan {
    struct plan_memory shared, store_memory;
    struct plan_domain domain[SPEC_MAX_DOMAINS];
    struct plan_store store[SPEC_MAX_IMAGES];
    uint32_t object_slot[SPEC_MAX_OBJECTS];
    uint64_t channel_address[SPEC_MAX_CHANNELS];
    uint32_t window_slot[SPEC_MAX_WINDOWS]; /* the untyped of device memory */
    uint32_t console_slot;                  /* two: COM1, and the port that ends an emulator */
    uint32_t scratch_first, scratch_count;
};

/* The first slot that the kernel left empty. */
uint32_t plan_first_free(const struct boot_info *boot);

bool plan_make(struct plan *plan, const struct spec *spec, const struct boot_info *boot, struct refusal *why);

#endif
