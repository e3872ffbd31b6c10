/* Device memory, bus masters and domains that run once: each thing that a description must not say of them. */
#include "refusing.h"

#include <bulkhead/abi.h>
#include <bulkhead/builder.h>
#include <bulkhead/domain.h>

/* Mappings of the sample: the driver's stack, its memory for DMA, the registers; then what its device maps. */
enum { STACK = 6, DMA = 7, BAR = 8, DEVICE_POOL = 9, DEVICE_DMA = 10, SCAN_STACK_MAPPING = 11, CONFIG = 12 };

static void test_devices__the_sample_is_good(void)
{
    sample_spec(&spec);
    CHECK(checks());
    CHECK_TEXT(why.text, "");
    CHECK_EQ(spec.mapping[BAR].object, SAMPLE_BAR);
    CHECK_EQ(spec.mapping[DEVICE_POOL].object, SAMPLE_POOL);
    CHECK_EQ(spec.mapping[CONFIG].object, SAMPLE_CONFIG);
}

static void test_devices__windows(void)
{
    CHECK_REFUSES(spec.window[0].object = SAMPLE_CHANNEL, "is not device memory");
    CHECK_REFUSES(spec.window[0].object = 900, "is not device memory");
    CHECK_REFUSES(spec.window[0].base += 8, "misaligned");
    CHECK_REFUSES(spec.window[1].base = SAMPLE_BAR_BASE + 0x2000, "windows 'bar' and 'config' overlap");
    CHECK_REFUSES(spec.window[1].object = SAMPLE_BAR, "object 'bar' has 2 windows");
    CHECK_REFUSES(spec.window_count = 1, "object 'config' has 0 windows");
    CHECK_REFUSES(spec.object[SAMPLE_BAR].size = 0x200000, "device memory is frames of 4 KiB");
    CHECK_REFUSES(spec.object[SAMPLE_BAR].content = 1, "device memory is frames of 4 KiB");
    CHECK_REFUSES(spec.object[SAMPLE_BAR].flags = 1, "device memory is frames of 4 KiB");
    CHECK_REFUSES(spec.object[SAMPLE_BAR].count = 513, "at most 512");
    CHECK_REFUSES(spec.object[SAMPLE_BAR].type = OBJECT_TYPE_NOTIF, "device memory is frames of 4 KiB");
}

static void test_devices__device_memory_is_mapped_uncached_and_nothing_else_is(void)
{
    CHECK_REFUSES(spec.mapping[BAR].access = MAP_READ | MAP_WRITE, "mapping of 'bar' with access 3");
    CHECK_REFUSES(spec.mapping[BAR].access |= MAP_EXEC, "mapping of 'bar' with access 15");
    CHECK_REFUSES(spec.mapping[BAR].access = MAP_READ | MAP_EXEC | MAP_UNCACHED, "with access 13");
    CHECK_REFUSES(spec.mapping[STACK].access |= MAP_UNCACHED, "mapping of 'driver-stack' with access 11");
    CHECK_REFUSES(spec.mapping[1].access |= MAP_UNCACHED, "mapping of 'console' with access 11");
    CHECK_REFUSES(spec.thread[2].stack_top = SAMPLE_BAR_ADDRESS + 0x2000, "without a stack");
}

static void test_devices__device_memory_is_reached_by_mappings_only(void)
{
    CHECK_REFUSES(spec.capability[0].object = SAMPLE_BAR, "of another domain");
    CHECK_REFUSES(spec.channel[0].object = SAMPLE_BAR, "channel 0");
    CHECK_REFUSES(spec.domain[SAMPLE_DRIVER].info_frame = SAMPLE_CONFIG, "no page for its info");
}

static void test_devices__a_page_of_registers_has_one_user(void)
{
    CHECK_REFUSES(spec.mapping[1] = spec.mapping[BAR], "'bar' is mapped by 'mgmt' and by 'driver'");
    /* One that runs once is gone by then. */
    sample_spec(&spec);
    spec.mapping[CONFIG].object = SAMPLE_BAR;
    CHECK(checks());
    CHECK_REFUSES((spec.mapping[1] = spec.mapping[BAR], spec.mapping[1].first = 1, spec.mapping[1].count = 1),
                  "'bar' is mapped by");
    sample_spec(&spec);
    spec.mapping[1] = spec.mapping[BAR];
    spec.mapping[1].first = 2;
    spec.mapping[1].count = 1;
    CHECK(checks());
}

