/* Device memory, bus masters and domains that run once, over the fake kernel. */
#include "machine.h"

/* ---- device memory ------------------------------------------------------------------------------------------ */

static const struct fake_capability *mapped(unsigned space, uint64_t address)
{
    return fake_mapping(builder.plan.object_slot[space], address);
}

static void test_devices__registers_are_mapped_uncached_where_they_lie(void)
{
    boot_machine();
    const struct fake_capability *page = mapped(DRIVER_SPACE, SAMPLE_BAR_ADDRESS + 0x1000);
    CHECK(page != NULL && page->base == SAMPLE_BAR_BASE + 0x1000);
    CHECK_EQ(page != NULL ? page->access : 0, MAP_READ | MAP_WRITE | MAP_UNCACHED);
    CHECK_EQ(page != NULL ? page->rights : 0, RIGHT_READ | RIGHT_WRITE);
    CHECK(mapped(DRIVER_SPACE, SAMPLE_BAR_ADDRESS + 0x2000) == NULL); /* withheld */
    page = mapped(SCAN_SPACE, SAMPLE_BAR_ADDRESS);
    CHECK(page != NULL && page->base == SAMPLE_CONFIG_BASE);
    fake_stop();
}

static void test_devices__a_refused_window_stops_the_boot(void)
{
    start_machine(NULL);
    CHECK(modules_read_description(&builder, &why));
    builder.spec.window[0].base = 0x100000; /* RAM */
    CHECK(!realise_shared(&builder, &why));
    CHECK(strstr(why.text, "take device memory: ") != NULL);
    fake_stop();
}

/* ---- what the device reaches ------------------------------------------------------------------------------------- */

static void test_devices__dma_reaches_what_is_described(void)
{
    boot_machine();
    const struct fake_capability *pool = mapped(DRIVER_IOSPACE, SAMPLE_POOL_IOVA + 0x1ff000);
    const struct fake_capability *dma = mapped(DRIVER_IOSPACE, SAMPLE_DMA_IOVA + 0x1000);
    CHECK(pool != NULL && pool->base == own(SAMPLE_POOL)->base && pool->access == MAP_READ);
    CHECK_EQ(pool != NULL ? pool->rights : 0, RIGHT_READ);
    CHECK(dma != NULL && dma->base == own(DRIVER_DMA)->base + 0x1000 &&
          dma->access == (MAP_READ | MAP_WRITE));
    CHECK(mapped(DRIVER_IOSPACE, SAMPLE_DMA_IOVA + 0x2000) == NULL);
    /* The driver sees the same memory; the pool it does not see. */
    CHECK(seen(DRIVER_SPACE, SAMPLE_DMA_ADDRESS + 0x1000) == fake_memory(own(DRIVER_DMA)->base + 0x1000));
    CHECK_EQ(own(DRIVER_IOSPACE)->object->event_bits, 0x200);
    CHECK(own(DRIVER_IOSPACE)->object->event == own(SAMPLE_DRIVER_BELL)->object);
    fake_stop();
}

static void test_devices__interrupts_come_by_message(void)
{
    boot_machine();
    const struct fake_capability *held = &own(DRIVER_CAPTAB)->object->slot[5];
    CHECK_EQ(held->type, OBJECT_TYPE_IRQ);
    CHECK_EQ(held->rights, RIGHT_MANAGE);
    CHECK_EQ(held->object->handle, SAMPLE_MSI);
    CHECK_EQ(held->object->source, SAMPLE_SOURCE);
    CHECK_EQ(held->object->event_bits, 0x100);
    CHECK(held->object->event == own(SAMPLE_DRIVER_BELL)->object);
    fake_stop();
}

static void test_devices__builder_tells_how_messages_are_written(void)
{
    boot_machine();
    const struct domain_info *info = (const struct domain_info *)seen(SCAN_SPACE, INFO_PAGE_ADDRESS);
    const struct resource *msi = &info->resource[0];
    CHECK_TEXT((const char *)msi->name, "msi");
    CHECK_EQ(msi->address, 0xfee00010);
    CHECK_EQ(msi->bytes, 32);
    CHECK_EQ(msi->slot, 7);
    CHECK_EQ(msi->count, 1);
    CHECK_EQ(msi->extra, 1);
    fake_stop();
}

