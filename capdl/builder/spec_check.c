/* Do the decoded parts fit together? docs/capdl.md, "What a reader must refuse", one function per kind of
 * part; objects are in spec_objects.c. */
#include "spec_devices.h"
#include "spec_objects.h"

#include <string.h>

#include "checked.h"

#include <bulkhead/abi.h>
#include <bulkhead/builder.h>
#include <bulkhead/domain.h>

/* ---- images and profiles ------------------------------------------------------------------------------------ */

uint64_t spec_image_pages(const struct spec_image *image)
{
    uint64_t pages = 0;
    for (uint32_t i = 0; i < image->segment_count; i++) {
        const struct spec_segment *segment = &image->segment[i];
        pages += (segment->vaddr % PAGE_BYTES + segment->memory_bytes + PAGE_BYTES - 1) / PAGE_BYTES;
    }
    return pages;
}

static bool check_images(const struct spec *spec, struct refusal *why)
{
    for (uint32_t i = 0; i < spec->image_count; i++) {
        const struct spec_image *image = &spec->image[i];
        if ((image->kind == SPEC_IMAGE_ELF) != (image->segment_count != 0)) {
            return refuse(why, "image '%s': kind and segments disagree", image->name);
        }
        for (uint32_t s = 0; s < image->segment_count; s++) {
            const struct spec_segment *segment = &image->segment[s];
            if (!range_inside(segment->vaddr, segment->memory_bytes, 0, DOMAIN_ADDRESS_END) ||
                segment->memory_bytes == 0) {
                return refuse(why, "image '%s': segment %u outside the address space", image->name, s);
            }
        }
    }
    return true;
}

static bool check_profiles(const struct spec *spec, uint32_t id, struct refusal *why)
{
    const struct spec_domain *domain = &spec->domain[id];
    const struct spec_object *frames = spec_find(spec, id, domain->image_frames, OBJECT_TYPE_FRAME, OWN);
    if (frames == NULL || frames->size != PAGE_BYTES) {
        return refuse(why, "domain '%s': image frames are not its own 4 KiB frames", domain->name);
    }
    for (uint32_t p = 0; p < domain->profile_count; p++) {
        uint8_t image = domain->profile[p].image;
        if (image >= spec->image_count || spec->image[image].kind != SPEC_IMAGE_ELF) {
            return refuse(why, "domain '%s': profile %u names no ELF image", domain->name, p);
        }
        if (spec_image_pages(&spec->image[image]) > frames->count) {
            return refuse(why, "domain '%s': image '%s' does not fit its frames", domain->name,
                          spec->image[image].name);
        }
    }
    return true;
}

/* ---- mappings ------------------------------------------------------------------------------------------------ */

/* Bytes that one element of a mapping covers: a frame's size, or a vCPU's one page. */
static uint64_t unit_bytes(const struct spec_object *object)
{
    return object->type == OBJECT_TYPE_VCPU ? PAGE_BYTES : object->size;
}

static bool overlaps_image(const struct spec *spec, const struct spec_domain *domain, uint64_t vaddr,
                           uint64_t bytes)
{
    for (uint32_t p = 0; p < domain->profile_count; p++) {
        const struct spec_image *image = &spec->image[domain->profile[p].image];
        for (uint32_t s = 0; s < image->segment_count; s++) {
            uint64_t first = image->segment[s].vaddr & ~(PAGE_BYTES - 1);
            uint64_t last = image->segment[s].vaddr + image->segment[s].memory_bytes;
            if (ranges_overlap(vaddr, bytes, first, last - first)) {
                return true;
            }
        }
    }
    return ranges_overlap(vaddr, bytes, INFO_PAGE_ADDRESS, PAGE_BYTES);
}

static bool access_allowed(const struct spec_object *object, uint8_t access)
{
    bool write = (access & MAP_WRITE) != 0, exec = (access & MAP_EXEC) != 0;
    bool device = object->owner == SPEC_DEVICE;
    if (device != ((access & MAP_UNCACHED) != 0) || (device && exec)) {
        return false;
    }
    /* What was checked against its hash stays as it is. */
    return (access & MAP_READ) != 0 && !(write && exec) && !(write && object->content != 0);
}

