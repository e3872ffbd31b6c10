/* Decoding: one function per record of docs/system.cddl [CDDL], in its order. Each record is an array of a
 * fixed length, and the reader's failure sticks, so the functions read straight through. */
#include "spec.h"

#include <string.h>

#include "reader.h"

#define MAX_SIZE UINT64_C(0xffffffffffff)
#define MAX_ADDRESS UINT64_C(0x7fffffffffff)

static uint8_t read_u8(struct reader *reader, const char *what, uint8_t max)
{
    return (uint8_t)reader_unsigned(reader, what, 0, max);
}

static uint16_t read_u16(struct reader *reader, const char *what)
{
    return (uint16_t)reader_unsigned(reader, what, 0, UINT16_MAX);
}

static uint32_t read_u32(struct reader *reader, const char *what)
{
    return (uint32_t)reader_unsigned(reader, what, 0, UINT32_MAX);
}

static uint64_t read_u64(struct reader *reader, const char *what)
{
    return reader_unsigned(reader, what, 0, UINT64_MAX);
}

static uint16_t read_object(struct reader *reader, const char *what)
{
    return (uint16_t)reader_unsigned(reader, what, 0, SPEC_NONE - 1);
}

static void read_record(struct reader *reader, const char *what, uint32_t elements)
{
    (void)reader_array(reader, what, elements, elements);
}

/* Room for the next array's entries in a pool that holds @used of @capacity. */
static struct spec_range read_pool(struct reader *reader, const char *what, uint32_t *used, uint32_t capacity)
{
    struct spec_range range = {.first = *used, .count = reader_array(reader, what, 0, capacity - *used)};
    *used += range.count;
    return range;
}

/* name = tstr .regexp "[a-z][a-z0-9-]{0,14}" */
static void read_name(struct reader *reader, const char *what, char out[SPEC_NAME_BYTES])
{
    reader_text(reader, what, out, SPEC_NAME_BYTES);
    for (unsigned i = 0; out[i] != 0; i++) {
        bool letter = out[i] >= 'a' && out[i] <= 'z';
        bool later = (out[i] >= '0' && out[i] <= '9') || out[i] == '-';
        if (!letter && !(later && i > 0)) {
            reader_refuse(reader, "%s '%s' is not a name", what, out);
            return;
        }
    }
}

static void read_memory(struct reader *reader, const char *what, struct spec_memory *memory)
{
    read_record(reader, what, 2);
    memory->bytes = reader_unsigned(reader, "memory bytes", 0, MAX_SIZE);
    memory->align = reader_unsigned(reader, "memory align", PAGE_BYTES, BIG_PAGE_BYTES);
    if (!reader->failed && memory->align != PAGE_BYTES && memory->align != BIG_PAGE_BYTES) {
        reader_refuse(reader, "%s has an alignment that is not 4096 or 2097152", what);
    }
}

static void read_platform(struct reader *reader, struct spec_platform *platform)
{
    read_record(reader, "platform", 6);
    reader_text(reader, "machine", platform->machine, sizeof platform->machine);
    platform->memory_mib = read_u64(reader, "platform memory");
    read_record(reader, "com1", 2);
    platform->com1_port = read_u16(reader, "com1 port");
    platform->com1_gsi = read_u8(reader, "com1 gsi", 23);
    read_record(reader, "com2", 2);
    platform->com2_port = read_u16(reader, "com2 port");
    platform->com2_gsi = read_u8(reader, "com2 gsi", 23);
    read_record(reader, "poweroff", 3);
    platform->poweroff_port = read_u16(reader, "poweroff port");
    platform->poweroff_value = read_u16(reader, "poweroff value");
    platform->poweroff_bytes = read_u8(reader, "poweroff size", 4);
    platform->debug_exit_port = read_u16(reader, "debug-exit port");
}