/* ---- when it works -------------------------------------------------------------------------------------------------- */

static bool attached(void)
{
    return own(DRIVER_IOSPACE)->object->attached;
}

static void test_devices__a_device_works_only_while_its_driver_runs(void)
{
    boot_machine();
    CHECK(!attached());
    CHECK_EQ(lifecycle_start(&builder, SAMPLE_DRIVER), OK);
    CHECK(attached());
    CHECK_EQ(own(DRIVER_IOSPACE)->object->source, SAMPLE_SOURCE);
    CHECK_EQ(lifecycle_stop(&builder, SAMPLE_DRIVER), OK);
    CHECK(!attached());
    CHECK_EQ(lifecycle_start(&builder, SAMPLE_DRIVER), OK);
    CHECK(attached());
    const struct fake_object *before = own(DRIVER_IOSPACE)->object;
    CHECK_EQ(lifecycle_restart(&builder, SAMPLE_DRIVER), OK);
    CHECK(!before->attached);
    CHECK(attached() && own(DRIVER_IOSPACE)->object != before);
    CHECK_EQ(lifecycle_stop(&builder, SAMPLE_DRIVER), OK);
    CHECK_EQ(lifecycle_restart(&builder, SAMPLE_DRIVER), OK);
    CHECK(attached());
    fake_stop();
}

static void test_devices__a_driver_without_its_device_does_not_start(void)
{
    boot_machine();
    fake_fail_after(0);
    CHECK_EQ(lifecycle_start(&builder, SAMPLE_DRIVER), ERR_MEMORY);
    CHECK_EQ(builder.domain[SAMPLE_DRIVER].state, DOMAIN_STATE_STOPPED);
    CHECK_EQ(own(DRIVER_THREAD)->object->state, THREAD_STATE_INACTIVE);
    CHECK_EQ(lifecycle_start(&builder, SAMPLE_DRIVER), OK);
    fake_stop();
}

static void test_devices__a_failure_at_any_call_leaves_nothing_behind(void)
{
    boot_machine();
    CHECK_EQ(lifecycle_destroy(&builder, SAMPLE_DRIVER), OK);
    uint32_t before = fake_capabilities(), calls = 0;
    bool done = false;
    for (; !done && calls < 1000; calls++) {
        struct refusal reason = {.text = ""};
        fake_fail_after(calls);
        done = realise_domain(&builder, SAMPLE_DRIVER, 0, &reason);
        CHECK(done == !fake_failed());
        CHECK(done == (reason.text[0] == 0));
        if (!done) {
            CHECK_EQ(fake_capabilities(), before);
        }
    }
    CHECK(calls > 30 && calls < 1000);
    fake_stop();
}

static void test_devices__what_killed_the_driver_is_known_after_it_was_stopped(void)
{
    boot_machine();
    CHECK_EQ(lifecycle_start(&builder, SAMPLE_DRIVER), OK);
    own(DRIVER_THREAD)->object->state = THREAD_STATE_FAULTED;
    own(DRIVER_THREAD)->object->registers[REGISTER_GROUP_CONTROL][0] = 0x400020;
    CHECK_EQ(lifecycle_stop(&builder, SAMPLE_DRIVER), OK);
    CHECK_EQ(lifecycle_restart(&builder, SAMPLE_DRIVER), OK);
    CHECK_EQ(builder.domain[SAMPLE_DRIVER].postmortem.state, THREAD_STATE_FAULTED);
    CHECK_EQ(builder.domain[SAMPLE_DRIVER].postmortem.rip, 0x400020);
    CHECK_EQ(lifecycle_destroy(&builder, SAMPLE_DRIVER), OK);
    CHECK_EQ(builder.domain[SAMPLE_DRIVER].postmortem.state, THREAD_STATE_READY);
    fake_stop();
}

