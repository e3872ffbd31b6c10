#include "sample.h"

#include <string.h>

#include "format.h"

#include <bulkhead/abi.h>
#include <bulkhead/builder.h>
#include <bulkhead/domain.h>

static void store(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        at[i] = (uint8_t)(value >> i * 8);
    }
}

static void program_header(uint8_t *at, uint32_t flags, uint64_t offset, uint64_t vaddr, uint64_t file,
                           uint64_t memory)
{
    store(at, 1, 4);
    store(at + 4, flags, 4);
    store(at + 8, offset, 8);
    store(at + 16, vaddr, 8);
    store(at + 24, vaddr, 8);
    store(at + 32, file, 8);
    store(at + 40, memory, 8);
    store(at + 48, 4096, 8);
}

void sample_elf(uint8_t file[SAMPLE_ELF_BYTES])
{
    static const uint8_t ident[8] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0};
    memset(file, 0, SAMPLE_ELF_BYTES);
    memcpy(file, ident, sizeof ident);
    store(file + 16, 2, 2);
    store(file + 18, 62, 2);
    store(file + 20, 1, 4);
    store(file + 24, 0x400010, 8);
    store(file + 32, 64, 8);
    store(file + 52, 64, 2);
    store(file + 54, 56, 2);
    store(file + 56, 2, 2);
    program_header(file + 64, 5, 0x1000, 0x400000, 0x80, 0x80);
    program_header(file + 120, 6, 0x2010, 0x401010, 0xf0, 0x1100);
    memset(file + 0x1000, 0x90, 0x80);
    for (unsigned i = 0; i < 0xf0; i++) {
        file[0x2010 + i] = (uint8_t)(i + 1);
    }
}

void sample_blob(uint8_t file[SAMPLE_BLOB_BYTES])
{
    for (unsigned i = 0; i < SAMPLE_BLOB_BYTES; i++) {
        file[i] = (uint8_t)(i * 13 + i / 256);
    }
}

static void images(struct spec *spec)
{
    spec->image_count = 2;
    spec->image[SAMPLE_BLOB] = (struct spec_image){.name = "blob.bin", .bytes = SAMPLE_BLOB_BYTES};
    spec->image[SAMPLE_PROGRAM] = (struct spec_image){
        .name = "tiny",
        .bytes = SAMPLE_ELF_BYTES,
        .kind = SPEC_IMAGE_ELF,
        .entry = 0x400010,
        .segment_count = 2,
        .segment = {{0x400000, 0x1000, 0x80, 0x80, MAP_READ | MAP_EXEC},
                    {0x401010, 0x2010, 0xf0, 0x1100, MAP_READ | MAP_WRITE}},
    };
}

static void object(struct spec *spec, unsigned number, uint8_t owner, uint8_t type, uint64_t size,
                   uint32_t count, const char *name)
{
    struct spec_object *object = &spec->object[number];
    *object = (struct spec_object){.owner = owner, .type = type, .size = size, .count = count};
    format_text(object->name, sizeof object->name, "%s", name);
}

static void shared_objects(struct spec *spec)
{
    object(spec, SAMPLE_POOL, SPEC_SHARED, OBJECT_TYPE_FRAME, 0x200000, 1, "pool");
    object(spec, SAMPLE_CONTENT, SPEC_SHARED, OBJECT_TYPE_FRAME, 4096, 2, "blob");
    spec->object[SAMPLE_CONTENT].content = SAMPLE_BLOB + 1;
    object(spec, SAMPLE_CHANNEL, SPEC_SHARED, OBJECT_TYPE_FRAME, 4096, 4, "console");
    object(spec, SAMPLE_BUILDER, SPEC_SHARED, OBJECT_TYPE_ENDPOINT, 1024, 1, "builder");
    object(spec, SAMPLE_TENANT, SPEC_SHARED, OBJECT_TYPE_ENDPOINT, 1024, 1, "tenant");
    object(spec, SAMPLE_BELL, SPEC_SHARED, OBJECT_TYPE_NOTIF, 256, 1, "bell");
    object(spec, SAMPLE_DRIVER_BELL, SPEC_SHARED, OBJECT_TYPE_NOTIF, 256, 1, "driver-bell");
    spec->shared = (struct spec_memory){0x207000, 0x200000};
}