static void test_devices__an_iospace_is_its_drivers_own(void)
{
    CHECK_REFUSES(spec.object[DRIVER_IOSPACE].size = 4096, "type 10 with size 4096");
    CHECK_REFUSES(spec.object[DRIVER_IOSPACE].flags = 1, "unknown flags");
    CHECK_REFUSES(spec.device[0].iospace = DRIVER_SPACE, "device: object");
    CHECK_REFUSES(
        (spec.object[SAMPLE_BELL].type = OBJECT_TYPE_IOSPACE, spec.object[SAMPLE_BELL].size = 0x3000),
        "type 10 with size");
    CHECK_REFUSES((spec.domain[SAMPLE_MGMT].devices = spec.domain[SAMPLE_DRIVER].devices,
                   spec.domain[SAMPLE_DRIVER].devices.count = 0, spec.msi[0].slot = 6),
                  "not what it should be");
    CHECK_REFUSES((spec.domain[SAMPLE_DRIVER].capabilities = (struct spec_range){0, 1},
                   spec.capability[0].object = DRIVER_IOSPACE,
                   spec.domain[SAMPLE_MGMT].capabilities.count = 0),
                  "which only builder holds");
}

/* A second device of the same driver, with an iospace and interrupts of its own. */
static void add_device(uint16_t source, uint8_t handle)
{
    spec.object[DRIVER_DMA] = spec.object[DRIVER_IOSPACE];
    spec.mapping[DMA] =
        (struct spec_mapping){.object = SAMPLE_CHANNEL, .count = 4, .vaddr = SAMPLE_DMA_ADDRESS, .access = 3};
    spec.device[0].mappings.count = 1;
    spec.domain[SAMPLE_DRIVER].memory.bytes += 0x6000;
    spec.domain[SAMPLE_DRIVER].devices.count = 2;
    spec.device[1] = (struct spec_device){
        .iospace = DRIVER_DMA, .source = source, .fault_notif = SPEC_NONE, .msis = {.first = 1, .count = 1}};
    spec.msi[1] = spec.msi[0];
    spec.msi[1].slot = 6;
    spec.msi[1].source = source;
    spec.msi[1].handle = handle;
    spec.device_count = spec.msi_count = 2;
}

static void test_devices__iospace_source_and_handle_are_given_once(void)
{
    sample_spec(&spec);
    add_device(SAMPLE_SOURCE + 0x100, SAMPLE_MSI + 1);
    CHECK(checks());
    CHECK_TEXT(why.text, "");
    CHECK_REFUSES(add_device(SAMPLE_SOURCE, SAMPLE_MSI + 1), "iospace or source of another");
    CHECK_REFUSES(add_device(SAMPLE_SOURCE + 1, SAMPLE_MSI), "MSI 3 is given twice");
    CHECK_REFUSES((add_device(SAMPLE_SOURCE + 1, SAMPLE_MSI + 1), spec.device[1].iospace = DRIVER_IOSPACE),
                  "iospace or source of another");
    CHECK_REFUSES((add_device(SAMPLE_SOURCE + 1, SAMPLE_MSI + 1), spec.msi[1].slot = 5), "MSI 4: slot 5");
}

static void test_devices__interrupts_and_faults(void)
{
    CHECK_REFUSES(spec.msi[0].source++, "MSI 3 of another device");
    CHECK_REFUSES(spec.msi[0].notif = VMM_NOTIF, "MSI: object");
    CHECK_REFUSES(spec.msi[0].bits = 0, "MSI 3: slot 5 or bits");
    CHECK_REFUSES(spec.msi[0].slot = 64, "MSI 3: slot 64");
    CHECK_REFUSES(spec.device[0].fault_notif = VMM_NOTIF, "device's faults");
    CHECK_REFUSES(spec.device[0].fault_bits = 0, "bits but no notification");
    CHECK_REFUSES(spec.device[0].fault_notif = SPEC_NONE, "bits but no notification");
}

static void test_devices__dma_reaches_pools_and_own_memory_only(void)
{
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].object = SAMPLE_BAR, "is no pool");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].object = SAMPLE_CHANNEL, "is no pool");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].object = SAMPLE_CONTENT, "is no pool");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].object = VMM_STACK, "is no pool");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].object = DRIVER_IMAGE, "is no pool");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].object = DRIVER_INFO, "is no pool");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].object = DRIVER_SPACE, "is no pool");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].object = 900, "is no pool");
    CHECK_REFUSES(spec.channel[1].end_b = SAMPLE_MGMT, "channel 1");
    CHECK_REFUSES((spec.channel[1].end_b = SAMPLE_MGMT, spec.object[SAMPLE_POOL].size = 4096), "is no pool");
}

