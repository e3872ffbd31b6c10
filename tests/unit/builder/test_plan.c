/* Slots and memory: nothing overlaps, everything is aligned, and what does not fit is refused. */
#include "plan.h"

#include "sample.h"
#include "unit.h"

static struct spec spec;
static struct plan plan;
static struct refusal why;

static struct boot_info machine(void)
{
    return (struct boot_info){
        .untyped_first = 6,
        .untyped_count = 2,
        .module_first = 8,
        .module_count = 4,
        .captab_slots = 4096,
        .region = {{.base = 0x1000, .bytes = 0x9f000, .slot = 6},
                   {.base = 0x1203000, .bytes = 0x2000000, .slot = 7}},
    };
}

static bool plans(const struct boot_info *boot)
{
    why.text[0] = 0;
    return spec_check(&spec, &why) && plan_make(&plan, &spec, boot, &why);
}

static uint8_t used[4096];

static void take(uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        CHECK(i < 4096 && !used[i]);
        used[i % 4096] = 1;
    }
}

static void take_memory(const struct plan_memory *memory)
{
    take(memory->slot, memory->bytes != 0);
    take(memory->pad_slot, memory->pad_bytes != 0);
}

static void test_plan__no_slot_serves_twice(void)
{
    struct boot_info boot = machine();
    sample_spec(&spec);
    CHECK(plans(&boot));
    memset(used, 0, sizeof used);
    take(0, 12); /* the kernel's */
    take(plan.console_slot, CONSOLE_SLOTS);
    CHECK_EQ(plan.console_slot, plan_first_free(&boot));
    for (uint32_t i = 0; i < spec.object_count; i++) {
        take(plan.object_slot[i], spec.object[i].count);
    }
    take_memory(&plan.shared);
    take_memory(&plan.store_memory);
    for (uint32_t id = 0; id < spec.domain_count; id++) {
        take_memory(&plan.domain[id].memory);
        take(plan.domain[id].transient_first, plan.domain[id].transient_count);
    }
    for (uint32_t i = 0; i < spec.window_count; i++) {
        take(plan.window_slot[i], 1);
    }
    take(plan.store[SAMPLE_PROGRAM].first_slot, plan.store[SAMPLE_PROGRAM].frame_count);
    take(plan.scratch_first, plan.scratch_count);
}

static void test_plan__counts_transients(void)
{
    struct boot_info boot = machine();
    sample_spec(&spec);
    CHECK(plans(&boot));
    CHECK_EQ(plan.domain[SAMPLE_MGMT].transient_count, 4 + 1 + 1); /* channel, fault endpoint, interrupt */
    CHECK_EQ(plan.domain[SAMPLE_VMM].transient_count, 4 + 2 + 1);  /* channel, content, fault endpoint */
    CHECK_EQ(plan.domain[SAMPLE_DRIVER].transient_count,
             2 + 1 + 2 + 1 + 1);                               /* registers; pool, DMA, MSI; fault */
    CHECK_EQ(plan.domain[SAMPLE_SCAN].transient_count, 1 + 1); /* configuration, fault endpoint */
}

static void test_plan__memory_is_aligned_and_in_its_region(void)
{
    struct boot_info boot = machine();
    sample_spec(&spec);
    CHECK(plans(&boot));
    CHECK_EQ(plan.store_memory.parent_slot, 7);
    CHECK_EQ(plan.store_memory.pad_bytes, 0x1400000 - 0x1203000);
    CHECK_EQ(plan.shared.parent_slot, 7);
    CHECK_EQ(plan.shared.pad_bytes, 0);
    /* Small things go into the small region. */
    CHECK_EQ(plan.domain[SAMPLE_MGMT].memory.parent_slot, 6);
    CHECK_EQ(plan.domain[SAMPLE_VMM].memory.parent_slot, 7);
    CHECK_EQ(plan.domain[SAMPLE_VMM].memory.pad_bytes, 0x200000 - 0x7000);
}

static void test_plan__channels_do_not_overlap_and_pools_are_aligned(void)
{
    struct boot_info boot = machine();
    sample_spec(&spec);
    CHECK(plans(&boot));
    CHECK_EQ(plan.channel_address[0], WINDOW_CHANNELS);
    CHECK_EQ(plan.channel_address[1], WINDOW_POOLS);
    spec.channel[2] = spec.channel[1];
    spec.channel_count = 3;
    CHECK(plans(&boot));
    CHECK_EQ(plan.channel_address[2], WINDOW_POOLS + 0x200000);
    spec.object[SAMPLE_POOL].count = 512;
    spec.shared.bytes += UINT64_C(511) << 21;
    CHECK(!plans(&boot));
    CHECK(strstr(why.text, "more channels than builder can map") != NULL);
}

static void test_plan__refuses_too_little_memory(void)
{
    struct boot_info boot = machine();
    sample_spec(&spec);
    boot.region[1].bytes = 0x400000;
    CHECK(!plans(&boot));
    CHECK(strstr(why.text, "not free in one piece") != NULL);
}

static void test_plan__device_memory_is_not_used(void)
{
    struct boot_info boot = machine();
    sample_spec(&spec);
    boot.region[1].flags = UNTYPED_KEEP;
    CHECK(!plans(&boot));
}

static void test_plan__refuses_too_few_slots(void)
{
    struct boot_info boot = machine();
    sample_spec(&spec);
    boot.captab_slots = 64;
    CHECK(!plans(&boot));
    CHECK(strstr(why.text, "slots") != NULL);
}

static void test_plan__a_region_at_the_end_of_addresses_does_not_wrap(void)
{
    struct boot_info boot = machine();
    sample_spec(&spec);
    boot.region[1] = (struct boot_region){.base = UINT64_MAX - 0xfff, .bytes = UINT64_MAX, .slot = 7};
    CHECK(!plans(&boot));
}

int main(void)
{
    RUN(test_plan__no_slot_serves_twice);
    RUN(test_plan__counts_transients);
    RUN(test_plan__memory_is_aligned_and_in_its_region);
    RUN(test_plan__channels_do_not_overlap_and_pools_are_aligned);
    RUN(test_plan__refuses_too_little_memory);
    RUN(test_plan__device_memory_is_not_used);
    RUN(test_plan__refuses_too_few_slots);
    RUN(test_plan__a_region_at_the_end_of_addresses_does_not_wrap);
    return UNIT_RESULT();
}