static void test_devices__a_fault_is_told_once(void)
{
    boot_machine();
    own(DRIVER_IOSPACE)->object->faults = 3;
    own(DRIVER_IOSPACE)->object->source = SAMPLE_SOURCE;
    requests[0] = ask(BUILDER_DEVICE_FAULT, 1, SAMPLE_DRIVER, 0);
    requests[1] = ask(BUILDER_DEVICE_FAULT, 1, SAMPLE_DRIVER, 0);
    requests[2] = ask(BUILDER_DEVICE_FAULT, 1, SAMPLE_VMM, 0);
    requests[3] = ask(BUILDER_DEVICE_FAULT, 1, SAMPLE_DOMAINS, 0);
    serve_requests(4);
    CHECK_EQ(reply_count, 4);
    CHECK_EQ(replies[0].word[0], 3);
    CHECK_EQ(replies[0].word[1], 6);
    CHECK_EQ(replies[0].word[2], 0x1234000);
    CHECK_EQ(replies[0].word[3], SAMPLE_SOURCE);
    CHECK_EQ(label_status(replies[1].label), OK);
    CHECK_EQ(replies[1].word[0], 0);
    CHECK_EQ(label_status(replies[2].label), ERR_STATE);
    CHECK_EQ(label_status(replies[3].label), ERR_RANGE);
    fake_stop();
}

/* ---- pools ------------------------------------------------------------------------------------------------------------ */

static void test_devices__a_pool_is_emptied_with_its_user_alone(void)
{
    boot_machine();
    uint8_t *pool = (uint8_t *)(uintptr_t)fake_memory(own(SAMPLE_POOL)->base);
    memset(pool, 0x66, 0x200000);
    CHECK_EQ(lifecycle_restart(&builder, SAMPLE_DRIVER), OK);
    CHECK_EQ(pool[0], 0x66);
    CHECK_EQ(pool[0x1fffff], 0x66);
    CHECK_EQ(lifecycle_restart(&builder, SAMPLE_VMM), OK);
    CHECK_EQ(pool[0], 0); /* no epoch: there is no other end to tell */
    CHECK_EQ(pool[0x1fffff], 0);
    fake_stop();
}

/* ---- the machine ------------------------------------------------------------------------------------------------------ */

static void test_devices__a_bus_master_needs_an_iommu(void)
{
    start_machine(NULL);
    CHECK(modules_read_description(&builder, &why) && devices_check(&builder, &why));
    CHECK_TEXT(last_line, "device 01:00.0 of driver: 2 mappings, 1 interrupts, behind VT-d");
    boot.iommu = 0;
    CHECK(!devices_check(&builder, &why));
    CHECK_TEXT(why.text, "no IOMMU: the device of domain 'driver' needs unsafe_dma");
    boot.iommu = 3; /* not for a kernel that lets devices reach everything, either */
    why.text[0] = 0;
    CHECK(!devices_check(&builder, &why));
    CHECK_TEXT(why.text, "no IOMMU: the device of domain 'driver' needs unsafe_dma");
    builder.spec.domain[SAMPLE_DRIVER].devices.count = 0;
    why.text[0] = 0;
    CHECK(devices_check(&builder, &why));
    fake_stop();
}

/* ---- without an IOMMU ------------------------------------------------------------------------------------------------- */

static void go_without(struct spec *spec)
{
    spec->unsafe_dma = true;
    spec->resource[1].flags = SPEC_RESOURCE_ADDRESS;
    spec->resource[1].slot = SAMPLE_POOL;
    spec->resource[1].extra = SAMPLE_POOL_IOVA;
}

static void test_devices__unsafe_dma_wants_a_kernel_for_it_and_a_loud_line(void)
{
    start_machine(go_without);
    CHECK(modules_read_description(&builder, &why));
    boot.iommu = 0;
    CHECK(!devices_check(&builder, &why));
    CHECK_TEXT(why.text, "no IOMMU: this kernel drives no device without one, -unsafe images do");
    boot.iommu = 3;
    why.text[0] = 0;
    CHECK(devices_check(&builder, &why));
    CHECK_TEXT(last_line, "device 01:00.0 of driver: 2 mappings, 1 interrupts, behind nothing: UNSAFE DMA, "
                          "it reaches all memory");
    boot.iommu = 2;
    CHECK(devices_check(&builder, &why));
    CHECK_TEXT(last_line, "unsafe_dma is described but not needed: AMD-Vi holds the devices back");
    fake_stop();
}