static void read_segment(struct reader *reader, struct spec_segment *segment)
{
    read_record(reader, "segment", 5);
    segment->vaddr = reader_unsigned(reader, "segment vaddr", 0, MAX_ADDRESS);
    segment->offset = reader_unsigned(reader, "segment offset", 0, MAX_SIZE);
    segment->file_bytes = reader_unsigned(reader, "segment file bytes", 0, MAX_SIZE);
    segment->memory_bytes = reader_unsigned(reader, "segment memory bytes", 0, MAX_SIZE);
    segment->access = read_u8(reader, "segment access", 7);
}

static void read_image(struct reader *reader, struct spec_image *image)
{
    read_record(reader, "image", 6);
    reader_text(reader, "image name", image->name, sizeof image->name);
    reader_bytes(reader, "image sha256", image->sha256, sizeof image->sha256);
    image->bytes = reader_unsigned(reader, "image bytes", 1, MAX_SIZE);
    image->kind = reader_unsigned(reader, "image kind", 0, 1) == 1 ? SPEC_IMAGE_ELF : SPEC_IMAGE_BLOB;
    image->entry = reader_unsigned(reader, "image entry", 0, MAX_ADDRESS);
    image->segment_count = reader_array(reader, "image segments", 0, SPEC_MAX_SEGMENTS);
    for (uint32_t i = 0; i < image->segment_count; i++) {
        read_segment(reader, &image->segment[i]);
    }
}

static void read_object_record(struct reader *reader, struct spec_object *object)
{
    read_record(reader, "object", 7);
    object->owner = read_u8(reader, "object owner", SPEC_DEVICE);
    object->type = (uint8_t)reader_unsigned(reader, "object type", 1, 13);
    object->flags = read_u8(reader, "object flags", UINT8_MAX);
    object->size = reader_unsigned(reader, "object size", 0, MAX_SIZE);
    object->count = (uint32_t)reader_unsigned(reader, "object count", 1, 32768);
    object->content = read_u8(reader, "object content", 64);
    reader_text(reader, "object name", object->name, sizeof object->name);
}

static void read_channel(struct reader *reader, struct spec_channel *channel)
{
    read_record(reader, "channel", 3);
    channel->object = read_object(reader, "channel object");
    channel->end_a = read_u8(reader, "channel end a", SPEC_MAX_DOMAINS - 1);
    channel->end_b = read_u8(reader, "channel end b", SPEC_MAX_DOMAINS - 1);
}

static void read_mapping(struct reader *reader, struct spec_mapping *mapping)
{
    read_record(reader, "mapping", 5);
    mapping->object = read_object(reader, "mapping object");
    mapping->first = read_u32(reader, "mapping first");
    mapping->count = read_u32(reader, "mapping count");
    mapping->vaddr = reader_unsigned(reader, "mapping vaddr", 0, MAX_ADDRESS);
    mapping->access = (uint8_t)reader_unsigned(reader, "mapping access", 1, 15);
}

static void read_capability(struct reader *reader, struct spec_capability *capability)
{
    read_record(reader, "capability", 9);
    capability->slot = (uint32_t)reader_unsigned(reader, "capability slot", 1, UINT16_MAX);
    capability->object = read_object(reader, "capability object");
    capability->first = read_u32(reader, "capability first");
    capability->count = (uint32_t)reader_unsigned(reader, "capability count", 1, 32768);
    capability->rights = read_u8(reader, "capability rights", UINT8_MAX);
    capability->flags = read_u8(reader, "capability flags", 1);
    capability->interface = read_u16(reader, "capability interface");
    capability->mask = read_u32(reader, "capability mask");
    capability->badge = read_u64(reader, "capability badge");
}

static struct spec_range read_capabilities(struct reader *reader, struct spec *spec)
{
    struct spec_range range =
        read_pool(reader, "capabilities", &spec->capability_count, SPEC_POOL_CAPABILITIES);
    for (uint32_t i = 0; i < range.count; i++) {
        read_capability(reader, &spec->capability[range.first + i]);
    }
    return range;
}

static void read_ioport(struct reader *reader, struct spec_ioport *ioport)
{
    read_record(reader, "ioport", 3);
    ioport->slot = (uint32_t)reader_unsigned(reader, "ioport slot", 1, UINT16_MAX);
    ioport->first = read_u16(reader, "ioport first");
    ioport->last = read_u16(reader, "ioport last");
}

