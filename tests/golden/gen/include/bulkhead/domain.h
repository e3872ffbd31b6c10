/* Generated from idl/domain.idl by gen (docs/idl.md). Do not edit. */
#pragma once

#include <bulkhead/abi.h>

enum resource_kind {
    RESOURCE_KIND_NONE = 0, RESOURCE_KIND_ENDPOINT = 1, RESOURCE_KIND_NOTIF = 2, RESOURCE_KIND_REGION = 3, RESOURCE_KIND_FRAMES = 4,
    RESOURCE_KIND_VCPU = 5, RESOURCE_KIND_SPACE = 6, RESOURCE_KIND_IOPORT = 7, RESOURCE_KIND_IRQ = 8, RESOURCE_KIND_IMAGE = 9,
    RESOURCE_KIND_THREAD = 10, RESOURCE_KIND_SCHED = 11, RESOURCE_KIND_NUMBER = 12, RESOURCE_KIND_TEXT = 13,
    RESOURCE_KIND_CAPTAB = 14
};

/* One named resource. region/image: mapped at address; frames: count capabilities from slot, each extra bytes large. number:
 * value in extra; text: offset in domain_info.text in address, length in bytes. */
struct resource { uint8_t name[24]; uint16_t kind, flags; uint32_t slot, count, reserved; uint64_t address, bytes, extra; };

struct domain_info {
    uint64_t magic; uint8_t name[24]; uint32_t id, epoch; uint64_t tsc_khz; uint32_t resource_count, thread_count;
    uint64_t heap_address, heap_bytes; struct resource resource[40]; uint8_t text[1024]; uint8_t unused_[440];
};