/* The resource in which the sample's scan is told how the device calls the pool. */
static const struct resource *told(void)
{
    return &((const struct domain_info *)seen(SCAN_SPACE, INFO_PAGE_ADDRESS))->resource[0];
}

static void test_devices__unconfined_they_are_told_where_memory_lies(void)
{
    start_machine(go_without);
    boot.iommu = 3;
    CHECK(realise_all());
    CHECK_TEXT(why.text, "");
    uint64_t pool = own(SAMPLE_POOL)->base, dma = own(DRIVER_DMA)->base;
    const struct fake_capability *last = mapped(DRIVER_IOSPACE, dma + 0x1000);
    CHECK(mapped(DRIVER_IOSPACE, pool) != NULL && last != NULL && last->base == dma + 0x1000);
    CHECK(mapped(DRIVER_IOSPACE, SAMPLE_POOL_IOVA) == NULL);
    CHECK_EQ(told()->extra, pool);
    CHECK_EQ(told()->slot, 0);
    CHECK_EQ(lifecycle_restart(&builder, SAMPLE_DRIVER), OK);
    CHECK_EQ(own(DRIVER_DMA)->base, dma); /* a device that was not reset in time finds nobody else there */
    fake_stop();
    start_machine(go_without); /* with an IOMMU the description's addresses are the device's */
    CHECK(realise_all());
    CHECK(mapped(DRIVER_IOSPACE, SAMPLE_POOL_IOVA) != NULL);
    CHECK_EQ(told()->extra, SAMPLE_POOL_IOVA);
    CHECK_EQ(told()->slot, 0);
    fake_stop();
}

/* ---- domains that run once ----------------------------------------------------------------------------------------- */

static struct message finished(uint64_t badge, uint64_t status)
{
    struct message message = ask(BUILDER_FINISHED, 1, status, 0);
    message.badge = badge;
    return message;
}

static bool run_once(unsigned count)
{
    fake_wait = give_request;
    request_count = count;
    next_request = reply_count = 0;
    why.text[0] = 0;
    return setjmp(out_of_requests) == 0 && once_run_all(&builder, &why);
}

static void test_once__it_runs_alone_and_leaves_nothing(void)
{
    boot_machine();
    requests[0] = finished(SAMPLE_SCAN, 0);
    CHECK(run_once(1));
    CHECK_TEXT(why.text, "");
    CHECK_EQ(builder.domain[SAMPLE_SCAN].state, DOMAIN_STATE_DEAD);
    CHECK_EQ(own(SCAN_CAPTAB)->type, OBJECT_TYPE_NONE);
    CHECK_EQ(fake_slot(builder.plan.domain[SAMPLE_SCAN].transient_first)->type, OBJECT_TYPE_NONE);
    CHECK_EQ(builder.domain[SAMPLE_MGMT].state, DOMAIN_STATE_STOPPED);
    CHECK(!muted);
    CHECK(strstr(last_line, "scan has finished in ") != NULL);
    fake_stop();
}

static void test_once__it_never_comes_back(void)
{
    boot_machine();
    requests[0] = finished(SAMPLE_SCAN, 0);
    CHECK(run_once(1));
    CHECK_EQ(lifecycle_create(&builder, SAMPLE_SCAN, 0), ERR_DENIED);
    CHECK_EQ(lifecycle_restart(&builder, SAMPLE_SCAN), ERR_DENIED);
    CHECK_EQ(lifecycle_start(&builder, SAMPLE_SCAN), ERR_STATE);
    fake_stop();
}

static void test_once__what_fails_stops_the_boot(void)
{
    boot_machine();
    requests[0] = finished(SAMPLE_SCAN, 9);
    CHECK(!run_once(1));
    CHECK_TEXT(why.text, "domain 'scan' failed with status 9");
    fake_stop();
    boot_machine();
    requests[0] = (struct message){.label = label_make(INTERFACE_FAULT, FAULT_EXCEPTION, 6),
                                   .badge = SAMPLE_SCAN,
                                   .word = {14, 4, 0x400020, 0x18}};
    CHECK(!run_once(1));
    CHECK_TEXT(why.text, "domain 'scan' faulted: vector 14, code 0x4, rip 0x400020, address 0x18");
    fake_stop();
    boot_machine();
    requests[0] = (struct message){.label = 0}; /* the deadline passes */
    CHECK(!run_once(1));
    CHECK_TEXT(why.text, "domain 'scan' has not finished after 10 s");
    CHECK(last_deadline != DEADLINE_NEVER);
    CHECK_EQ(builder.domain[SAMPLE_SCAN].state, DOMAIN_STATE_DEAD);
    fake_stop();
}