static void read_irq(struct reader *reader, struct spec_irq *irq)
{
    read_record(reader, "irq", 5);
    irq->slot = (uint32_t)reader_unsigned(reader, "irq slot", 1, UINT16_MAX);
    irq->gsi = read_u8(reader, "irq gsi", 23);
    irq->flags = read_u8(reader, "irq flags", 3);
    irq->notif = read_object(reader, "irq notif");
    irq->bits = read_u32(reader, "irq bits");
}

static void read_thread(struct reader *reader, struct spec_thread *thread)
{
    read_record(reader, "thread", 12);
    thread->object = read_object(reader, "thread object");
    thread->flags = read_u8(reader, "thread flags", UINT8_MAX);
    thread->sched = read_object(reader, "thread sched");
    thread->budget_us = read_u64(reader, "thread budget");
    thread->period_us = read_u64(reader, "thread period");
    thread->priority = read_u8(reader, "thread priority", 63);
    thread->reserve = read_u16(reader, "thread reserve");
    thread->reserve_us = read_u64(reader, "thread reserve budget");
    thread->notif = read_u16(reader, "thread notif");
    thread->fault = read_u16(reader, "thread fault endpoint");
    thread->fault_badge = read_u64(reader, "thread fault badge");
    thread->stack_top = reader_unsigned(reader, "thread stack top", 0, MAX_ADDRESS);
}

static void read_guest(struct reader *reader, struct spec *spec, struct spec_guest *guest)
{
    uint32_t elements = reader_array(reader, "guest", 0, 5);
    if (reader->failed || elements == 0) {
        return;
    }
    if (elements != 5) {
        reader_refuse(reader, "guest has %u entries, expected 0 or 5", elements);
        return;
    }
    guest->present = true;
    read_name(reader, "guest name", guest->name);
    guest->vcpu = read_object(reader, "guest vcpu");
    guest->space = read_object(reader, "guest space");
    guest->captab = read_object(reader, "guest captab");
    guest->capabilities = read_capabilities(reader, spec);
}

static void read_resource(struct reader *reader, struct spec_resource *resource)
{
    read_record(reader, "resource", 8);
    reader_text(reader, "resource name", resource->name, sizeof resource->name);
    resource->kind = read_u16(reader, "resource kind");
    resource->flags = read_u16(reader, "resource flags");
    resource->slot = read_u32(reader, "resource slot");
    resource->count = read_u32(reader, "resource count");
    resource->address = read_u64(reader, "resource address");
    resource->bytes = read_u64(reader, "resource bytes");
    resource->extra = read_u64(reader, "resource extra");
}

/* The text may be empty and may hold any byte: builder only copies it. */
static struct spec_range read_domain_text(struct reader *reader, struct spec *spec)
{
    struct item item;
    struct spec_range range = {.first = spec->text_bytes};
    if (!reader_item(reader, &item)) {
        return range;
    }
    if (item.kind != ITEM_TEXT || item.value > SPEC_DOMAIN_TEXT ||
        item.value > SPEC_POOL_TEXT - spec->text_bytes) {
        reader_refuse(reader, "domain text is not a text of at most %u bytes", SPEC_DOMAIN_TEXT);
        return range;
    }
    range.count = (uint32_t)item.value;
    memcpy(&spec->text[range.first], item.bytes, range.count);
    spec->text_bytes += range.count;
    return range;
}

static void read_profiles(struct reader *reader, struct spec_domain *domain)
{
    domain->profile_count = reader_array(reader, "profiles", 1, SPEC_MAX_PROFILES);
    for (uint32_t i = 0; i < domain->profile_count; i++) {
        read_record(reader, "profile", 2);
        read_name(reader, "profile name", domain->profile[i].name);
        domain->profile[i].image = read_u8(reader, "profile image", 63);
    }
}

static struct spec_range read_mappings(struct reader *reader, struct spec *spec)
{
    struct spec_range range = read_pool(reader, "mappings", &spec->mapping_count, SPEC_POOL_MAPPINGS);
    for (uint32_t i = 0; i < range.count; i++) {
        read_mapping(reader, &spec->mapping[range.first + i]);
    }
    return range;
}