static bool check_mapping(const struct spec *spec, uint32_t id, const struct spec_mapping *mapping,
                          struct refusal *why)
{
    const struct spec_domain *domain = &spec->domain[id];
    const struct spec_object *object = spec_find(spec, id, mapping->object, OBJECT_TYPE_FRAME, OWN_OR_SHARED);
    if (object == NULL) {
        object = spec_find(spec, id, mapping->object, OBJECT_TYPE_VCPU, OWN);
    }
    if (object == NULL) {
        object = spec_find(spec, id, mapping->object, OBJECT_TYPE_FRAME, DEVICE);
    }
    if (object == NULL || mapping->object == domain->image_frames || mapping->object == domain->info_frame) {
        return refuse(why, "domain '%s': maps object %u, which is not for it", domain->name, mapping->object);
    }
    uint64_t unit = unit_bytes(object), bytes = unit * mapping->count;
    if (mapping->count == 0 || !range_inside(mapping->first, mapping->count, 0, object->count)) {
        return refuse(why, "domain '%s': mapping of '%s' reaches beyond it", domain->name, object->name);
    }
    if (mapping->vaddr % unit != 0 ||
        !range_inside(mapping->vaddr, bytes, PAGE_BYTES, DOMAIN_ADDRESS_END - PAGE_BYTES)) {
        return refuse(why, "domain '%s': mapping of '%s' misaligned or out of range", domain->name,
                      object->name);
    }
    if (!access_allowed(object, mapping->access)) {
        return refuse(why, "domain '%s': mapping of '%s' with access %u", domain->name, object->name,
                      mapping->access);
    }
    return !overlaps_image(spec, domain, mapping->vaddr, bytes) ||
           refuse(why, "domain '%s': mapping of '%s' overlaps its image", domain->name, object->name);
}

/* No two mappings share an address; none maps an own frame a second time. */
static bool mappings_disjoint(const struct spec *spec, uint32_t id, const struct spec_mapping *a,
                              const struct spec_mapping *b)
{
    const struct spec_object *object_a = &spec->object[a->object], *object_b = &spec->object[b->object];
    if (ranges_overlap(a->vaddr, unit_bytes(object_a) * a->count, b->vaddr,
                       unit_bytes(object_b) * b->count)) {
        return false;
    }
    bool twice = a->object == b->object && object_a->owner == id &&
                 ranges_overlap(a->first, a->count, b->first, b->count);
    return !twice;
}

static bool check_mappings(const struct spec *spec, uint32_t id, struct refusal *why)
{
    const struct spec_domain *domain = &spec->domain[id];
    const struct spec_mapping *mapping = &spec->mapping[domain->mappings.first];
    for (uint32_t i = 0; i < domain->mappings.count; i++) {
        if (!check_mapping(spec, id, &mapping[i], why)) {
            return false;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (!mappings_disjoint(spec, id, &mapping[i], &mapping[j])) {
                return refuse(why, "domain '%s': mappings %u and %u collide", domain->name, j, i);
            }
        }
    }
    return true;
}

/* Is [vaddr - bytes, vaddr) mapped writable? A stack must be there before the first push. */
static bool writable_below(const struct spec *spec, const struct spec_domain *domain, uint64_t vaddr,
                           uint64_t bytes)
{
    for (uint32_t i = 0; i < domain->mappings.count; i++) {
        const struct spec_mapping *mapping = &spec->mapping[domain->mappings.first + i];
        uint64_t mapped = unit_bytes(&spec->object[mapping->object]) * mapping->count;
        if ((mapping->access & (MAP_WRITE | MAP_UNCACHED)) == MAP_WRITE && vaddr >= bytes &&
            range_inside(vaddr - bytes, bytes, mapping->vaddr, mapped)) {
            return true;
        }
    }
    return false;
}

/* ---- capabilities ---------------------------------------------------------------------------------------------- */

/* Which slots of one table are spoken for. */
struct slots {
    uint64_t used[65536 / 64];
    uint64_t count;
};

static bool slots_take(struct slots *slots, uint64_t first, uint64_t count)
{
    if (first == 0 || !range_inside(first, count, 0, slots->count)) {
        return false;
    }
    for (uint64_t slot = first; slot < first + count; slot++) {
        uint64_t bit = UINT64_C(1) << slot % 64;
        if ((slots->used[slot / 64] & bit) != 0) {
            return false;
        }
        slots->used[slot / 64] |= bit;
    }
    return true;
}

static void slots_open(struct slots *slots, const struct spec_object *captab)
{
    memset(slots, 0, sizeof *slots);
    slots->count = captab->size / 64;
}