static void mgmt_objects(struct spec *spec)
{
    object(spec, MGMT_CAPTAB, SAMPLE_MGMT, OBJECT_TYPE_CAPTAB, 4096, 1, "mgmt-table");
    object(spec, MGMT_SPACE, SAMPLE_MGMT, OBJECT_TYPE_SPACE, 4096 * 12, 1, "mgmt-space");
    object(spec, MGMT_IMAGE, SAMPLE_MGMT, OBJECT_TYPE_FRAME, 4096, 4, "mgmt-image");
    object(spec, MGMT_INFO, SAMPLE_MGMT, OBJECT_TYPE_FRAME, 4096, 1, "mgmt-info");
    object(spec, MGMT_STACK, SAMPLE_MGMT, OBJECT_TYPE_FRAME, 4096, 2, "mgmt-stack");
    object(spec, MGMT_THREAD, SAMPLE_MGMT, OBJECT_TYPE_THREAD, 4096, 1, "mgmt-thread");
    object(spec, MGMT_SCHED, SAMPLE_MGMT, OBJECT_TYPE_SCHED, 256, 1, "mgmt-sched");
    object(spec, MGMT_RESERVE, SAMPLE_MGMT, OBJECT_TYPE_SCHED, 256, 1, "mgmt-reserve");
}

static void vmm_objects(struct spec *spec)
{
    object(spec, VMM_RAM, SAMPLE_VMM, OBJECT_TYPE_FRAME, 0x200000, 2, "ram");
    object(spec, VMM_CAPTAB, SAMPLE_VMM, OBJECT_TYPE_CAPTAB, 4096, 1, "vmm-table");
    object(spec, VMM_SPACE, SAMPLE_VMM, OBJECT_TYPE_SPACE, 4096 * 12, 1, "vmm-space");
    object(spec, VMM_IMAGE, SAMPLE_VMM, OBJECT_TYPE_FRAME, 4096, 3, "vmm-image");
    object(spec, VMM_INFO, SAMPLE_VMM, OBJECT_TYPE_FRAME, 4096, 1, "vmm-info");
    object(spec, VMM_STACK, SAMPLE_VMM, OBJECT_TYPE_FRAME, 4096, 2, "vmm-stack");
    object(spec, VMM_THREAD, SAMPLE_VMM, OBJECT_TYPE_THREAD, 4096, 1, "vmm-thread");
    object(spec, VMM_VCPU, SAMPLE_VMM, OBJECT_TYPE_VCPU, 16384, 1, "vcpu");
    object(spec, VMM_GUEST_SPACE, SAMPLE_VMM, OBJECT_TYPE_SPACE, 4096 * 8, 1, "guest-space");
    spec->object[VMM_GUEST_SPACE].flags = SPACE_GUEST;
    object(spec, VMM_GUEST_CAPTAB, SAMPLE_VMM, OBJECT_TYPE_CAPTAB, 4096, 1, "guest-table");
    spec->object[VMM_GUEST_CAPTAB].flags = CAPTAB_TERMINAL;
    object(spec, VMM_SCHED, SAMPLE_VMM, OBJECT_TYPE_SCHED, 256, 1, "vmm-sched");
    object(spec, VMM_NOTIF, SAMPLE_VMM, OBJECT_TYPE_NOTIF, 256, 1, "vmm-notif");
}

static void driver_objects(struct spec *spec)
{
    object(spec, DRIVER_CAPTAB, SAMPLE_DRIVER, OBJECT_TYPE_CAPTAB, 4096, 1, "driver-table");
    object(spec, DRIVER_SPACE, SAMPLE_DRIVER, OBJECT_TYPE_SPACE, 4096 * 12, 1, "driver-space");
    object(spec, DRIVER_IOSPACE, SAMPLE_DRIVER, OBJECT_TYPE_IOSPACE, 4096 * 8, 1, "driver-iospace");
    object(spec, DRIVER_IMAGE, SAMPLE_DRIVER, OBJECT_TYPE_FRAME, 4096, 3, "driver-image");
    object(spec, DRIVER_INFO, SAMPLE_DRIVER, OBJECT_TYPE_FRAME, 4096, 1, "driver-info");
    object(spec, DRIVER_STACK, SAMPLE_DRIVER, OBJECT_TYPE_FRAME, 4096, 1, "driver-stack");
    object(spec, DRIVER_DMA, SAMPLE_DRIVER, OBJECT_TYPE_FRAME, 4096, 2, "driver-dma");
    object(spec, DRIVER_THREAD, SAMPLE_DRIVER, OBJECT_TYPE_THREAD, 4096, 1, "driver-thread");
    object(spec, DRIVER_SCHED, SAMPLE_DRIVER, OBJECT_TYPE_SCHED, 256, 1, "driver-sched");
}