static void read_ports_and_irqs(struct reader *reader, struct spec *spec, struct spec_domain *domain)
{
    domain->ioports = read_pool(reader, "ioports", &spec->ioport_count, SPEC_POOL_IOPORTS);
    for (uint32_t i = 0; i < domain->ioports.count; i++) {
        read_ioport(reader, &spec->ioport[domain->ioports.first + i]);
    }
    domain->irqs = read_pool(reader, "irqs", &spec->irq_count, SPEC_POOL_IRQS);
    for (uint32_t i = 0; i < domain->irqs.count; i++) {
        read_irq(reader, &spec->irq[domain->irqs.first + i]);
    }
}

static void read_threads(struct reader *reader, struct spec *spec, struct spec_domain *domain)
{
    domain->threads = read_pool(reader, "threads", &spec->thread_count, SPEC_POOL_THREADS);
    for (uint32_t i = 0; i < domain->threads.count; i++) {
        read_thread(reader, &spec->thread[domain->threads.first + i]);
    }
}

static void read_resources(struct reader *reader, struct spec *spec, struct spec_domain *domain)
{
    domain->resources = read_pool(reader, "resources", &spec->resource_count, SPEC_POOL_RESOURCES);
    for (uint32_t i = 0; i < domain->resources.count; i++) {
        read_resource(reader, &spec->resource[domain->resources.first + i]);
    }
}

static void read_msi(struct reader *reader, struct spec_msi *msi)
{
    read_record(reader, "msi", 5);
    msi->slot = (uint32_t)reader_unsigned(reader, "msi slot", 1, UINT16_MAX);
    msi->handle = read_u8(reader, "msi handle", 31);
    msi->source = read_u16(reader, "msi source");
    msi->notif = read_object(reader, "msi notif");
    msi->bits = read_u32(reader, "msi bits");
}

static void read_device(struct reader *reader, struct spec *spec, struct spec_device *device)
{
    read_record(reader, "device", 5);
    device->iospace = read_object(reader, "device iospace");
    device->source = read_u16(reader, "device source");
    device->mappings = read_mappings(reader, spec);
    device->msis = read_pool(reader, "msis", &spec->msi_count, SPEC_POOL_MSIS);
    for (uint32_t i = 0; i < device->msis.count; i++) {
        read_msi(reader, &spec->msi[device->msis.first + i]);
    }
    read_record(reader, "device fault", 2);
    device->fault_notif = read_u16(reader, "device fault notif");
    device->fault_bits = read_u32(reader, "device fault bits");
}

static void read_devices(struct reader *reader, struct spec *spec, struct spec_domain *domain)
{
    domain->devices = read_pool(reader, "devices", &spec->device_count, SPEC_POOL_DEVICES);
    for (uint32_t i = 0; i < domain->devices.count; i++) {
        read_device(reader, spec, &spec->device[domain->devices.first + i]);
    }
}

static void read_domain(struct reader *reader, struct spec *spec, uint32_t index)
{
    struct spec_domain *domain = &spec->domain[index];
    read_record(reader, "domain", 22);
    (void)reader_unsigned(reader, "domain id", index, index);
    read_name(reader, "domain name", domain->name);
    domain->start = reader_boolean(reader, "domain start");
    domain->compartment = read_u32(reader, "domain compartment");
    read_memory(reader, "domain memory", &domain->memory);
    domain->captab = read_object(reader, "domain captab");
    domain->space = read_object(reader, "domain space");
    domain->image_frames = read_object(reader, "domain image frames");
    domain->info_frame = read_object(reader, "domain info frame");
    read_profiles(reader, domain);
    read_record(reader, "heap", 2);
    domain->heap_address = reader_unsigned(reader, "heap vaddr", 0, MAX_ADDRESS);
    domain->heap_bytes = reader_unsigned(reader, "heap bytes", 0, MAX_SIZE);
    domain->mappings = read_mappings(reader, spec);
    domain->capabilities = read_capabilities(reader, spec);
    read_ports_and_irqs(reader, spec, domain);
    read_threads(reader, spec, domain);
    read_guest(reader, spec, &domain->guest);
    read_resources(reader, spec, domain);
    domain->text = read_domain_text(reader, spec);
    read_record(reader, "restart", 3);
    domain->restart.on = read_u8(reader, "restart on", 3);
    domain->restart.max = read_u32(reader, "restart max");
    domain->restart.window_s = read_u32(reader, "restart window");
    domain->once = reader_boolean(reader, "domain once");
    read_devices(reader, spec, domain);
}

