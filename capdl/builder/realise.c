/* From the checked description to objects and capabilities, in the order of docs/capdl.md, "Realising a
 * domain". Every step may still fail where the machine disagrees; then the whole domain is taken back. */
#include "site.h"

#include <string.h>

#include "clock.h"
#include "kernel_calls.h"
#include "stubs.h"

#include <bulkhead/domain.h>

#define DOMAIN_MAGIC UINT64_C(0x4e49414d4f444842) /* "BHDOMAIN" */
#define NS_PER_US UINT64_C(1000)

static struct site site_of(struct builder *builder, uint32_t id, struct refusal *why)
{
    return (struct site){.builder = builder,
                         .spec = &builder->spec,
                         .plan = &builder->plan,
                         .described = &builder->spec.domain[id],
                         .domain = &builder->domain[id],
                         .id = id,
                         .why = why};
}

/* ---- untypeds and objects ------------------------------------------------------------------------------------------ */

static bool carve(const struct plan_memory *memory, struct refusal *why)
{
    if (memory->bytes == 0) {
        return true;
    }
    if (memory->pad_bytes != 0 && !make_objects(memory->parent_slot, OBJECT_TYPE_UNTYPED, 0,
                                                memory->pad_bytes, memory->pad_slot, 1, why)) {
        return false;
    }
    return make_objects(memory->parent_slot, OBJECT_TYPE_UNTYPED, 0, memory->bytes, memory->slot, 1, why);
}

/* A laboratory's untyped goes straight into the one slot of its table that the description names; the table
 * stands before it in the list. */
static bool make_untyped(const struct spec *spec, const struct plan *plan, uint32_t number,
                         uint32_t untyped_slot, struct refusal *why)
{
    const struct spec_object *object = &spec->object[number];
    const struct spec_domain *owner = &spec->domain[object->owner];
    const struct spec_capability *held = &spec->capability[owner->capabilities.first];
    while (held->object != number) {
        held++; /* spec_check found it there */
    }
    return did(untyped_retype(untyped_slot, OBJECT_TYPE_UNTYPED, 0, object->size,
                              plan->object_slot[owner->captab], held->slot, 1),
               why, "retype an untyped") ||
           refuse(why, "object '%s'", object->name);
}

static bool make_range(const struct spec *spec, const struct plan *plan, struct spec_range range,
                       uint32_t untyped_slot, struct refusal *why)
{
    for (uint32_t i = range.first; i < range.first + range.count; i++) {
        const struct spec_object *object = &spec->object[i];
        if (object->type == OBJECT_TYPE_CONTROL) {
            continue; /* the kernel made it */
        }
        if (object->type == OBJECT_TYPE_UNTYPED) {
            if (!make_untyped(spec, plan, i, untyped_slot, why)) {
                return false;
            }
            continue;
        }
        if (!make_objects(untyped_slot, object->type, object->flags, object->size, plan->object_slot[i],
                          object->count, why)) {
            return refuse(why, "object '%s'", object->name);
        }
    }
    return true;
}

bool realise_shared(struct builder *builder, struct refusal *why)
{
    const struct spec *spec = &builder->spec;
    const struct plan *plan = &builder->plan;
    if (!carve(&plan->store_memory, why) || !carve(&plan->shared, why)) {
        return false;
    }
    for (uint32_t id = 0; id < spec->domain_count; id++) {
        if (!carve(&plan->domain[id].memory, why)) {
            return false;
        }
    }
    if (!make_range(spec, plan, spec->shared_objects, plan->shared.slot, why) ||
        !devices_make_memory(builder, why)) {
        return false;
    }
    for (uint32_t i = 0; i < spec->channel_count; i++) {
        uint16_t number = spec->channel[i].object;
        const struct spec_object *object = &spec->object[number];
        if (!window_map(plan->object_slot[number], object->count, object->size, plan->channel_address[i],
                        MAP_READ | MAP_WRITE, why)) {
            return false;
        }
    }
    return true;
}

