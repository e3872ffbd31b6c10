/* The system as docs/system.cddl describes it, decoded into fixed arrays: what builder works from after the
 * CBOR has been read once. spec_decode() bounds every number, spec_check() proves that the parts fit
 * together; nothing is realised before both have agreed, so a bad description leaves no half-made state. */
#ifndef BUILDER_SPEC_H
#define BUILDER_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "refusal.h"

#define SPEC_VERSION 2
#define SPEC_NONE 65535u /* "no object" */
#define SPEC_SHARED 64u  /* owner of what belongs to the system */
#define SPEC_DEVICE 65u  /* owner of device memory */
#define SPEC_MAX_DOMAINS 64u
#define SPEC_MAX_IMAGES 24u /* boot_info has no more modules */
#define SPEC_MAX_OBJECTS 1536u
#define SPEC_MAX_CHANNELS 128u
#define SPEC_MAX_WINDOWS 128u
#define SPEC_MAX_WINDOW_FRAMES 512u
#define SPEC_MAX_SEGMENTS 8u
#define SPEC_MAX_PROFILES 8u
#define SPEC_MAX_RESOURCES 40u
#define SPEC_POOL_MAPPINGS 1536u
#define SPEC_POOL_CAPABILITIES 2560u
#define SPEC_POOL_IOPORTS 128u
#define SPEC_POOL_IRQS 64u
#define SPEC_POOL_DEVICES 16u
#define SPEC_POOL_MSIS 32u
#define SPEC_POOL_THREADS 192u
#define SPEC_POOL_RESOURCES 1280u
#define SPEC_POOL_TEXT 32768u
#define SPEC_DOMAIN_TEXT 1024u
#define SPEC_NAME_BYTES 16
#define SPEC_LONG_NAME_BYTES 40
#define SPEC_RESOURCE_NAME_BYTES 24

#define PAGE_BYTES UINT64_C(4096)
#define BIG_PAGE_BYTES UINT64_C(0x200000)
#define INFO_PAGE_ADDRESS UINT64_C(0x3ff000)
/* Exclusive end of addresses a domain may use: one page short of the canonical half, so that SYSRET never
 * meets a non-canonical return address ([SDM-2023-09] Vol 2B SYSRET). */
#define DOMAIN_ADDRESS_END UINT64_C(0x7ffffffff000)

/* A piece of one of the pools below. */
struct spec_range {
    uint32_t first;
    uint32_t count;
};

struct spec_memory {
    uint64_t bytes;
    uint64_t align;
};

struct spec_platform {
    char machine[SPEC_NAME_BYTES];
    uint64_t memory_mib;
    uint16_t com1_port, com2_port;
    uint8_t com1_gsi, com2_gsi;
    uint16_t poweroff_port, poweroff_value;
    uint8_t poweroff_bytes;
    uint16_t debug_exit_port; /* 0 = none */
};

struct spec_segment {
    uint64_t vaddr;
    uint64_t offset;
    uint64_t file_bytes;
    uint64_t memory_bytes;
    uint8_t access; /* map_flags */
};

enum spec_image_kind { SPEC_IMAGE_BLOB = 0, SPEC_IMAGE_ELF = 1 };

struct spec_image {
    char name[SPEC_LONG_NAME_BYTES];
    uint8_t sha256[32];
    uint64_t bytes;
    enum spec_image_kind kind;
    uint64_t entry;
    uint32_t segment_count;
    struct spec_segment segment[SPEC_MAX_SEGMENTS];
};

struct spec_object {
    uint8_t owner;
    uint8_t type;    /* enum object_type */
    uint8_t flags;   /* of untyped_retype */
    uint8_t content; /* 0 = zeros, n = image n - 1 */
    uint32_t count;
    uint64_t size; /* bytes of one */
    char name[SPEC_LONG_NAME_BYTES];
};

struct spec_channel {
    uint16_t object;
    uint8_t end_a, end_b;
};

/* Where device memory lies: @object's frames, one after the other from physical address @base. */
struct spec_window {
    uint16_t object;
    uint64_t base;
};

struct spec_mapping {
    uint16_t object;
    uint8_t access; /* map_flags */
    uint32_t first, count;
    uint64_t vaddr;
};

struct spec_capability {
    uint16_t object;
    uint16_t interface;
    uint8_t rights;
    uint8_t flags;
    uint32_t slot;
    uint32_t first, count;
    uint32_t mask;
    uint64_t badge;
};

struct spec_ioport {
    uint32_t slot;
    uint16_t first, last;
};