static void scan_objects(struct spec *spec)
{
    object(spec, SCAN_CAPTAB, SAMPLE_SCAN, OBJECT_TYPE_CAPTAB, 4096, 1, "scan-table");
    object(spec, SCAN_SPACE, SAMPLE_SCAN, OBJECT_TYPE_SPACE, 4096 * 12, 1, "scan-space");
    object(spec, SCAN_IMAGE, SAMPLE_SCAN, OBJECT_TYPE_FRAME, 4096, 3, "scan-image");
    object(spec, SCAN_INFO, SAMPLE_SCAN, OBJECT_TYPE_FRAME, 4096, 1, "scan-info");
    object(spec, SCAN_STACK, SAMPLE_SCAN, OBJECT_TYPE_FRAME, 4096, 1, "scan-stack");
    object(spec, SCAN_THREAD, SAMPLE_SCAN, OBJECT_TYPE_THREAD, 4096, 1, "scan-thread");
    object(spec, SCAN_SCHED, SAMPLE_SCAN, OBJECT_TYPE_SCHED, 256, 1, "scan-sched");
}

static void device_memory(struct spec *spec)
{
    object(spec, SAMPLE_BAR, SPEC_DEVICE, OBJECT_TYPE_FRAME, 4096, 3, "bar");
    object(spec, SAMPLE_CONFIG, SPEC_DEVICE, OBJECT_TYPE_FRAME, 4096, 1, "config");
    spec->window_count = 2;
    spec->window[0] = (struct spec_window){SAMPLE_BAR, SAMPLE_BAR_BASE};
    spec->window[1] = (struct spec_window){SAMPLE_CONFIG, SAMPLE_CONFIG_BASE};
    spec->object_count = SAMPLE_OBJECTS;
}

static void map(struct spec *spec, struct spec_domain *domain, uint16_t object, uint32_t count,
                uint64_t vaddr, uint8_t access)
{
    spec->mapping[spec->mapping_count++] =
        (struct spec_mapping){.object = object, .count = count, .vaddr = vaddr, .access = access};
    domain->mappings.count++;
}

static struct spec_capability *give(struct spec *spec, struct spec_range *range, uint32_t slot,
                                    uint16_t object, uint32_t count, unsigned rights)
{
    struct spec_capability *capability = &spec->capability[spec->capability_count++];
    *capability =
        (struct spec_capability){.slot = slot, .object = object, .count = count, .rights = (uint8_t)rights};
    range->count++;
    return capability;
}

static void thread(struct spec *spec, struct spec_domain *domain, struct spec_thread thread)
{
    domain->threads = (struct spec_range){.first = spec->thread_count, .count = 1};
    spec->thread[spec->thread_count++] = thread;
}