/* ---- the image ------------------------------------------------------------------------------------------------------- */

/* Copies @bytes to @offset of a fresh frame. The frame is mapped nowhere else yet and here only meanwhile. */
static bool fill_frame(const struct site *site, uint32_t slot, uint64_t offset, const void *data,
                       uint64_t bytes)
{
    if (bytes == 0) {
        return true;
    }
    if (!window_map(slot, 1, PAGE_BYTES, WINDOW_FRAME, MAP_READ | MAP_WRITE, site->why)) {
        return false;
    }
    memcpy((uint8_t *)WINDOW_FRAME + offset, data, bytes);
    return window_unmap(slot, 1, site->why);
}

/* The part of [0, file_bytes) that lies in page @page of a segment which starts @lead bytes into page 0. */
static struct spec_range file_part(const struct spec_segment *segment, uint64_t lead, uint64_t page)
{
    uint64_t begin = page == 0 ? 0 : page * PAGE_BYTES - lead;
    uint64_t end = (page + 1) * PAGE_BYTES - lead;
    end = end < segment->file_bytes ? end : segment->file_bytes;
    return (struct spec_range){.first = (uint32_t)begin, .count = begin < end ? (uint32_t)(end - begin) : 0};
}

static bool load_segment(const struct site *site, const struct spec_segment *segment, const uint8_t *file,
                         uint32_t *slot)
{
    uint64_t lead = segment->vaddr % PAGE_BYTES, base = segment->vaddr - lead;
    uint64_t pages = (lead + segment->memory_bytes + PAGE_BYTES - 1) / PAGE_BYTES;
    for (uint64_t page = 0; page < pages; page++, ++*slot) {
        struct spec_range part = file_part(segment, lead, page);
        const uint8_t *from = file + segment->offset + part.first;
        if (!fill_frame(site, *slot, page == 0 ? lead : 0, from, part.count)) {
            return false;
        }
        if (!did(space_map(slot_of(site, site->described->space), *slot, base + page * PAGE_BYTES,
                           segment->access),
                 site->why, "map the image")) {
            return false;
        }
    }
    return true;
}

static bool load_image(const struct site *site, uint32_t profile)
{
    uint32_t index = site->described->profile[profile].image;
    const struct spec_image *image = &site->spec->image[index];
    const uint8_t *file = (const uint8_t *)site->plan->store[index].address;
    uint32_t slot = slot_of(site, site->described->image_frames);
    for (uint32_t i = 0; i < image->segment_count; i++) {
        if (!load_segment(site, &image->segment[i], file, &slot)) {
            return false;
        }
    }
    return true;
}

/* ---- the info page --------------------------------------------------------------------------------------------------- */

static struct resource resource_of(const struct spec_resource *described)
{
    struct resource resource = {.kind = described->kind,
                                .flags = described->flags,
                                .slot = described->slot,
                                .count = described->count,
                                .address = described->address,
                                .bytes = described->bytes,
                                .extra = described->extra};
    memcpy(resource.name, described->name, sizeof described->name);
    return resource;
}

/* What the description cannot know: how a device's interrupt is written, and where memory lies. */
static bool fill(const struct site *site, struct resource *resource)
{
    const struct boot_info *boot = site->builder->boot;
    uint32_t object = resource->slot;
    if ((resource->flags & SPEC_RESOURCE_FILLED) != 0) {
        resource->address = boot->msi_address;
        resource->bytes = boot->msi_address_step;
        resource->slot = boot->msi_data;
        resource->count = boot->msi_data_step;
        resource->extra = boot->iommu;
    }
    if ((resource->flags & SPEC_RESOURCE_ADDRESS) != 0) {
        resource->slot = 0;
        return devices_address(site, slot_of(site, (uint16_t)object), &resource->extra);
    }
    return true;
}

