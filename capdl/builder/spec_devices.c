#include "spec_devices.h"

#include "checked.h"
#include "spec_objects.h"

#include <bulkhead/abi.h>

/* Writes there are interrupt messages, whatever a table says: [SDM-2023-09] Vol 3A 11.11.1. */
#define INTERRUPT_BASE UINT64_C(0xfee00000)
#define INTERRUPT_BYTES UINT64_C(0x100000)

/* ---- device memory ------------------------------------------------------------------------------------------ */

static uint64_t window_bytes(const struct spec *spec, const struct spec_window *window)
{
    return spec->object[window->object].count * PAGE_BYTES;
}

static bool check_window(const struct spec *spec, uint32_t index, struct refusal *why)
{
    const struct spec_window *window = &spec->window[index];
    if (window->object >= spec->object_count || spec->object[window->object].owner != SPEC_DEVICE) {
        return refuse(why, "window %u: object %u is not device memory", index, window->object);
    }
    const char *name = spec->object[window->object].name;
    if (window->base % PAGE_BYTES != 0) {
        return refuse(why, "window '%s' at 0x%llx is misaligned", name, (unsigned long long)window->base);
    }
    for (uint32_t other = 0; other < index; other++) {
        if (ranges_overlap(window->base, window_bytes(spec, window), spec->window[other].base,
                           window_bytes(spec, &spec->window[other]))) {
            return refuse(why, "windows '%s' and '%s' overlap", spec->object[spec->window[other].object].name,
                          name);
        }
    }
    return true;
}

bool spec_check_windows(const struct spec *spec, struct refusal *why)
{
    for (uint32_t i = 0; i < spec->window_count; i++) {
        if (!check_window(spec, i, why)) {
            return false;
        }
    }
    struct spec_range objects = spec->device_objects;
    for (uint32_t number = objects.first; number < objects.first + objects.count; number++) {
        uint32_t windows = 0;
        for (uint32_t i = 0; i < spec->window_count; i++) {
            windows += spec->window[i].object == number;
        }
        if (windows != 1) {
            return refuse(why, "object '%s' has %u windows", spec->object[number].name, windows);
        }
    }
    return true;
}

/* The first mapping of domain @id that shows a page which @mapping shows too; NULL if there is none. */
static const struct spec_mapping *shown_too(const struct spec *spec, uint32_t id,
                                            const struct spec_mapping *mapping)
{
    struct spec_range range = spec->domain[id].mappings;
    for (uint32_t i = range.first; i < range.first + range.count; i++) {
        const struct spec_mapping *other = &spec->mapping[i];
        if (other->object == mapping->object &&
            ranges_overlap(other->first, other->count, mapping->first, mapping->count)) {
            return other;
        }
    }
    return NULL;
}

/* A device's registers have one user: two would command it behind each other's back. One that runs once is gone by
 * the time the others run. */
static bool check_users(const struct spec *spec, uint32_t id, struct refusal *why)
{
    struct spec_range range = spec->domain[id].mappings;
    for (uint32_t i = range.first; i < range.first + range.count; i++) {
        const struct spec_object *object = &spec->object[spec->mapping[i].object];
        for (uint32_t other = 0; object->owner == SPEC_DEVICE && other < id; other++) {
            if (spec->domain[other].once == spec->domain[id].once &&
                shown_too(spec, other, &spec->mapping[i]) != NULL) {
                return refuse(why, "'%s' is mapped by '%s' and by '%s'", object->name,
                              spec->domain[other].name, spec->domain[id].name);
            }
        }
    }
    return true;
}

/* ---- bus masters ----------------------------------------------------------------------------------------------- */

/* A region of the system that has one user, who shares it with devices. */
static bool is_pool(const struct spec *spec, uint32_t number)
{
    for (uint32_t i = 0; i < spec->channel_count; i++) {
        if (spec->channel[i].object == number && spec->channel[i].end_a == spec->channel[i].end_b) {
            return true;
        }
    }
    return false;
}

static bool reachable(const struct spec *spec, uint32_t id, const struct spec_mapping *mapping)
{
    const struct spec_domain *domain = &spec->domain[id];
    if (spec_find(spec, id, mapping->object, OBJECT_TYPE_FRAME, OWN) != NULL) {
        return mapping->object != domain->image_frames && mapping->object != domain->info_frame;
    }
    return spec_find(spec, id, mapping->object, OBJECT_TYPE_FRAME, SHARED) != NULL &&
           is_pool(spec, mapping->object);
}