static void mgmt(struct spec *spec)
{
    struct spec_domain *domain = &spec->domain[SAMPLE_MGMT];
    *domain = (struct spec_domain){.name = "mgmt",
                                   .start = true,
                                   .compartment = 1,
                                   .memory = {0x16000, 4096},
                                   .captab = MGMT_CAPTAB,
                                   .space = MGMT_SPACE,
                                   .image_frames = MGMT_IMAGE,
                                   .info_frame = MGMT_INFO,
                                   .profile_count = 1,
                                   .profile = {{"described", 1}},
                                   .restart = {.on = 1, .max = 2, .window_s = 60}};
    map(spec, domain, MGMT_STACK, 2, SAMPLE_STACK_TOP - 8192, MAP_READ | MAP_WRITE);
    map(spec, domain, SAMPLE_CHANNEL, 4, SAMPLE_CHANNEL_ADDRESS, MAP_READ | MAP_WRITE);
    give(spec, &domain->capabilities, 2, SAMPLE_TENANT, 1, RIGHT_WAIT);
    struct spec_capability *builder = give(spec, &domain->capabilities, 3, SAMPLE_BUILDER, 1, RIGHT_CALL);
    builder->interface = 17;
    builder->mask = 0x7f;
    domain->ioports.count = 1;
    spec->ioport[spec->ioport_count++] = (struct spec_ioport){.slot = 4, .first = 0x3f8, .last = 0x3ff};
    domain->irqs.count = 1;
    spec->irq[spec->irq_count++] = (struct spec_irq){.slot = 5, .gsi = 4, .notif = SAMPLE_BELL, .bits = 1};
    thread(spec, domain,
           (struct spec_thread){.object = MGMT_THREAD,
                                .sched = MGMT_SCHED,
                                .budget_us = 2000,
                                .period_us = 10000,
                                .priority = 20,
                                .reserve = MGMT_RESERVE,
                                .reserve_us = 1000,
                                .notif = SAMPLE_BELL,
                                .fault = SAMPLE_BUILDER,
                                .fault_badge = SAMPLE_MGMT,
                                .stack_top = SAMPLE_STACK_TOP});
    domain->resources.count = 1;
    spec->resource[spec->resource_count++] = (struct spec_resource){
        .name = "com1", .kind = RESOURCE_KIND_IOPORT, .slot = 4, .count = 1, .extra = 0x3f8};
    memcpy(spec->text, "0 mgmt - on-failure/2\n", 22);
    spec->text_bytes = domain->text.count = 22;
}

static void vmm_runs(struct spec *spec, struct spec_domain *domain)
{
    thread(spec, domain,
           (struct spec_thread){.object = VMM_THREAD,
                                .sched = VMM_SCHED,
                                .budget_us = 5000,
                                .period_us = 10000,
                                .priority = 10,
                                .reserve = SPEC_NONE,
                                .notif = VMM_NOTIF,
                                .fault = SAMPLE_TENANT,
                                .fault_badge = SAMPLE_VMM,
                                .stack_top = SAMPLE_STACK_TOP});
    domain->guest = (struct spec_guest){.present = true,
                                        .name = "a",
                                        .vcpu = VMM_VCPU,
                                        .space = VMM_GUEST_SPACE,
                                        .captab = VMM_GUEST_CAPTAB,
                                        .capabilities = {spec->capability_count, 0}};
    struct spec_capability *tenant = give(spec, &domain->guest.capabilities, 1, SAMPLE_TENANT, 1, RIGHT_CALL);
    *tenant = (struct spec_capability){.slot = 1,
                                       .object = SAMPLE_TENANT,
                                       .count = 1,
                                       .rights = RIGHT_CALL,
                                       .flags = COPY_SEALED,
                                       .interface = 16,
                                       .mask = 0xf,
                                       .badge = 1};
    domain->resources.first = spec->resource_count;
    domain->text.first = spec->text_bytes;
}

static void vmm(struct spec *spec)
{
    struct spec_domain *domain = &spec->domain[SAMPLE_VMM];
    *domain = (struct spec_domain){.name = "vmm-a",
                                   .start = true,
                                   .compartment = 2,
                                   .memory = {0x422000, 0x200000},
                                   .captab = VMM_CAPTAB,
                                   .space = VMM_SPACE,
                                   .image_frames = VMM_IMAGE,
                                   .info_frame = VMM_INFO,
                                   .profile_count = 1,
                                   .profile = {{"described", 1}}};
    domain->mappings.first = spec->mapping_count;
    map(spec, domain, VMM_STACK, 2, SAMPLE_STACK_TOP - 8192, MAP_READ | MAP_WRITE);
    map(spec, domain, SAMPLE_CHANNEL, 4, SAMPLE_CHANNEL_ADDRESS, MAP_READ | MAP_WRITE);
    map(spec, domain, SAMPLE_CONTENT, 2, SAMPLE_CHANNEL_ADDRESS + 0x10000, MAP_READ);
    map(spec, domain, VMM_VCPU, 1, SAMPLE_CHANNEL_ADDRESS + 0x20000, MAP_READ | MAP_WRITE);
    domain->capabilities.first = spec->capability_count;
    give(spec, &domain->capabilities, 2, VMM_RAM, 2, RIGHT_READ | RIGHT_WRITE);
    give(spec, &domain->capabilities, 4, VMM_RAM, 2, RIGHT_READ | RIGHT_WRITE | RIGHT_EXEC);
    give(spec, &domain->capabilities, 6, VMM_VCPU, 1, RIGHT_MANAGE);
    give(spec, &domain->capabilities, 7, VMM_GUEST_SPACE, 1, RIGHT_MANAGE);
    domain->ioports.first = spec->ioport_count;
    domain->irqs.first = spec->irq_count;
    vmm_runs(spec, domain);
}

