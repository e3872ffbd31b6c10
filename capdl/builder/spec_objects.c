/* Objects: of which types and sizes a description may have them, and whether they fit into their owner's
 * memory. References: who may name which. */
#include "spec_objects.h"

#include <bulkhead/abi.h>

/* ---- objects -------------------------------------------------------------------------------------------- */

static bool power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/* What a laboratory's domain may make its own objects from. */
#define UNTYPED_MAX (UINT64_C(1) << 30)

/* docs/architecture.md §2, "Sizes". */
static bool size_allowed(const struct spec *spec, const struct spec_object *object)
{
    switch (object->type) {
    case OBJECT_TYPE_UNTYPED: /* docs/capdl.md, "Laboratories" */
        return spec->laboratory && object->owner != SPEC_SHARED && object->size % PAGE_BYTES == 0 &&
               object->size != 0 && object->size <= UNTYPED_MAX;
    case OBJECT_TYPE_CONTROL:
        return object->owner == SPEC_SHARED && object->size == 0;
    case OBJECT_TYPE_CAPTAB:
        return power_of_two(object->size) && object->size >= 64 * 64 && object->size <= UINT64_C(64) * 65536;
    case OBJECT_TYPE_FRAME:
        return object->size == PAGE_BYTES || object->size == BIG_PAGE_BYTES;
    case OBJECT_TYPE_IOSPACE: /* goes with its driver, so that a dead one's device reaches nothing */
        return object->owner != SPEC_SHARED && object->size % PAGE_BYTES == 0 &&
               object->size >= 3 * PAGE_BYTES && object->size <= 4098 * PAGE_BYTES;
    case OBJECT_TYPE_SPACE:
        return object->size % PAGE_BYTES == 0 && object->size >= 3 * PAGE_BYTES &&
               object->size <= 4098 * PAGE_BYTES;
    case OBJECT_TYPE_THREAD:
        return object->size == PAGE_BYTES;
    case OBJECT_TYPE_SCHED:
    case OBJECT_TYPE_NOTIF:
        return object->size == 256;
    case OBJECT_TYPE_ENDPOINT:
        return object->size == 1024;
    case OBJECT_TYPE_VCPU:
        return object->size == 4 * PAGE_BYTES;
    default:
        return false; /* nothing else is made by retype from a description */
    }
}

uint64_t spec_object_align(const struct spec_object *object)
{
    uint64_t align = 1;
    if (object->type == OBJECT_TYPE_FRAME) {
        return object->size;
    }
    while (align < object->size && align < PAGE_BYTES) {
        align *= 2;
    }
    return align;
}

static bool check_object(const struct spec *spec, const struct spec_object *object, struct refusal *why)
{
    bool flagged = object->type == OBJECT_TYPE_CAPTAB || object->type == OBJECT_TYPE_SPACE;
    if (!size_allowed(spec, object)) {
        return refuse(why, "object '%s': type %u with size %llu", object->name, object->type,
                      (unsigned long long)object->size);
    }
    if (object->flags > (flagged ? 1 : 0)) {
        return refuse(why, "object '%s': unknown flags 0x%x", object->name, object->flags);
    }
    if (object->count > 1 && object->type != OBJECT_TYPE_FRAME) {
        return refuse(why, "object '%s': only frames may have a count", object->name);
    }
    if (object->content == 0) {
        return true;
    }
    if (object->owner != SPEC_SHARED || object->type != OBJECT_TYPE_FRAME ||
        object->content > spec->image_count ||
        object->size * object->count < spec->image[object->content - 1].bytes) {
        return refuse(why, "object '%s': cannot hold image %u", object->name, object->content - 1u);
    }
    return true;
}