static void test_devices__dma_mappings_are_aligned_and_apart(void)
{
    CHECK_REFUSES(spec.mapping[DEVICE_POOL].vaddr += 4096, "mapping of 'pool' misaligned");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].vaddr = 0, "misaligned or out of range");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].vaddr = UINT64_C(0x7ffffffff000), "misaligned or out of range");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].vaddr = UINT64_C(0xfeeff000), "misaligned or out of range");
    CHECK_REFUSES(spec.mapping[DEVICE_POOL].vaddr = UINT64_C(0xfee00000), "misaligned or out of range");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].vaddr = SAMPLE_POOL_IOVA + 0x1ff000, "mappings 0 and 1 collide");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].count = 3, "reaches beyond");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].count = 0, "reaches beyond");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].first = UINT32_MAX, "reaches beyond");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].access = MAP_READ | MAP_EXEC, "with access 5");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].access = MAP_READ | MAP_WRITE | MAP_EXEC, "with access 7");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].access = MAP_READ | MAP_WRITE | MAP_UNCACHED, "with access 11");
    CHECK_REFUSES(spec.mapping[DEVICE_DMA].access = MAP_WRITE, "with access 2");
}

/* The capability by which the sample's scan says that it has finished. */
static struct spec_capability *finished(void)
{
    return &spec.capability[spec.domain[SAMPLE_SCAN].capabilities.first];
}

static void test_devices__a_domain_that_runs_once_tells_builder_of_its_end(void)
{
    CHECK_REFUSES(finished()->mask = 1, "runs once, but");
    CHECK_REFUSES(finished()->badge = SAMPLE_MGMT, "may say that another has finished");
    CHECK_REFUSES(spec.domain[SAMPLE_SCAN].once = false, "may say that another has finished");
    CHECK_REFUSES(spec.capability[1].mask |= UINT32_C(1) << BUILDER_FINISHED,
                  "may say that another has finished");
    CHECK_REFUSES(spec.thread[3].fault = SAMPLE_TENANT, "runs once, but");
    CHECK_REFUSES(spec.domain[SAMPLE_DRIVER].once = true, "runs once, but drives a device");
}

static void test_devices__builder_fills_in_one_resource_only(void)
{
    CHECK_REFUSES(spec.resource[0].flags = SPEC_RESOURCE_FILLED, "resource 'com1' with flags 0x1");
    CHECK_REFUSES(spec.resource[1].flags = 2, "resource 'msi' with flags 0x2");
    CHECK_REFUSES(spec.resource[1].kind = RESOURCE_KIND_TEXT, "resource 'msi' with flags 0x1");
}

/* With unsafe_dma, a resource of the sample that says how its device calls the pool. */
static struct spec_resource *told(void)
{
    spec.unsafe_dma = true;
    spec.resource[0].flags = SPEC_RESOURCE_ADDRESS;
    spec.resource[0].slot = SAMPLE_POOL;
    return &spec.resource[0];
}

static void test_devices__where_memory_lies_is_told_of_what_an_unconfined_device_reaches(void)
{
    sample_spec(&spec);
    (void)told();
    CHECK(checks());
    CHECK_TEXT(why.text, "");
    CHECK_REFUSES((told(), spec.unsafe_dma = false), "resource 'com1' with flags 0x2");
    CHECK_REFUSES(told()->slot = SAMPLE_CHANNEL, "resource 'com1' with flags 0x2");
    CHECK_REFUSES(told()->slot = DRIVER_DMA, "resource 'com1' with flags 0x2");
    CHECK_REFUSES(told()->slot = SAMPLE_POOL + 65536, "resource 'com1' with flags 0x2");
    CHECK_REFUSES(told()->flags |= SPEC_RESOURCE_FILLED, "resource 'com1' with flags 0x3");
}

int main(void)
{
    RUN(test_devices__the_sample_is_good);
    RUN(test_devices__windows);
    RUN(test_devices__device_memory_is_mapped_uncached_and_nothing_else_is);
    RUN(test_devices__device_memory_is_reached_by_mappings_only);
    RUN(test_devices__a_page_of_registers_has_one_user);
    RUN(test_devices__an_iospace_is_its_drivers_own);
    RUN(test_devices__iospace_source_and_handle_are_given_once);
    RUN(test_devices__interrupts_and_faults);
    RUN(test_devices__dma_reaches_pools_and_own_memory_only);
    RUN(test_devices__dma_mappings_are_aligned_and_apart);
    RUN(test_devices__a_domain_that_runs_once_tells_builder_of_its_end);
    RUN(test_devices__builder_fills_in_one_resource_only);
    RUN(test_devices__where_memory_lies_is_told_of_what_an_unconfined_device_reaches);
    return UNIT_RESULT();
}