static void test_once__only_it_may_say_so_and_only_then(void)
{
    boot_machine();
    requests[0] = finished(SAMPLE_MGMT, 0);
    requests[1] = finished(SAMPLE_DRIVER, 5);
    requests[2] = finished(SAMPLE_SCAN, 0);
    CHECK(run_once(3));
    CHECK_EQ(reply_count, 2);
    CHECK_EQ(label_status(replies[0].label), ERR_DENIED);
    CHECK_EQ(label_status(replies[1].label), ERR_DENIED);
    requests[0] = finished(SAMPLE_SCAN, 0);
    serve_requests(1);
    CHECK_EQ(label_status(replies[0].label), ERR_DENIED);
    fake_stop();
}

/* Gives scan the console channel as its log. */
static void with_log(struct spec *spec)
{
    struct spec_range range = spec->domain[SAMPLE_SCAN].mappings;
    spec->mapping[range.first + 1] = (struct spec_mapping){.object = SAMPLE_CHANNEL,
                                                           .count = 4,
                                                           .vaddr = SAMPLE_CHANNEL_ADDRESS,
                                                           .access = MAP_READ | MAP_WRITE};
    spec->resource[1] = (struct spec_resource){
        .name = "log", .kind = RESOURCE_KIND_REGION, .address = SAMPLE_CHANNEL_ADDRESS, .bytes = 16384};
}

static void test_once__its_last_words_are_said(void)
{
    start_machine(with_log);
    CHECK(realise_all());
    struct console_channel *log = (struct console_channel *)(uintptr_t)fake_memory(own(SAMPLE_CHANNEL)->base);
    memcpy(log->a_to_b, "no bus 1\nthe bridge\x1b is gone", 28);
    log->a_to_b_head = 28;
    requests[0] = finished(SAMPLE_SCAN, 1);
    CHECK(!run_once(1));
    CHECK_TEXT(last_line, "scan: the bridge? is gone");
    fake_stop();
    /* A count beyond the ring reads the ring and no more. */
    start_machine(with_log);
    CHECK(realise_all());
    log = (struct console_channel *)(uintptr_t)fake_memory(own(SAMPLE_CHANNEL)->base);
    log->a_to_b_head = UINT32_MAX;
    CHECK(!run_once(1));
    fake_stop();
}

int main(void)
{
    RUN(test_devices__registers_are_mapped_uncached_where_they_lie);
    RUN(test_devices__a_refused_window_stops_the_boot);
    RUN(test_devices__dma_reaches_what_is_described);
    RUN(test_devices__interrupts_come_by_message);
    RUN(test_devices__builder_tells_how_messages_are_written);
    RUN(test_devices__a_device_works_only_while_its_driver_runs);
    RUN(test_devices__a_driver_without_its_device_does_not_start);
    RUN(test_devices__a_failure_at_any_call_leaves_nothing_behind);
    RUN(test_devices__what_killed_the_driver_is_known_after_it_was_stopped);
    RUN(test_devices__a_fault_is_told_once);
    RUN(test_devices__a_pool_is_emptied_with_its_user_alone);
    RUN(test_devices__a_bus_master_needs_an_iommu);
    RUN(test_devices__unsafe_dma_wants_a_kernel_for_it_and_a_loud_line);
    RUN(test_devices__unconfined_they_are_told_where_memory_lies);
    RUN(test_once__it_runs_alone_and_leaves_nothing);
    RUN(test_once__it_never_comes_back);
    RUN(test_once__what_fails_stops_the_boot);
    RUN(test_once__only_it_may_say_so_and_only_then);
    RUN(test_once__its_last_words_are_said);
    return UNIT_RESULT();
}