static bool check_capability(const struct spec *spec, uint32_t id, struct slots *slots, bool terminal,
                             const struct spec_capability *capability, struct refusal *why)
{
    const char *name = spec->domain[id].name;
    if (capability->object >= spec->object_count) {
        return refuse(why, "domain '%s': capability to object %u, which is not there", name,
                      capability->object);
    }
    const struct spec_object *object = &spec->object[capability->object];
    if (object->owner != id && object->owner != SPEC_SHARED) {
        return refuse(why, "domain '%s': capability to '%s' of another domain", name, object->name);
    }
    if (!range_inside(capability->first, capability->count, 0, object->count)) {
        return refuse(why, "domain '%s': capability beyond '%s'", name, object->name);
    }
    if (object->content != 0 && (capability->rights & (RIGHT_WRITE | RIGHT_MANAGE)) != 0) {
        return refuse(why, "domain '%s': capability to write '%s'", name, object->name);
    }
    if (object->type == OBJECT_TYPE_IOSPACE) {
        return refuse(why, "domain '%s': capability to '%s', which only builder holds", name, object->name);
    }
    bool message = object->type == OBJECT_TYPE_ENDPOINT || object->type == OBJECT_TYPE_NOTIF;
    if (terminal && (!message || (capability->flags & COPY_SEALED) == 0)) {
        return refuse(why, "domain '%s': its guest's table takes only sealed endpoints and notifications",
                      name);
    }
    if ((capability->object == spec->domain[id].space || object->type == OBJECT_TYPE_CAPTAB) &&
        !spec->laboratory) {
        return refuse(why, "domain '%s': capability to '%s', which only a laboratory gives", name,
                      object->name);
    }
    return slots_take(slots, capability->slot, capability->count) ||
           refuse(why, "domain '%s': slot %u is taken or beyond the table", name, capability->slot);
}

/* Untypeds cannot be copied: each has the one slot it is carved into, of a table that is there by then. */
static bool check_untypeds(const struct spec *spec, uint32_t id, struct refusal *why)
{
    const struct spec_domain *domain = &spec->domain[id];
    for (uint32_t i = domain->objects.first; i < domain->objects.first + domain->objects.count; i++) {
        if (spec->object[i].type != OBJECT_TYPE_UNTYPED) {
            continue;
        }
        uint32_t holders = 0;
        for (uint32_t c = 0; c < domain->capabilities.count; c++) {
            holders += spec->capability[domain->capabilities.first + c].object == i;
        }
        if (holders != 1 || domain->captab > i) {
            return refuse(why, "domain '%s': '%s' needs one slot of a table made before it", domain->name,
                          spec->object[i].name);
        }
    }
    return true;
}

static bool check_capabilities(const struct spec *spec, uint32_t id, struct slots *slots, bool terminal,
                               struct spec_range range, struct refusal *why)
{
    for (uint32_t i = 0; i < range.count; i++) {
        if (!check_capability(spec, id, slots, terminal, &spec->capability[range.first + i], why)) {
            return false;
        }
    }
    return true;
}

static bool check_msis(const struct spec *spec, uint32_t id, const struct spec_device *device,
                       struct slots *slots, struct refusal *why)
{
    for (uint32_t i = device->msis.first; i < device->msis.first + device->msis.count; i++) {
        const struct spec_msi *msi = &spec->msi[i];
        if (!spec_check_reference(spec, id, "MSI", msi->notif, OBJECT_TYPE_NOTIF, OWN_OR_SHARED, why)) {
            return false;
        }
        if (msi->bits == 0 || !slots_take(slots, msi->slot, 1)) {
            return refuse(why, "domain '%s': MSI %u: slot %u or bits", spec->domain[id].name, msi->handle,
                          msi->slot);
        }
    }
    return true;
}

static bool check_ports_and_interrupts(const struct spec *spec, uint32_t id, struct slots *slots,
                                       struct refusal *why)
{
    const struct spec_domain *domain = &spec->domain[id];
    for (uint32_t i = 0; i < domain->ioports.count; i++) {
        const struct spec_ioport *ioport = &spec->ioport[domain->ioports.first + i];
        if (ioport->first > ioport->last || !slots_take(slots, ioport->slot, 1)) {
            return refuse(why, "domain '%s': I/O ports %u to %u or slot %u", domain->name, ioport->first,
                          ioport->last, ioport->slot);
        }
    }
    for (uint32_t i = 0; i < domain->irqs.count; i++) {
        const struct spec_irq *irq = &spec->irq[domain->irqs.first + i];
        if (!spec_check_reference(spec, id, "interrupt", irq->notif, OBJECT_TYPE_NOTIF, OWN_OR_SHARED, why)) {
            return false;
        }
        if (irq->bits == 0 || !slots_take(slots, irq->slot, 1)) {
            return refuse(why, "domain '%s': interrupt %u: slot %u or bits", domain->name, irq->gsi,
                          irq->slot);
        }
    }
    for (uint32_t i = 0; i < domain->devices.count; i++) {
        if (!check_msis(spec, id, &spec->device[domain->devices.first + i], slots, why)) {
            return false;
        }
    }
    return true;
}

