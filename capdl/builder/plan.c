#include "plan.h"

#include <string.h>

#include "checked.h"

#define MAX_REGIONS (sizeof(((struct boot_info *)0)->region) / sizeof(struct boot_region))

/* What planning consumes: the next slot, and each region from its start. */
struct budget {
    const struct boot_info *boot;
    uint32_t next_slot;
    uint64_t region_used[MAX_REGIONS];
    struct refusal *why;
    bool failed;
};

uint32_t plan_first_free(const struct boot_info *boot)
{
    uint32_t after_untypeds = boot->untyped_first + boot->untyped_count;
    uint32_t after_modules = boot->module_first + boot->module_count;
    uint32_t first = after_untypeds > after_modules ? after_untypeds : after_modules;
    return first > SLOT_FIRST_FREE ? first : SLOT_FIRST_FREE;
}

/* ---- slots ------------------------------------------------------------------------------------------------ */

static uint32_t take_slots(struct budget *budget, uint32_t count)
{
    uint32_t first = budget->next_slot;
    if (count > budget->boot->captab_slots - first) {
        budget->failed = true;
        refuse(budget->why, "the system needs more than builder's %u slots", budget->boot->captab_slots);
        return 0;
    }
    budget->next_slot += count;
    return first;
}

/* A frame capability maps once: each of a device's mappings takes copies. */
static uint32_t device_transients(const struct spec *spec, const struct spec_device *device)
{
    uint32_t count = device->msis.count;
    for (uint32_t i = 0; i < device->mappings.count; i++) {
        count += spec->mapping[device->mappings.first + i].count;
    }
    return count;
}

static uint32_t transients(const struct spec *spec, uint32_t id)
{
    const struct spec_domain *domain = &spec->domain[id];
    uint32_t count = domain->irqs.count;
    for (uint32_t i = 0; i < domain->mappings.count; i++) {
        const struct spec_mapping *mapping = &spec->mapping[domain->mappings.first + i];
        count += spec->object[mapping->object].owner != id ? mapping->count : 0;
    }
    for (uint32_t i = 0; i < domain->devices.count; i++) {
        count += device_transients(spec, &spec->device[domain->devices.first + i]);
    }
    for (uint32_t i = 0; i < domain->threads.count; i++) {
        count += spec->thread[domain->threads.first + i].fault != SPEC_NONE ? 1 : 0;
    }
    return count;
}

static uint32_t object_slot(const struct spec_object *object, struct budget *budget)
{
    switch (object->type) {
    case OBJECT_TYPE_CONTROL:
        return SLOT_CONTROL;
    case OBJECT_TYPE_UNTYPED:
        return 0; /* a laboratory's: in its own table */
    default:
        return take_slots(budget, object->count);
    }
}

static void plan_slots(struct plan *plan, const struct spec *spec, struct budget *budget)
{
    plan->console_slot = take_slots(budget, CONSOLE_SLOTS);
    for (uint32_t i = 0; i < spec->object_count; i++) {
        plan->object_slot[i] = object_slot(&spec->object[i], budget);
    }
    for (uint32_t i = 0; i < spec->window_count; i++) {
        plan->window_slot[i] = take_slots(budget, 1);
    }
    for (uint32_t id = 0; id < spec->domain_count; id++) {
        plan->domain[id].transient_count = transients(spec, id);
        plan->domain[id].transient_first = take_slots(budget, plan->domain[id].transient_count);
    }
}

/* What is left serves to read modules, many frames at a time. */
static void plan_scratch(struct plan *plan, struct budget *budget)
{
    uint32_t left = budget->boot->captab_slots - budget->next_slot;
    plan->scratch_count = left < PLAN_MAX_SCRATCH ? left : PLAN_MAX_SCRATCH;
    if (plan->scratch_count < PLAN_MIN_SCRATCH) {
        take_slots(budget, PLAN_MIN_SCRATCH);
        return;
    }
    plan->scratch_first = take_slots(budget, plan->scratch_count);
}

/* ---- memory ------------------------------------------------------------------------------------------------ */

/* Bytes to skip in @region so that @align holds; false if the piece does not fit. */
static bool fits(const struct budget *budget, uint32_t region, uint64_t bytes, uint64_t align, uint64_t *pad)
{
    const struct boot_region *place = &budget->boot->region[region];
    uint64_t at, aligned, end;
    if (!checked_add(place->base, budget->region_used[region], &at) ||
        !checked_align_up(at, align, &aligned) || !checked_add(aligned, bytes, &end)) {
        return false;
    }
    *pad = aligned - at;
    return end - place->base <= place->bytes;
}