static bool write_info(const struct site *site, struct domain_info *info)
{
    const struct spec_domain *described = site->described;
    info->magic = DOMAIN_MAGIC;
    memcpy(info->name, described->name, sizeof described->name);
    info->id = site->id;
    info->epoch = site->domain->realised;
    info->tsc_khz = site->builder->boot->tsc_khz;
    info->thread_count = described->threads.count;
    info->heap_address = described->heap_address;
    info->heap_bytes = described->heap_bytes;
    info->resource_count = described->resources.count;
    for (uint32_t i = 0; i < described->resources.count; i++) {
        info->resource[i] = resource_of(&site->spec->resource[described->resources.first + i]);
        if (!fill(site, &info->resource[i])) {
            return false;
        }
    }
    memcpy(info->text, &site->spec->text[described->text.first], described->text.count);
    return true;
}

static bool make_info(const struct site *site)
{
    uint32_t slot = slot_of(site, site->described->info_frame);
    if (!window_map(slot, 1, PAGE_BYTES, WINDOW_FRAME, MAP_READ | MAP_WRITE, site->why)) {
        return false;
    }
    bool written = write_info(site, (struct domain_info *)WINDOW_FRAME);
    return window_unmap(slot, 1, site->why) && written &&
           did(space_map(slot_of(site, site->described->space), slot, INFO_PAGE_ADDRESS, MAP_READ), site->why,
               "map the info page");
}

/* ---- mappings -------------------------------------------------------------------------------------------------------- */

uint32_t copy_frame(const struct site *site, const struct spec_mapping *mapping, uint32_t index)
{
    uint32_t original = slot_of(site, mapping->object) + mapping->first + index;
    uint32_t copy = next_transient(site);
    /* Bits 0 to 2 of map_flags and of rights are the same: read, write, exec. */
    _Static_assert((int)MAP_READ == (int)RIGHT_READ && (int)MAP_WRITE == (int)RIGHT_WRITE &&
                       (int)MAP_EXEC == (int)RIGHT_EXEC,
                   "kernel.idl");
    uint8_t rights = mapping->access & (MAP_READ | MAP_WRITE | MAP_EXEC);
    enum error error = captab_copy(SLOT_CAPTAB, copy, SLOT_CAPTAB, original, rights, 0, 0, 0, 0);
    return did(error, site->why, "copy a frame") ? copy : 0;
}

/* The capability to map: the original of an own frame, a fresh copy of another. 0: refused. */
static uint32_t mappable(const struct site *site, const struct spec_mapping *mapping, uint32_t index)
{
    bool own = site->spec->object[mapping->object].owner == site->id;
    return own ? slot_of(site, mapping->object) + mapping->first + index : copy_frame(site, mapping, index);
}

static bool map_region(const struct site *site, const struct spec_mapping *mapping)
{
    const struct spec_object *object = &site->spec->object[mapping->object];
    uint64_t unit = object->type == OBJECT_TYPE_VCPU ? PAGE_BYTES : object->size;
    uint32_t space = slot_of(site, site->described->space);
    for (uint32_t i = 0; i < mapping->count; i++) {
        uint32_t slot = mappable(site, mapping, i);
        if (slot == 0 ||
            !did(space_map(space, slot, mapping->vaddr + i * unit, mapping->access), site->why, "map")) {
            return refuse(site->why, "region '%s'", object->name);
        }
    }
    return true;
}

static bool map_regions(const struct site *site)
{
    for (uint32_t i = 0; i < site->described->mappings.count; i++) {
        if (!map_region(site, &site->spec->mapping[site->described->mappings.first + i])) {
            return false;
        }
    }
    return true;
}

/* ---- capabilities, ports, interrupts ------------------------------------------------------------------------------------ */