static bool check_tables(const struct spec *spec, uint32_t id, struct slots *slots, struct refusal *why)
{
    const struct spec_domain *domain = &spec->domain[id];
    const struct spec_object *captab = spec_find(spec, id, domain->captab, OBJECT_TYPE_CAPTAB, OWN);
    if (captab == NULL || captab->flags != 0) {
        return refuse(why, "domain '%s': no capability table of its own", domain->name);
    }
    slots_open(slots, captab);
    if (!check_capabilities(spec, id, slots, false, domain->capabilities, why) ||
        !check_ports_and_interrupts(spec, id, slots, why) || !check_untypeds(spec, id, why)) {
        return false;
    }
    if (!domain->guest.present) {
        return true;
    }
    captab = spec_find(spec, id, domain->guest.captab, OBJECT_TYPE_CAPTAB, OWN);
    if (captab == NULL || captab->flags != CAPTAB_TERMINAL) {
        return refuse(why, "domain '%s': its guest's table is not terminal", domain->name);
    }
    slots_open(slots, captab);
    return check_capabilities(spec, id, slots, true, domain->guest.capabilities, why);
}

/* ---- threads, guests, resources ------------------------------------------------------------------------------- */

static bool check_thread(const struct spec *spec, uint32_t id, const struct spec_thread *thread,
                         struct refusal *why)
{
    const struct spec_domain *domain = &spec->domain[id];
    if (!spec_check_reference(spec, id, "thread", thread->object, OBJECT_TYPE_THREAD, OWN, why) ||
        !spec_check_reference(spec, id, "thread's context", thread->sched, OBJECT_TYPE_SCHED, OWN, why) ||
        !spec_check_optional(spec, id, "thread's reserve", thread->reserve, OBJECT_TYPE_SCHED, why) ||
        !spec_check_optional(spec, id, "thread's notification", thread->notif, OBJECT_TYPE_NOTIF, why) ||
        !spec_check_optional(spec, id, "thread's fault endpoint", thread->fault, OBJECT_TYPE_ENDPOINT, why)) {
        return false;
    }
    bool reserve_fits =
        thread->reserve == SPEC_NONE || (thread->reserve_us != 0 && thread->reserve_us <= thread->period_us);
    /* An hour is far beyond any period and keeps the conversion to ticks from overflowing. */
    if (thread->budget_us == 0 || thread->budget_us > thread->period_us || !reserve_fits ||
        thread->period_us > UINT64_C(3600000000)) {
        return refuse(why, "domain '%s': a budget that does not fit its period", domain->name);
    }
    if ((thread->flags & ~THREAD_FPU) != 0 || thread->stack_top % 16 != 0 ||
        !writable_below(spec, domain, thread->stack_top, 16)) {
        return refuse(why, "domain '%s': a thread with unknown flags or without a stack", domain->name);
    }
    return true;
}

static bool check_guest(const struct spec *spec, uint32_t id, struct refusal *why)
{
    const struct spec_guest *guest = &spec->domain[id].guest;
    if (!guest->present) {
        return true;
    }
    const struct spec_object *space = spec_find(spec, id, guest->space, OBJECT_TYPE_SPACE, OWN);
    if (space == NULL || space->flags != SPACE_GUEST) {
        return refuse(why, "domain '%s': its guest's space is not of guest format", spec->domain[id].name);
    }
    return spec_check_reference(spec, id, "vCPU", guest->vcpu, OBJECT_TYPE_VCPU, OWN, why);
}

static bool check_frames_and_space(const struct spec *spec, uint32_t id, struct refusal *why)
{
    const struct spec_domain *domain = &spec->domain[id];
    const struct spec_object *space = spec_find(spec, id, domain->space, OBJECT_TYPE_SPACE, OWN);
    const struct spec_object *info = spec_find(spec, id, domain->info_frame, OBJECT_TYPE_FRAME, OWN);
    if (space == NULL || space->flags != 0) {
        return refuse(why, "domain '%s': no address space of its own", domain->name);
    }
    if (info == NULL || info->size != PAGE_BYTES || info->count != 1 ||
        domain->info_frame == domain->image_frames) {
        return refuse(why, "domain '%s': no page for its info", domain->name);
    }
    if (domain->threads.count == 0) {
        return refuse(why, "domain '%s': no thread", domain->name);
    }
    if (domain->resources.count > SPEC_MAX_RESOURCES) {
        return refuse(why, "domain '%s': more than %u resources", domain->name, SPEC_MAX_RESOURCES);
    }
    if (domain->heap_bytes != 0 &&
        !writable_below(spec, domain, domain->heap_address + PAGE_BYTES, PAGE_BYTES)) {
        return refuse(why, "domain '%s': its heap is not mapped", domain->name);
    }
    return true;
}