static bool check_device_mapping(const struct spec *spec, uint32_t id, const struct spec_mapping *mapping,
                                 struct refusal *why)
{
    const char *name = spec->domain[id].name;
    if (!reachable(spec, id, mapping)) {
        return refuse(why, "domain '%s': its device maps object %u, which is no pool and not the driver's",
                      name, mapping->object);
    }
    const struct spec_object *object = &spec->object[mapping->object];
    uint64_t bytes = object->size * mapping->count;
    if (mapping->count == 0 || !range_inside(mapping->first, mapping->count, 0, object->count)) {
        return refuse(why, "domain '%s': its device's mapping of '%s' reaches beyond it", name, object->name);
    }
    if (mapping->vaddr % object->size != 0 ||
        !range_inside(mapping->vaddr, bytes, PAGE_BYTES, DOMAIN_ADDRESS_END - PAGE_BYTES) ||
        ranges_overlap(mapping->vaddr, bytes, INTERRUPT_BASE, INTERRUPT_BYTES)) {
        return refuse(why, "domain '%s': its device's mapping of '%s' misaligned or out of range", name,
                      object->name);
    }
    return mapping->access == MAP_READ || mapping->access == (MAP_READ | MAP_WRITE) ||
           refuse(why, "domain '%s': its device's mapping of '%s' with access %u", name, object->name,
                  mapping->access);
}

static bool check_device_mappings(const struct spec *spec, uint32_t id, struct spec_range range,
                                  struct refusal *why)
{
    const struct spec_mapping *mapping = &spec->mapping[range.first];
    for (uint32_t i = 0; i < range.count; i++) {
        if (!check_device_mapping(spec, id, &mapping[i], why)) {
            return false;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (ranges_overlap(mapping[i].vaddr, spec->object[mapping[i].object].size * mapping[i].count,
                               mapping[j].vaddr, spec->object[mapping[j].object].size * mapping[j].count)) {
                return refuse(why, "domain '%s': its device's mappings %u and %u collide",
                              spec->domain[id].name, j, i);
            }
        }
    }
    return true;
}

static bool check_device(const struct spec *spec, uint32_t id, const struct spec_device *device,
                         struct refusal *why)
{
    const char *name = spec->domain[id].name;
    if (!spec_check_reference(spec, id, "device", device->iospace, OBJECT_TYPE_IOSPACE, OWN, why) ||
        !spec_check_optional(spec, id, "device's faults", device->fault_notif, OBJECT_TYPE_NOTIF, why)) {
        return false;
    }
    if ((device->fault_notif == SPEC_NONE) != (device->fault_bits == 0)) {
        return refuse(why, "domain '%s': its device's faults have bits but no notification, or none", name);
    }
    for (const struct spec_device *other = spec->device; other < device; other++) {
        if (other->iospace == device->iospace || other->source == device->source) {
            return refuse(why, "domain '%s': device 0x%x has the iospace or source of another", name,
                          device->source);
        }
    }
    for (uint32_t i = device->msis.first; i < device->msis.first + device->msis.count; i++) {
        for (uint32_t other = 0; other < i; other++) {
            if (spec->msi[other].handle == spec->msi[i].handle) {
                return refuse(why, "domain '%s': MSI %u is given twice", name, spec->msi[i].handle);
            }
        }
        if (spec->msi[i].source != device->source) {
            return refuse(why, "domain '%s': MSI %u of another device", name, spec->msi[i].handle);
        }
    }
    return check_device_mappings(spec, id, device->mappings, why);
}

bool spec_may_be_told(const struct spec *spec, uint32_t id, uint32_t number)
{
    if (!spec->unsafe_dma || spec_find(spec, id, number, OBJECT_TYPE_FRAME, OWN_OR_SHARED) == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < spec->device_count; i++) {
        struct spec_range mappings = spec->device[i].mappings;
        for (uint32_t m = mappings.first; m < mappings.first + mappings.count; m++) {
            if (spec->mapping[m].object == number) {
                return true;
            }
        }
    }
    return false;
}

bool spec_check_devices(const struct spec *spec, struct refusal *why)
{
    for (uint32_t id = 0; id < spec->domain_count; id++) {
        if (!check_users(spec, id, why)) {
            return false;
        }
        for (uint32_t i = 0; i < spec->domain[id].devices.count; i++) {
            if (!check_device(spec, id, &spec->device[spec->domain[id].devices.first + i], why)) {
                return false;
            }
        }
    }
    return true;
}