static bool fill_table(const struct site *site, uint16_t captab, struct spec_range range)
{
    for (uint32_t i = range.first; i < range.first + range.count; i++) {
        const struct spec_capability *wanted = &site->spec->capability[i];
        if (site->spec->object[wanted->object].type == OBJECT_TYPE_UNTYPED) {
            continue; /* there since it was made */
        }
        uint32_t source = slot_of(site, wanted->object) + wanted->first;
        for (uint32_t n = 0; n < wanted->count; n++) {
            enum error error =
                captab_copy(slot_of(site, captab), wanted->slot + n, SLOT_CAPTAB, source + n, wanted->rights,
                            wanted->flags, wanted->interface, wanted->mask, wanted->badge);
            if (!did(error, site->why, "copy a capability")) {
                return refuse(site->why, "slot %u", wanted->slot + n);
            }
        }
    }
    return true;
}

static bool give_ioports(const struct site *site)
{
    const struct spec_domain *described = site->described;
    for (uint32_t i = 0; i < described->ioports.count; i++) {
        const struct spec_ioport *ioport = &site->spec->ioport[described->ioports.first + i];
        if (!did(control_ioport(SLOT_CONTROL, slot_of(site, described->captab), ioport->slot, ioport->first,
                                ioport->last),
                 site->why, "make an I/O port capability")) {
            return false;
        }
    }
    return true;
}

/* The original stays in builder's table: an interrupt outlives no domain and must be found again. */
static bool give_irqs(const struct site *site)
{
    const struct spec_domain *described = site->described;
    for (uint32_t i = 0; i < described->irqs.count; i++) {
        const struct spec_irq *irq = &site->spec->irq[described->irqs.first + i];
        uint32_t own = next_transient(site);
        if (!did(control_irq(SLOT_CONTROL, SLOT_CAPTAB, own, irq->gsi, irq->flags), site->why,
                 "make an interrupt") ||
            !did(irq_bind(own, slot_of(site, irq->notif), irq->bits), site->why, "bind an interrupt") ||
            !did(captab_copy(slot_of(site, described->captab), irq->slot, SLOT_CAPTAB, own, RIGHT_MANAGE, 0,
                             0, 0, 0),
                 site->why, "copy an interrupt")) {
            return false;
        }
    }
    return true;
}

/* ---- threads and the guest ------------------------------------------------------------------------------------------------ */

static uint64_t ticks(const struct site *site, uint64_t us)
{
    return clock_ns_to_ticks(us * NS_PER_US, site->builder->boot->tsc_khz);
}

static bool admit(const struct site *site, uint16_t sched, uint64_t budget_us,
                  const struct spec_thread *thread)
{
    return did(sched_configure(slot_of(site, sched), SLOT_CONTROL, ticks(site, budget_us),
                               ticks(site, thread->period_us), thread->priority, 0),
               site->why, "admit a scheduling context");
}

/* A copy of the fault endpoint with the badge by which the handler knows the domain. 0: none. */
static bool fault_endpoint(const struct site *site, const struct spec_thread *thread, uint32_t *slot)
{
    *slot = 0;
    if (thread->fault == SPEC_NONE) {
        return true;
    }
    *slot = next_transient(site);
    return did(captab_copy(SLOT_CAPTAB, *slot, SLOT_CAPTAB, slot_of(site, thread->fault), RIGHT_CALL, 0,
                           INTERFACE_FAULT, 1u << FAULT_EXCEPTION, thread->fault_badge),
               site->why, "copy the fault endpoint");
}

static bool set_registers(const struct site *site, const struct spec_thread *thread, uint32_t index,
                          uint64_t entry)
{
    uint32_t slot = slot_of(site, thread->object);
    return did(thread_write(slot, REGISTER_GROUP_CONTROL, entry, thread->stack_top, 0, 0, 0, 0, 0, 0),
               site->why, "set rip and rsp") &&
           did(thread_write(slot, REGISTER_GROUP_LOW, 0, 0, 0, 0, index, INFO_PAGE_ADDRESS, 0, 0), site->why,
               "set rdi and rsi");
}