/* The objects of @owner stand together and fit into its untyped, laid out in list order. */
static bool check_owner(const struct spec *spec, uint32_t owner, const struct spec_memory *memory,
                        uint32_t *next, struct spec_range *range, struct refusal *why)
{
    uint64_t at = 0;
    *range = (struct spec_range){.first = *next};
    for (; *next < spec->object_count && spec->object[*next].owner == owner; ++*next) {
        const struct spec_object *object = &spec->object[*next];
        uint64_t align = spec_object_align(object);
        if (!check_object(spec, object, why)) {
            return false;
        }
        /* Sizes are at most 1 GiB and counts 2^15, so the sums stay far below 2^64. */
        at = ((at + align - 1) & ~(align - 1)) + object->size * object->count;
        if (align > memory->align || at > memory->bytes) {
            return refuse(why, "object '%s' does not fit into its owner's memory", object->name);
        }
        range->count++;
    }
    return memory->bytes % PAGE_BYTES == 0 || refuse(why, "memory of owner %u is not whole pages", owner);
}

/* Frames that no untyped of RAM yields; spec_check_windows says where they lie. */
static bool check_device_objects(const struct spec *spec, uint32_t *next, struct spec_range *range,
                                 struct refusal *why)
{
    *range = (struct spec_range){.first = *next};
    for (; *next < spec->object_count && spec->object[*next].owner == SPEC_DEVICE; ++*next) {
        const struct spec_object *object = &spec->object[*next];
        if (object->type != OBJECT_TYPE_FRAME || object->size != PAGE_BYTES || object->flags != 0 ||
            object->content != 0 || object->count > SPEC_MAX_WINDOW_FRAMES) {
            return refuse(why, "object '%s': device memory is frames of 4 KiB, at most %u", object->name,
                          SPEC_MAX_WINDOW_FRAMES);
        }
        range->count++;
    }
    return true;
}

bool spec_check_objects(struct spec *spec, struct refusal *why)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < spec->object_count; i++) {
        spec->laboratory = spec->laboratory || spec->object[i].type == OBJECT_TYPE_CONTROL;
    }
    if (!check_owner(spec, SPEC_SHARED, &spec->shared, &next, &spec->shared_objects, why)) {
        return false;
    }
    for (uint32_t id = 0; id < spec->domain_count; id++) {
        struct spec_domain *domain = &spec->domain[id];
        if (!check_owner(spec, id, &domain->memory, &next, &domain->objects, why)) {
            return false;
        }
    }
    if (!check_device_objects(spec, &next, &spec->device_objects, why)) {
        return false;
    }
    return next == spec->object_count || refuse(why, "object '%s': owner %u unknown or out of order",
                                                spec->object[next].name, spec->object[next].owner);
}

/* ---- references ------------------------------------------------------------------------------------------- */

const struct spec_object *spec_find(const struct spec *spec, uint32_t id, uint32_t number, uint8_t type,
                                    enum whose whose)
{
    if (number >= spec->object_count) {
        return NULL;
    }
    const struct spec_object *object = &spec->object[number];
    bool own = object->owner == id, shared = object->owner == SPEC_SHARED;
    bool reachable = (own && (whose == OWN || whose == OWN_OR_SHARED)) ||
                     (shared && (whose == SHARED || whose == OWN_OR_SHARED)) ||
                     (whose == DEVICE && object->owner == SPEC_DEVICE);
    return reachable && object->type == type ? object : NULL;
}

bool spec_check_reference(const struct spec *spec, uint32_t id, const char *what, uint32_t number,
                          uint8_t type, enum whose whose, struct refusal *why)
{
    if (spec_find(spec, id, number, type, whose) != NULL) {
        return true;
    }
    return refuse(why, "domain '%s': %s: object %u is not what it should be", spec->domain[id].name, what,
                  number);
}

bool spec_check_optional(const struct spec *spec, uint32_t id, const char *what, uint32_t number,
                         uint8_t type, struct refusal *why)
{
    return number == SPEC_NONE || spec_check_reference(spec, id, what, number, type, OWN_OR_SHARED, why);
}
