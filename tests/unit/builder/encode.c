#include "encode.h"

#include <stdlib.h>
#include <string.h>

enum { UNSIGNED = 0, BYTES = 2, TEXT = 3, ARRAY = 4 };

static void put(struct encoder *encoder, const void *bytes, size_t len)
{
    if (len > encoder->capacity - encoder->used) {
        abort(); /* the test's buffer is too small */
    }
    memcpy(encoder->out + encoder->used, bytes, len);
    encoder->used += len;
}

static void put_byte(struct encoder *encoder, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    put(encoder, &byte, 1);
}

void encode_head(struct encoder *encoder, unsigned major, uint64_t value)
{
    unsigned bytes = value < 24            ? 0
                     : value <= UINT8_MAX  ? 1
                     : value <= UINT16_MAX ? 2
                     : value <= UINT32_MAX ? 4
                                           : 8;
    unsigned info = bytes == 0 ? (unsigned)value : bytes == 1 ? 24 : bytes == 2 ? 25 : bytes == 4 ? 26 : 27;
    put_byte(encoder, major << 5 | info);
    for (unsigned i = bytes; i > 0; i--) {
        put_byte(encoder, (unsigned)(value >> (i - 1) * 8 & 0xff));
    }
}

static void number(struct encoder *encoder, uint64_t value)
{
    encode_head(encoder, UNSIGNED, value);
}

static void array(struct encoder *encoder, uint64_t count)
{
    encode_head(encoder, ARRAY, count);
}

static void text_bytes(struct encoder *encoder, const char *text, size_t len)
{
    encode_head(encoder, TEXT, len);
    put(encoder, text, len);
}

void encode_text(struct encoder *encoder, const char *text)
{
    text_bytes(encoder, text, strlen(text));
}

static void platform(struct encoder *e, const struct spec_platform *platform)
{
    array(e, 6);
    encode_text(e, platform->machine);
    number(e, platform->memory_mib);
    array(e, 2);
    number(e, platform->com1_port);
    number(e, platform->com1_gsi);
    array(e, 2);
    number(e, platform->com2_port);
    number(e, platform->com2_gsi);
    array(e, 3);
    number(e, platform->poweroff_port);
    number(e, platform->poweroff_value);
    number(e, platform->poweroff_bytes);
    number(e, platform->debug_exit_port);
}

static void memory(struct encoder *e, const struct spec_memory *memory)
{
    array(e, 2);
    number(e, memory->bytes);
    number(e, memory->align);
}

static void image(struct encoder *e, const struct spec_image *image)
{
    array(e, 6);
    encode_text(e, image->name);
    encode_head(e, BYTES, sizeof image->sha256);
    put(e, image->sha256, sizeof image->sha256);
    number(e, image->bytes);
    number(e, image->kind);
    number(e, image->entry);
    array(e, image->segment_count);
    for (uint32_t i = 0; i < image->segment_count; i++) {
        array(e, 5);
        number(e, image->segment[i].vaddr);
        number(e, image->segment[i].offset);
        number(e, image->segment[i].file_bytes);
        number(e, image->segment[i].memory_bytes);
        number(e, image->segment[i].access);
    }
}

static void object(struct encoder *e, const struct spec_object *object)
{
    array(e, 7);
    number(e, object->owner);
    number(e, object->type);
    number(e, object->flags);
    number(e, object->size);
    number(e, object->count);
    number(e, object->content);
    encode_text(e, object->name);
}

static void capabilities(struct encoder *e, const struct spec *spec, struct spec_range range)
{
    array(e, range.count);
    for (uint32_t i = 0; i < range.count; i++) {
        const struct spec_capability *capability = &spec->capability[range.first + i];
        array(e, 9);
        number(e, capability->slot);
        number(e, capability->object);
        number(e, capability->first);
        number(e, capability->count);
        number(e, capability->rights);
        number(e, capability->flags);
        number(e, capability->interface);
        number(e, capability->mask);
        number(e, capability->badge);
    }
}

static void mappings(struct encoder *e, const struct spec *spec, struct spec_range range)
{
    array(e, range.count);
    for (uint32_t i = 0; i < range.count; i++) {
        const struct spec_mapping *mapping = &spec->mapping[range.first + i];
        array(e, 5);
        number(e, mapping->object);
        number(e, mapping->first);
        number(e, mapping->count);
        number(e, mapping->vaddr);
        number(e, mapping->access);
    }
}

static void devices(struct encoder *e, const struct spec *spec, const struct spec_domain *domain)
{
    array(e, domain->ioports.count);
    for (uint32_t i = 0; i < domain->ioports.count; i++) {
        const struct spec_ioport *ioport = &spec->ioport[domain->ioports.first + i];
        array(e, 3);
        number(e, ioport->slot);
        number(e, ioport->first);
        number(e, ioport->last);
    }
    array(e, domain->irqs.count);
    for (uint32_t i = 0; i < domain->irqs.count; i++) {
        const struct spec_irq *irq = &spec->irq[domain->irqs.first + i];
        array(e, 5);
        number(e, irq->slot);
        number(e, irq->gsi);
        number(e, irq->flags);
        number(e, irq->notif);
        number(e, irq->bits);
    }
}