static bool make_thread(const struct site *site, const struct spec_thread *thread, uint32_t index,
                        uint64_t entry)
{
    const struct spec_domain *described = site->described;
    uint32_t fault;
    if (!admit(site, thread->sched, thread->budget_us, thread) ||
        (thread->reserve != SPEC_NONE && !admit(site, thread->reserve, thread->reserve_us, thread)) ||
        !fault_endpoint(site, thread, &fault)) {
        return false;
    }
    enum error error = thread_configure(slot_of(site, thread->object), slot_of(site, described->space),
                                        slot_of(site, described->captab), slot_of(site, thread->sched),
                                        slot_of(site, thread->reserve), fault, slot_of(site, thread->notif),
                                        thread->flags, described->compartment);
    return did(error, site->why, "configure a thread") && set_registers(site, thread, index, entry);
}

static bool make_threads(const struct site *site, uint32_t profile)
{
    uint64_t entry = site->spec->image[site->described->profile[profile].image].entry;
    for (uint32_t i = 0; i < site->described->threads.count; i++) {
        if (!make_thread(site, &site->spec->thread[site->described->threads.first + i], i, entry)) {
            return refuse(site->why, "thread %u", i);
        }
    }
    return true;
}

static bool make_guest(const struct site *site)
{
    const struct spec_guest *guest = &site->described->guest;
    if (!guest->present) {
        return true;
    }
    return fill_table(site, guest->captab, guest->capabilities) &&
           did(vcpu_configure(slot_of(site, guest->vcpu), slot_of(site, guest->space),
                              slot_of(site, guest->captab)),
               site->why, "configure the vCPU");
}

/* ---- a domain --------------------------------------------------------------------------------------------------------------- */

/* Channels belong to neither end. Before an end comes back they are emptied, and the epoch tells the other
 * end to start over. It is stored last and the old one stays until then: the other end may run meanwhile, so what
 * it wrote before it saw the epoch may still be there. A pool has one end and no epoch. */
static void renew_channels(const struct site *site)
{
    for (uint32_t i = 0; i < site->spec->channel_count; i++) {
        const struct spec_channel *channel = &site->spec->channel[i];
        if (channel->end_a != site->id && channel->end_b != site->id) {
            continue;
        }
        const struct spec_object *object = &site->spec->object[channel->object];
        uint64_t bytes = object->count * object->size;
        uint32_t *epoch = (uint32_t *)site->plan->channel_address[i];
        if (channel->end_a == channel->end_b) {
            memset(epoch, 0, bytes);
            continue;
        }
        uint32_t next = site->builder->channel_epoch[i] += 1;
        memset(epoch + 1, 0, bytes - sizeof *epoch);
        __atomic_store_n(epoch, next, __ATOMIC_RELEASE);
    }
}

void realise_undo(struct builder *builder, uint32_t id)
{
    const struct plan_domain *planned = &builder->plan.domain[id];
    struct domain *domain = &builder->domain[id];
    drop_slots(planned->transient_first, domain->transients_used);
    domain->transients_used = 0;
    if (captab_revoke(SLOT_CAPTAB, planned->memory.slot) != OK) {
        return; /* the untyped is builder's own and always there: only a kernel at fault gets here */
    }
}

bool realise_domain(struct builder *builder, uint32_t id, uint32_t profile, struct refusal *why)
{
    struct site site = site_of(builder, id, why);
    if (site.domain->realised > 0) {
        renew_channels(&site);
    }
    bool made =
        make_range(site.spec, site.plan, site.described->objects, site.plan->domain[id].memory.slot, why) &&
        load_image(&site, profile) && make_info(&site) && map_regions(&site) &&
        fill_table(&site, site.described->captab, site.described->capabilities) && give_ioports(&site) &&
        give_irqs(&site) && devices_realise(&site) && make_threads(&site, profile) && make_guest(&site);
    if (!made) {
        realise_undo(builder, id);
        return false;
    }
    site.domain->realised++;
    site.domain->profile = profile;
    site.domain->state = DOMAIN_STATE_STOPPED;
    return true;
}