/* The region that is left with the least: big regions stay for what needs them. */
static void plan_memory(struct plan_memory *memory, const char *what, const struct spec_memory *wanted,
                        struct budget *budget)
{
    uint32_t best = UINT32_MAX;
    uint64_t best_left = UINT64_MAX, best_pad = 0, pad = 0;
    *memory = (struct plan_memory){.bytes = wanted->bytes};
    if (wanted->bytes == 0) {
        return;
    }
    for (uint32_t i = 0; i < budget->boot->untyped_count && i < MAX_REGIONS; i++) {
        uint64_t left = budget->boot->region[i].bytes - budget->region_used[i];
        if (budget->boot->region[i].flags == 0 && fits(budget, i, wanted->bytes, wanted->align, &pad) &&
            left < best_left) {
            best = i;
            best_left = left;
            best_pad = pad;
        }
    }
    if (best == UINT32_MAX) {
        budget->failed = true;
        refuse(budget->why, "%s: %llu KiB of memory are not free in one piece", what,
               (unsigned long long)(wanted->bytes / 1024));
        return;
    }
    memory->parent_slot = budget->boot->region[best].slot;
    memory->pad_bytes = best_pad;
    memory->pad_slot = best_pad != 0 ? take_slots(budget, 1) : 0;
    memory->slot = take_slots(budget, 1);
    budget->region_used[best] += best_pad + wanted->bytes;
}

static void plan_store(struct plan *plan, const struct spec *spec, struct budget *budget)
{
    struct spec_memory wanted = {.align = BIG_PAGE_BYTES};
    for (uint32_t i = 0; i < spec->image_count; i++) {
        const struct spec_image *image = &spec->image[i];
        uint64_t bytes;
        if (image->kind != SPEC_IMAGE_ELF) {
            continue;
        }
        if (!checked_align_up(image->bytes, BIG_PAGE_BYTES, &bytes) ||
            bytes > WINDOW_STORE_END - WINDOW_STORE - wanted.bytes) {
            budget->failed = true;
            refuse(budget->why, "image '%s' is too large to keep", image->name);
            return;
        }
        plan->store[i].address = WINDOW_STORE + wanted.bytes;
        plan->store[i].frame_count = (uint32_t)(bytes / BIG_PAGE_BYTES);
        plan->store[i].first_slot = take_slots(budget, plan->store[i].frame_count);
        wanted.bytes += bytes;
    }
    plan_memory(&plan->store_memory, "images", &wanted, budget);
}

static void plan_channels(struct plan *plan, const struct spec *spec, struct budget *budget)
{
    uint64_t small = WINDOW_CHANNELS, large = WINDOW_POOLS;
    for (uint32_t i = 0; i < spec->channel_count; i++) {
        const struct spec_object *object = &spec->object[spec->channel[i].object];
        uint64_t *at = object->size == PAGE_BYTES ? &small : &large;
        plan->channel_address[i] = *at;
        *at += object->size * object->count;
        if (small > WINDOW_CHANNELS_END || large > WINDOW_POOLS_END) {
            budget->failed = true;
            refuse(budget->why, "more channels than builder can map");
            return;
        }
    }
}

/* Content is filled in one piece, so that it can be hashed in one. */
static void check_content(const struct spec *spec, struct budget *budget)
{
    for (uint32_t i = 0; i < spec->object_count; i++) {
        const struct spec_object *object = &spec->object[i];
        uint64_t room = object->size == PAGE_BYTES ? WINDOW_FRAME_END - WINDOW_FRAME
                                                   : WINDOW_CONTENT_END - WINDOW_CONTENT;
        if (object->content != 0 && object->size * object->count > room) {
            budget->failed = true;
            refuse(budget->why, "object '%s' is too large for an image", object->name);
        }
    }
}

bool plan_make(struct plan *plan, const struct spec *spec, const struct boot_info *boot, struct refusal *why)
{
    struct budget budget = {.boot = boot, .next_slot = plan_first_free(boot), .why = why};
    memset(plan, 0, sizeof *plan);
    if (budget.next_slot >= boot->captab_slots) {
        return refuse(why, "builder's table is too small");
    }
    plan_slots(plan, spec, &budget);
    plan_channels(plan, spec, &budget);
    check_content(spec, &budget);
    plan_store(plan, spec, &budget);
    plan_memory(&plan->shared, "shared objects", &spec->shared, &budget);
    for (uint32_t id = 0; id < spec->domain_count; id++) {
        plan_memory(&plan->domain[id].memory, spec->domain[id].name, &spec->domain[id].memory, &budget);
    }
    plan_scratch(plan, &budget);
    return !budget.failed;
}