/* Lists of a domain that follow what is there of the domains before it. */
static void open_ranges(struct spec *spec, struct spec_domain *domain)
{
    domain->mappings.first = spec->mapping_count;
    domain->capabilities.first = spec->capability_count;
    domain->ioports.first = spec->ioport_count;
    domain->irqs.first = spec->irq_count;
    domain->devices.first = spec->device_count;
    domain->resources.first = spec->resource_count;
    domain->text.first = spec->text_bytes;
}

static void device(struct spec *spec, struct spec_domain *domain)
{
    domain->devices.count = 1;
    spec->device[spec->device_count++] = (struct spec_device){
        .iospace = DRIVER_IOSPACE,
        .source = SAMPLE_SOURCE,
        .fault_notif = SAMPLE_DRIVER_BELL,
        .fault_bits = 0x200,
        .mappings = {spec->mapping_count, 2},
        .msis = {spec->msi_count, 1},
    };
    spec->mapping[spec->mapping_count++] = (struct spec_mapping){
        .object = SAMPLE_POOL, .count = 1, .vaddr = SAMPLE_POOL_IOVA, .access = MAP_READ};
    spec->mapping[spec->mapping_count++] = (struct spec_mapping){
        .object = DRIVER_DMA, .count = 2, .vaddr = SAMPLE_DMA_IOVA, .access = MAP_READ | MAP_WRITE};
    spec->msi[spec->msi_count++] = (struct spec_msi){
        .slot = 5, .handle = SAMPLE_MSI, .source = SAMPLE_SOURCE, .notif = SAMPLE_DRIVER_BELL, .bits = 0x100};
}

static void driver(struct spec *spec)
{
    struct spec_domain *domain = &spec->domain[SAMPLE_DRIVER];
    *domain = (struct spec_domain){.name = "driver",
                                   .start = true,
                                   .compartment = 3,
                                   .memory = {0x1e000, 4096},
                                   .captab = DRIVER_CAPTAB,
                                   .space = DRIVER_SPACE,
                                   .image_frames = DRIVER_IMAGE,
                                   .info_frame = DRIVER_INFO,
                                   .profile_count = 1,
                                   .profile = {{"described", 1}}};
    open_ranges(spec, domain);
    map(spec, domain, DRIVER_STACK, 1, SAMPLE_STACK_TOP - 4096, MAP_READ | MAP_WRITE);
    map(spec, domain, DRIVER_DMA, 2, SAMPLE_DMA_ADDRESS, MAP_READ | MAP_WRITE);
    map(spec, domain, SAMPLE_BAR, 2, SAMPLE_BAR_ADDRESS, MAP_READ | MAP_WRITE | MAP_UNCACHED);
    device(spec, domain);
    thread(spec, domain,
           (struct spec_thread){.object = DRIVER_THREAD,
                                .sched = DRIVER_SCHED,
                                .budget_us = 1000,
                                .period_us = 10000,
                                .priority = 20,
                                .reserve = SPEC_NONE,
                                .notif = SAMPLE_DRIVER_BELL,
                                .fault = SAMPLE_TENANT,
                                .fault_badge = SAMPLE_DRIVER,
                                .stack_top = SAMPLE_STACK_TOP});
}