/* focus: name / "" */
static void read_focus(struct reader *reader, struct spec *spec)
{
    struct reader ahead = *reader;
    struct item item;
    if (reader_item(&ahead, &item) && item.kind == ITEM_TEXT && item.value == 0) {
        *reader = ahead;
        return;
    }
    read_name(reader, "focus", spec->focus);
}

static void read_lists(struct reader *reader, struct spec *spec)
{
    spec->image_count = reader_array(reader, "images", 0, SPEC_MAX_IMAGES);
    for (uint32_t i = 0; i < spec->image_count; i++) {
        read_image(reader, &spec->image[i]);
    }
    spec->object_count = reader_array(reader, "objects", 0, SPEC_MAX_OBJECTS);
    for (uint32_t i = 0; i < spec->object_count; i++) {
        read_object_record(reader, &spec->object[i]);
    }
    read_memory(reader, "shared memory", &spec->shared);
    spec->channel_count = reader_array(reader, "channels", 0, SPEC_MAX_CHANNELS);
    for (uint32_t i = 0; i < spec->channel_count; i++) {
        read_channel(reader, &spec->channel[i]);
    }
    spec->builder_endpoint = read_object(reader, "builder's endpoint");
    spec->domain_count = reader_array(reader, "domains", 1, SPEC_MAX_DOMAINS);
    for (uint32_t i = 0; i < spec->domain_count && !reader->failed; i++) {
        read_domain(reader, spec, i);
    }
}

/* Claims are proved by `capdl prove`; builder only sees that a list is there. */
static void read_claims(struct reader *reader)
{
    enum item_kind kind;
    if (reader_peek(reader, &kind) && kind != ITEM_ARRAY) {
        reader_refuse(reader, "claims is not an array");
        return;
    }
    reader_skip(reader);
}

static void read_windows(struct reader *reader, struct spec *spec)
{
    spec->window_count = reader_array(reader, "windows", 0, SPEC_MAX_WINDOWS);
    for (uint32_t i = 0; i < spec->window_count; i++) {
        read_record(reader, "window", 2);
        spec->window[i].object = read_object(reader, "window object");
        spec->window[i].base = reader_unsigned(reader, "window base", 0, MAX_ADDRESS);
    }
}

bool spec_decode(struct spec *spec, const uint8_t *cbor, uint64_t len_bytes, struct refusal *why)
{
    struct reader reader;
    memset(spec, 0, sizeof *spec);
    if (!reader_check(cbor, len_bytes, why)) {
        return false;
    }
    reader_open(&reader, cbor, len_bytes, why);
    /* The version comes first and alone decides how long the rest is. */
    (void)reader_array(&reader, "system", 1, UINT32_MAX);
    uint64_t version = read_u64(&reader, "version");
    if (!reader.failed && version != SPEC_VERSION) {
        return reader_refuse(&reader, "description version %llu, this builder reads %u",
                             (unsigned long long)version, SPEC_VERSION);
    }
    reader_open(&reader, cbor, len_bytes, why);
    read_record(&reader, "system", 13);
    (void)read_u64(&reader, "version");
    read_name(&reader, "system name", spec->name);
    read_focus(&reader, spec);
    read_platform(&reader, &spec->platform);
    read_lists(&reader, spec);
    read_claims(&reader);
    spec->unsafe_dma = reader_boolean(&reader, "unsafe-dma");
    read_windows(&reader, spec);
    return !reader.failed;
}