struct spec_irq {
    uint32_t slot;
    uint32_t bits;
    uint16_t notif;
    uint8_t gsi, flags;
};

struct spec_msi {
    uint32_t slot;
    uint32_t bits;
    uint16_t notif, source;
    uint8_t handle;
};

/* A bus master behind an iospace. An address of its mappings is what the device calls it. */
struct spec_device {
    uint16_t iospace;
    uint16_t source; /* bus << 8 | devfn */
    uint16_t fault_notif;
    uint32_t fault_bits;
    struct spec_range mappings, msis;
};

struct spec_thread {
    uint16_t object, sched, reserve, notif, fault;
    uint8_t flags, priority;
    uint64_t budget_us, period_us, reserve_us;
    uint64_t fault_badge;
    uint64_t stack_top;
};

struct spec_guest {
    bool present;
    uint16_t vcpu, space, captab;
    char name[SPEC_NAME_BYTES];
    struct spec_range capabilities;
};

/* What builder fills in: the resource `msi`, how the machine's message-signalled interrupts are written; and, of a system with
 * unsafe_dma, what a device is to call the object that stands in `slot`. */
enum { SPEC_RESOURCE_FILLED = 1, SPEC_RESOURCE_ADDRESS = 2 };
#define SPEC_RESOURCE_MSI "msi"

struct spec_resource {
    char name[SPEC_RESOURCE_NAME_BYTES];
    uint16_t kind, flags;
    uint32_t slot, count;
    uint64_t address, bytes, extra;
};

struct spec_profile {
    char name[SPEC_NAME_BYTES];
    uint8_t image;
};

struct spec_restart {
    uint8_t on; /* bit 0 fault, bit 1 exit */
    uint32_t max;
    uint32_t window_s;
};

struct spec_domain {
    char name[SPEC_NAME_BYTES];
    bool start;
    uint32_t compartment;
    struct spec_memory memory;
    uint16_t captab, space, image_frames, info_frame;
    uint32_t profile_count;
    struct spec_profile profile[SPEC_MAX_PROFILES];
    uint64_t heap_address, heap_bytes;
    struct spec_range mappings, capabilities, ioports, irqs, threads, resources, text;
    struct spec_range objects; /* found by spec_check: the objects this domain owns */
    struct spec_guest guest;
    struct spec_restart restart;
    bool once; /* runs alone before the others, says `finished` and is destroyed */
    struct spec_range devices;
};

struct spec {
    char name[SPEC_NAME_BYTES];
    char focus[SPEC_NAME_BYTES];
    struct spec_platform platform;
    uint32_t image_count, object_count, channel_count, domain_count, window_count;
    uint16_t builder_endpoint;
    struct spec_memory shared;
    struct spec_range shared_objects, device_objects;
    bool unsafe_dma;
    bool laboratory; /* found by spec_check: the control capability is given away, untypeds may be */
    struct spec_image image[SPEC_MAX_IMAGES];
    struct spec_object object[SPEC_MAX_OBJECTS];
    struct spec_channel channel[SPEC_MAX_CHANNELS];
    struct spec_window window[SPEC_MAX_WINDOWS];
    struct spec_domain domain[SPEC_MAX_DOMAINS];

    uint32_t mapping_count, capability_count, ioport_count, irq_count, device_count, msi_count, thread_count,
        resource_count, text_bytes;
    struct spec_mapping mapping[SPEC_POOL_MAPPINGS];
    struct spec_capability capability[SPEC_POOL_CAPABILITIES];
    struct spec_ioport ioport[SPEC_POOL_IOPORTS];
    struct spec_irq irq[SPEC_POOL_IRQS];
    struct spec_device device[SPEC_POOL_DEVICES];
    struct spec_msi msi[SPEC_POOL_MSIS];
    struct spec_thread thread[SPEC_POOL_THREADS];
    struct spec_resource resource[SPEC_POOL_RESOURCES];
    char text[SPEC_POOL_TEXT];
};

/* Reads all of @cbor into @spec, which it zeroes first. @why is zeroed by the caller. */
bool spec_decode(struct spec *spec, const uint8_t *cbor, uint64_t len_bytes, struct refusal *why);

/* Whether the decoded parts fit together (docs/capdl.md, "What a reader must refuse"). */
bool spec_check(struct spec *spec, struct refusal *why);

/* The alignment untyped_retype gives an object (docs/architecture.md §2). */
uint64_t spec_object_align(const struct spec_object *object);

/* Pages of 4 KiB that an image's segments take together. */
uint64_t spec_image_pages(const struct spec_image *image);

#endif