static void scan(struct spec *spec)
{
    struct spec_domain *domain = &spec->domain[SAMPLE_SCAN];
    *domain = (struct spec_domain){.name = "scan",
                                   .once = true,
                                   .compartment = 4,
                                   .memory = {0x14000, 4096},
                                   .captab = SCAN_CAPTAB,
                                   .space = SCAN_SPACE,
                                   .image_frames = SCAN_IMAGE,
                                   .info_frame = SCAN_INFO,
                                   .profile_count = 1,
                                   .profile = {{"described", 1}}};
    open_ranges(spec, domain);
    map(spec, domain, SCAN_STACK, 1, SAMPLE_STACK_TOP - 4096, MAP_READ | MAP_WRITE);
    map(spec, domain, SAMPLE_CONFIG, 1, SAMPLE_BAR_ADDRESS, MAP_READ | MAP_WRITE | MAP_UNCACHED);
    struct spec_capability *builder = give(spec, &domain->capabilities, 3, SAMPLE_BUILDER, 1, RIGHT_CALL);
    builder->interface = INTERFACE_BUILDER;
    builder->mask = UINT32_C(1) << BUILDER_FINISHED;
    builder->badge = SAMPLE_SCAN;
    domain->ioports.count = 1;
    spec->ioport[spec->ioport_count++] = (struct spec_ioport){.slot = 4, .first = 0xcf8, .last = 0xcff};
    thread(spec, domain,
           (struct spec_thread){.object = SCAN_THREAD,
                                .sched = SCAN_SCHED,
                                .budget_us = 1000,
                                .period_us = 10000,
                                .priority = 20,
                                .reserve = SPEC_NONE,
                                .notif = SPEC_NONE,
                                .fault = SAMPLE_BUILDER,
                                .fault_badge = SAMPLE_SCAN,
                                .stack_top = SAMPLE_STACK_TOP});
    domain->resources.count = 1;
    spec->resource[spec->resource_count++] = (struct spec_resource){
        .name = SPEC_RESOURCE_MSI, .kind = RESOURCE_KIND_NUMBER, .flags = SPEC_RESOURCE_FILLED};
}

void sample_spec(struct spec *spec)
{
    memset(spec, 0, sizeof *spec);
    format_text(spec->name, sizeof spec->name, "%s", "sample");
    spec->platform = (struct spec_platform){.machine = "q35",
                                            .memory_mib = 64,
                                            .com1_port = 0x3f8,
                                            .com1_gsi = 4,
                                            .com2_port = 0x2f8,
                                            .com2_gsi = 3,
                                            .poweroff_port = 0x604,
                                            .poweroff_value = 0x2000,
                                            .poweroff_bytes = 2,
                                            .debug_exit_port = 0xf4};
    images(spec);
    shared_objects(spec);
    mgmt_objects(spec);
    vmm_objects(spec);
    driver_objects(spec);
    scan_objects(spec);
    device_memory(spec);
    spec->channel_count = 2;
    spec->channel[0] =
        (struct spec_channel){.object = SAMPLE_CHANNEL, .end_a = SAMPLE_VMM, .end_b = SAMPLE_MGMT};
    spec->channel[1] = (struct spec_channel){.object = SAMPLE_POOL, .end_a = SAMPLE_VMM, .end_b = SAMPLE_VMM};
    spec->builder_endpoint = SAMPLE_BUILDER;
    spec->domain_count = SAMPLE_DOMAINS;
    mgmt(spec);
    vmm(spec);
    driver(spec);
    scan(spec);
}

void sample_laboratory(struct spec *spec)
{
    spec->object[SAMPLE_BELL] = (struct spec_object){
        .owner = SPEC_SHARED, .type = OBJECT_TYPE_CONTROL, .count = 1, .name = "control"};
    spec->thread[0].notif = SPEC_NONE;
    spec->domain[SAMPLE_MGMT].irqs.count = 0;
    spec->object[MGMT_RESERVE] = (struct spec_object){
        .owner = SAMPLE_MGMT, .type = OBJECT_TYPE_UNTYPED, .size = 8192, .count = 1, .name = "untyped"};
    spec->thread[0].reserve = SPEC_NONE;
    spec->domain[SAMPLE_MGMT].memory.bytes += 16384;
    spec->capability[0] = (struct spec_capability){
        .slot = 2, .object = MGMT_RESERVE, .count = 1, .rights = RIGHT_READ | RIGHT_MANAGE};
}