/* What builder must hear of a domain that runs once: that it has finished, and its faults; nobody else may say so. */
static bool check_once(const struct spec *spec, uint32_t id, struct refusal *why)
{
    const struct spec_domain *domain = &spec->domain[id];
    bool says = false;
    for (uint32_t i = 0; i < domain->capabilities.count; i++) {
        const struct spec_capability *held = &spec->capability[domain->capabilities.first + i];
        if (held->object == spec->builder_endpoint && held->interface == INTERFACE_BUILDER &&
            (held->mask & UINT32_C(1) << BUILDER_FINISHED) != 0) {
            says = held->badge == id;
            if (!domain->once || !says) {
                return refuse(why, "domain '%s': may say that another has finished", domain->name);
            }
        }
    }
    if (!domain->once) {
        return true;
    }
    for (uint32_t i = 0; i < domain->threads.count; i++) {
        says = says && spec->thread[domain->threads.first + i].fault == spec->builder_endpoint;
    }
    return (says && domain->devices.count == 0) ||
           refuse(why, "domain '%s': runs once, but drives a device or does not tell builder of its end",
                  domain->name);
}

static bool check_filled(const struct spec *spec, uint32_t id, struct refusal *why)
{
    const struct spec_domain *domain = &spec->domain[id];
    for (uint32_t i = 0; i < domain->resources.count; i++) {
        const struct spec_resource *resource = &spec->resource[domain->resources.first + i];
        bool msi = strcmp(resource->name, SPEC_RESOURCE_MSI) == 0 && resource->kind == RESOURCE_KIND_NUMBER;
        bool address = resource->flags == SPEC_RESOURCE_ADDRESS && spec_may_be_told(spec, id, resource->slot);
        if (resource->flags != 0 && !(msi && resource->flags == SPEC_RESOURCE_FILLED) && !address) {
            return refuse(why, "domain '%s': resource '%s' with flags 0x%x", domain->name, resource->name,
                          resource->flags);
        }
    }
    return true;
}

static bool check_domain(const struct spec *spec, uint32_t id, struct slots *slots, struct refusal *why)
{
    const struct spec_domain *domain = &spec->domain[id];
    for (uint32_t other = 0; other < id; other++) {
        if (strcmp(spec->domain[other].name, domain->name) == 0) {
            return refuse(why, "two domains are called '%s'", domain->name);
        }
    }
    if (!check_profiles(spec, id, why) || !check_mappings(spec, id, why) ||
        !check_frames_and_space(spec, id, why) || !check_tables(spec, id, slots, why) ||
        !check_guest(spec, id, why)) {
        return false;
    }
    for (uint32_t i = 0; i < domain->threads.count; i++) {
        if (!check_thread(spec, id, &spec->thread[domain->threads.first + i], why)) {
            return false;
        }
    }
    return check_once(spec, id, why) && check_filled(spec, id, why);
}

static bool check_channels(const struct spec *spec, struct refusal *why)
{
    for (uint32_t i = 0; i < spec->channel_count; i++) {
        const struct spec_channel *channel = &spec->channel[i];
        const struct spec_object *object = spec_find(spec, 0, channel->object, OBJECT_TYPE_FRAME, SHARED);
        bool pool = channel->end_a == channel->end_b; /* may have large frames: it has no epoch to place */
        if (object == NULL || (object->size != PAGE_BYTES && !pool) || object->count > 512 ||
            object->content != 0 || channel->end_a >= spec->domain_count ||
            channel->end_b >= spec->domain_count) {
            return refuse(why, "channel %u is not a shared region of its domains", i);
        }
    }
    return true;
}

bool spec_check(struct spec *spec, struct refusal *why)
{
    static struct slots slots; /* 8 KiB: too much for builder's stack */
    if (!check_images(spec, why) || !spec_check_objects(spec, why) || !check_channels(spec, why) ||
        !spec_check_windows(spec, why)) {
        return false;
    }
    if (spec_find(spec, 0, spec->builder_endpoint, OBJECT_TYPE_ENDPOINT, SHARED) == NULL) {
        return refuse(why, "builder's endpoint is not a shared endpoint");
    }
    for (uint32_t id = 0; id < spec->domain_count; id++) {
        if (!check_domain(spec, id, &slots, why)) {
            return false;
        }
    }
    return spec_check_devices(spec, why);
}
