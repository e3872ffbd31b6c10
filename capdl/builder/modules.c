/* Boot modules: the description (module 1) and the images (from module 2 on). A module is memory that the
 * kernel neither zeroes nor gives to anyone else; it is read through a window of 4 KiB frames, piece by
 * piece, because a large module has more pages than builder has slots. What an image is *used* from is
 * always a copy in frames of builder's own, and it is the copy that is hashed. */
#include "builder.h"

#include <string.h>

#include "elf.h"
#include "kernel_calls.h"
#include "log.h"
#include "sha256.h"
#include "stubs.h"

#define MODULE_DESCRIPTION 1u
#define MODULE_FIRST_IMAGE 2u
#define MAX_MODULES ((uint32_t)(sizeof(((struct boot_info *)0)->module) / sizeof(struct boot_module)))

static uint64_t pages_of(uint64_t bytes)
{
    return bytes / PAGE_BYTES + (bytes % PAGE_BYTES != 0 ? 1 : 0);
}

/* ---- the description -------------------------------------------------------------------------------------------- */

static bool decode_description(struct builder *builder, uint64_t len_bytes, struct refusal *why)
{
    const uint8_t *cbor = (const uint8_t *)WINDOW_MODULE;
    return spec_decode(&builder->spec, cbor, len_bytes, why) && spec_check(&builder->spec, why) &&
           plan_make(&builder->plan, &builder->spec, builder->boot, why);
}

bool modules_read_description(struct builder *builder, struct refusal *why)
{
    const struct boot_info *boot = builder->boot;
    if (boot->module_count <= MODULE_DESCRIPTION || boot->module_count > MAX_MODULES) {
        return refuse(why, "%u boot modules: the description is missing", boot->module_count);
    }
    const struct boot_module *module = &boot->module[MODULE_DESCRIPTION];
    uint32_t first = plan_first_free(boot) + CONSOLE_SLOTS;
    uint64_t pages = pages_of(module->bytes);
    if (pages == 0 || pages > PLAN_MAX_SCRATCH || first > boot->captab_slots ||
        pages > boot->captab_slots - first) {
        return refuse(why, "a description of %llu bytes", (unsigned long long)module->bytes);
    }
    bool decoded =
        make_objects(module->slot, OBJECT_TYPE_FRAME, 0, PAGE_BYTES, first, (uint32_t)pages, why) &&
        window_map(first, (uint32_t)pages, PAGE_BYTES, WINDOW_MODULE, MAP_READ, why) &&
        decode_description(builder, module->bytes, why);
    return did(captab_revoke(SLOT_CAPTAB, module->slot), why, "close the description") && decoded;
}

/* ---- images ------------------------------------------------------------------------------------------------------- */

static bool copy_module(const struct builder *builder, const struct boot_module *module, uint8_t *to,
                        struct refusal *why)
{
    const struct plan *plan = &builder->plan;
    uint64_t done = 0;
    while (done < module->bytes) {
        uint64_t left = module->bytes - done, pages = pages_of(left);
        uint32_t now = pages < plan->scratch_count ? (uint32_t)pages : plan->scratch_count;
        uint64_t bytes = left < now * PAGE_BYTES ? left : now * PAGE_BYTES;
        if (!make_objects(module->slot, OBJECT_TYPE_FRAME, 0, PAGE_BYTES, plan->scratch_first, now, why) ||
            !window_map(plan->scratch_first, now, PAGE_BYTES, WINDOW_MODULE, MAP_READ, why)) {
            return false;
        }
        memcpy(to + done, (const uint8_t *)WINDOW_MODULE, bytes);
        drop_slots(plan->scratch_first, now);
        done += bytes;
    }
    return did(captab_revoke(SLOT_CAPTAB, module->slot), why, "close a module");
}