static void bus_masters(struct encoder *e, const struct spec *spec, struct spec_range range)
{
    array(e, range.count);
    for (uint32_t i = 0; i < range.count; i++) {
        const struct spec_device *device = &spec->device[range.first + i];
        array(e, 5);
        number(e, device->iospace);
        number(e, device->source);
        mappings(e, spec, device->mappings);
        array(e, device->msis.count);
        for (uint32_t m = 0; m < device->msis.count; m++) {
            const struct spec_msi *msi = &spec->msi[device->msis.first + m];
            array(e, 5);
            number(e, msi->slot);
            number(e, msi->handle);
            number(e, msi->source);
            number(e, msi->notif);
            number(e, msi->bits);
        }
        array(e, 2);
        number(e, device->fault_notif);
        number(e, device->fault_bits);
    }
}

static void threads(struct encoder *e, const struct spec *spec, struct spec_range range)
{
    array(e, range.count);
    for (uint32_t i = 0; i < range.count; i++) {
        const struct spec_thread *thread = &spec->thread[range.first + i];
        array(e, 12);
        number(e, thread->object);
        number(e, thread->flags);
        number(e, thread->sched);
        number(e, thread->budget_us);
        number(e, thread->period_us);
        number(e, thread->priority);
        number(e, thread->reserve);
        number(e, thread->reserve_us);
        number(e, thread->notif);
        number(e, thread->fault);
        number(e, thread->fault_badge);
        number(e, thread->stack_top);
    }
}

static void guest(struct encoder *e, const struct spec *spec, const struct spec_guest *guest)
{
    array(e, guest->present ? 5 : 0);
    if (guest->present) {
        encode_text(e, guest->name);
        number(e, guest->vcpu);
        number(e, guest->space);
        number(e, guest->captab);
        capabilities(e, spec, guest->capabilities);
    }
}

static void resources(struct encoder *e, const struct spec *spec, struct spec_range range)
{
    array(e, range.count);
    for (uint32_t i = 0; i < range.count; i++) {
        const struct spec_resource *resource = &spec->resource[range.first + i];
        array(e, 8);
        encode_text(e, resource->name);
        number(e, resource->kind);
        number(e, resource->flags);
        number(e, resource->slot);
        number(e, resource->count);
        number(e, resource->address);
        number(e, resource->bytes);
        number(e, resource->extra);
    }
}

static void domain_head(struct encoder *e, const struct spec *spec, uint32_t id)
{
    const struct spec_domain *domain = &spec->domain[id];
    array(e, 22);
    number(e, id);
    encode_text(e, domain->name);
    put_byte(e, domain->start ? 0xf5 : 0xf4);
    number(e, domain->compartment);
    memory(e, &domain->memory);
    number(e, domain->captab);
    number(e, domain->space);
    number(e, domain->image_frames);
    number(e, domain->info_frame);
    array(e, domain->profile_count);
    for (uint32_t i = 0; i < domain->profile_count; i++) {
        array(e, 2);
        encode_text(e, domain->profile[i].name);
        number(e, domain->profile[i].image);
    }
    array(e, 2);
    number(e, domain->heap_address);
    number(e, domain->heap_bytes);
}

static void domain(struct encoder *e, const struct spec *spec, uint32_t id)
{
    const struct spec_domain *domain = &spec->domain[id];
    domain_head(e, spec, id);
    mappings(e, spec, domain->mappings);
    capabilities(e, spec, domain->capabilities);
    devices(e, spec, domain);
    threads(e, spec, domain->threads);
    guest(e, spec, &domain->guest);
    resources(e, spec, domain->resources);
    text_bytes(e, &spec->text[domain->text.first], domain->text.count);
    array(e, 3);
    number(e, domain->restart.on);
    number(e, domain->restart.max);
    number(e, domain->restart.window_s);
    put_byte(e, domain->once ? 0xf5 : 0xf4);
    bus_masters(e, spec, domain->devices);
}

static void claims_and_windows(struct encoder *e, const struct spec *spec)
{
    array(e, 1); /* one claim, which builder must step over */
    array(e, 4);
    number(e, 5);
    encode_text(e, "only mgmt and scan hold an I/O port");
    array(e, 2);
    encode_text(e, "mgmt");
    encode_text(e, "scan");
    number(e, 1 << 12);
    put_byte(e, spec->unsafe_dma ? 0xf5 : 0xf4);
    array(e, spec->window_count);
    for (uint32_t i = 0; i < spec->window_count; i++) {
        array(e, 2);
        number(e, spec->window[i].object);
        number(e, spec->window[i].base);
    }
}

size_t encode_spec(const struct spec *spec, uint64_t version, uint8_t *out, size_t capacity)
{
    struct encoder encoder = {.out = out, .capacity = capacity}, *e = &encoder;
    array(e, 13);
    number(e, version);
    encode_text(e, spec->name);
    encode_text(e, spec->focus);
    platform(e, &spec->platform);
    array(e, spec->image_count);
    for (uint32_t i = 0; i < spec->image_count; i++) {
        image(e, &spec->image[i]);
    }
    array(e, spec->object_count);
    for (uint32_t i = 0; i < spec->object_count; i++) {
        object(e, &spec->object[i]);
    }
    memory(e, &spec->shared);
    array(e, spec->channel_count);
    for (uint32_t i = 0; i < spec->channel_count; i++) {
        array(e, 3);
        number(e, spec->channel[i].object);
        number(e, spec->channel[i].end_a);
        number(e, spec->channel[i].end_b);
    }
    number(e, spec->builder_endpoint);
    array(e, spec->domain_count);
    for (uint32_t i = 0; i < spec->domain_count; i++) {
        domain(e, spec, i);
    }
    claims_and_windows(e, spec);
    return encoder.used;
}