/* Fills mapped, writable memory with module @index + 2 and checks that it is image @index. */
static bool fill(const struct builder *builder, uint32_t index, uint8_t *to, struct refusal *why)
{
    const struct spec_image *image = &builder->spec.image[index];
    const struct boot_module *module = &builder->boot->module[MODULE_FIRST_IMAGE + index];
    uint8_t digest[SHA256_BYTES];
    if (module->bytes != image->bytes) {
        return refuse(why, "image '%s' has %llu bytes, described are %llu", image->name,
                      (unsigned long long)module->bytes, (unsigned long long)image->bytes);
    }
    if (!copy_module(builder, module, to, why)) {
        return false;
    }
    sha256(to, image->bytes, digest);
    return memcmp(digest, image->sha256, sizeof digest) == 0 ||
           refuse(why, "image '%s' does not have the described SHA-256", image->name);
}

/* A shared region gets its content while builder alone maps it. */
static bool load_content(const struct builder *builder, uint32_t object_number, struct refusal *why)
{
    const struct spec_object *object = &builder->spec.object[object_number];
    uint32_t first = builder->plan.object_slot[object_number];
    /* Where small frames were mapped once stays a table, and no large one fits there any more. */
    uint64_t window = object->size == PAGE_BYTES ? WINDOW_FRAME : WINDOW_CONTENT;
    return window_map(first, object->count, object->size, window, MAP_READ | MAP_WRITE, why) &&
           fill(builder, object->content - 1u, (uint8_t *)window, why) &&
           window_unmap(first, object->count, why);
}

/* A domain's program stays mapped, read-only from here on: restarts are made from it. */
static bool load_program(const struct builder *builder, uint32_t index, struct refusal *why)
{
    const struct spec_image *image = &builder->spec.image[index];
    const struct plan_store *store = &builder->plan.store[index];
    uint8_t *to = (uint8_t *)store->address;
    struct spec_image found;
    struct refusal reason = {.text = ""};
    if (!make_objects(builder->plan.store_memory.slot, OBJECT_TYPE_FRAME, 0, BIG_PAGE_BYTES,
                      store->first_slot, store->frame_count, why) ||
        !window_map(store->first_slot, store->frame_count, BIG_PAGE_BYTES, store->address,
                    MAP_READ | MAP_WRITE, why) ||
        !fill(builder, index, to, why)) {
        return false;
    }
    if (!elf_parse(to, image->bytes, &found, &reason) || !elf_matches(image, &found, &reason)) {
        return refuse(why, "image '%s': %s", image->name, reason.text);
    }
    return window_unmap(store->first_slot, store->frame_count, why) &&
           window_map(store->first_slot, store->frame_count, BIG_PAGE_BYTES, store->address, MAP_READ, why);
}

static bool load_image(const struct builder *builder, uint32_t index, struct refusal *why)
{
    const struct spec *spec = &builder->spec;
    bool used = spec->image[index].kind == SPEC_IMAGE_ELF;
    if (used && !load_program(builder, index, why)) {
        return false;
    }
    for (uint32_t i = 0; i < spec->object_count; i++) {
        if (spec->object[i].content == index + 1) {
            used = true;
            if (!load_content(builder, i, why)) {
                return false;
            }
        }
    }
    /* An image that nobody uses would go unchecked. */
    return used || refuse(why, "image '%s' has no place in the description", spec->image[index].name);
}

bool modules_load_images(struct builder *builder, struct refusal *why)
{
    const struct spec *spec = &builder->spec;
    if (builder->boot->module_count != MODULE_FIRST_IMAGE + spec->image_count) {
        return refuse(why, "%u boot modules, described are %u", builder->boot->module_count,
                      MODULE_FIRST_IMAGE + spec->image_count);
    }
    for (uint32_t i = 0; i < spec->image_count; i++) {
        if (!load_image(builder, i, why)) {
            return false;
        }
        log_line("image %s: %llu KiB, SHA-256 as described", spec->image[i].name,
                 (unsigned long long)((spec->image[i].bytes + 1023) / 1024));
    }
    return true;
}
