/* builder over a fake kernel: the sample system, from boot modules to domains, and back. */
#include "machine.h"

static uint8_t access_at(unsigned space, uint64_t address)
{
    const struct fake_capability *frame = fake_mapping(builder.plan.object_slot[space], address);
    return frame != NULL ? frame->access : 0;
}

/* ---- realising ------------------------------------------------------------------------------------------------------ */

static void test_realise__segments_are_where_the_elf_says(void)
{
    boot_machine();
    const uint8_t *text = seen(MGMT_SPACE, 0x400000), *data = seen(MGMT_SPACE, 0x401000);
    CHECK(text != NULL && memcmp(text, elf + 0x1000, 0x80) == 0);
    CHECK(text != NULL && text[0x80] == 0 && text[4095] == 0);
    CHECK(data != NULL && data[0x0f] == 0 && memcmp(data + 0x10, elf + 0x2010, 0xf0) == 0 &&
          data[0x100] == 0);
    CHECK(seen(MGMT_SPACE, 0x402000) != NULL && seen(MGMT_SPACE, 0x402000)[0] == 0);
    CHECK(seen(MGMT_SPACE, 0x403000) == NULL);
    CHECK_EQ(access_at(MGMT_SPACE, 0x400000), MAP_READ | MAP_EXEC);
    CHECK_EQ(access_at(MGMT_SPACE, 0x401000), MAP_READ | MAP_WRITE);
    fake_stop();
}

static void test_realise__info_page(void)
{
    boot_machine();
    const struct domain_info *info = (const struct domain_info *)seen(MGMT_SPACE, INFO_PAGE_ADDRESS);
    CHECK_EQ(access_at(MGMT_SPACE, INFO_PAGE_ADDRESS), MAP_READ);
    CHECK(memcmp(&info->magic, "BHDOMAIN", 8) == 0);
    CHECK_TEXT((const char *)info->name, "mgmt");
    CHECK_EQ(info->epoch, 0);
    CHECK_EQ(info->tsc_khz, 1000000);
    CHECK_EQ(info->resource_count, 1);
    CHECK_TEXT((const char *)info->resource[0].name, "com1");
    CHECK_EQ(info->resource[0].extra, 0x3f8);
    CHECK(memcmp(info->text, "0 mgmt - on-failure/2\n", 22) == 0);
    fake_stop();
}

static void test_realise__shared_regions_are_the_same_memory(void)
{
    boot_machine();
    const uint8_t *a = seen(VMM_SPACE, SAMPLE_CHANNEL_ADDRESS), *b = seen(MGMT_SPACE, SAMPLE_CHANNEL_ADDRESS);
    CHECK(a != NULL && a == b && a == fake_memory(own(SAMPLE_CHANNEL)->base));
    const uint8_t *content = seen(VMM_SPACE, SAMPLE_CHANNEL_ADDRESS + 0x10000);
    CHECK(content != NULL && memcmp(content, blob, 4096) == 0);
    CHECK_EQ(access_at(VMM_SPACE, SAMPLE_CHANNEL_ADDRESS + 0x10000), MAP_READ);
    content = seen(VMM_SPACE, SAMPLE_CHANNEL_ADDRESS + 0x11000);
    CHECK(content != NULL && memcmp(content, blob + 4096, SAMPLE_BLOB_BYTES - 4096) == 0);
    CHECK(content != NULL && content[SAMPLE_BLOB_BYTES - 4096] == 0);
    fake_stop();
}

static void test_realise__tables_hold_what_is_described(void)
{
    boot_machine();
    const struct fake_object *mgmt = own(MGMT_CAPTAB)->object, *vmm = own(VMM_CAPTAB)->object;
    const struct fake_object *guest = own(VMM_GUEST_CAPTAB)->object;
    CHECK_EQ(mgmt->slot[1].type, OBJECT_TYPE_NONE);
    CHECK_EQ(mgmt->slot[2].rights, RIGHT_WAIT);
    CHECK_EQ(mgmt->slot[3].interface, 17);
    CHECK_EQ(mgmt->slot[3].mask, 0x7f);
    CHECK_EQ(mgmt->slot[4].type, OBJECT_TYPE_IOPORT);
    CHECK_EQ(mgmt->slot[4].badge, 0x3f8 | 0x3ff << 16);
    CHECK_EQ(mgmt->slot[5].type, OBJECT_TYPE_IRQ);
    CHECK_EQ(mgmt->slot[5].rights, RIGHT_MANAGE);
    CHECK(vmm->slot[2].base == own(VMM_RAM)->base && vmm->slot[4].base == own(VMM_RAM)->base);
    CHECK_EQ(vmm->slot[3].base, own(VMM_RAM)->base + 0x200000);
    CHECK_EQ(guest->slot[1].type, OBJECT_TYPE_ENDPOINT);
    CHECK(guest->slot[1].sealed && guest->slot[1].badge == 1 && guest->slot[1].mask == 0xf);
    fake_stop();
}

static void test_realise__an_untyped_stands_in_its_domains_table(void)
{
    start_machine(sample_laboratory);
    if (!realise_all()) {
        CHECK_TEXT(why.text, "");
        fake_stop();
        return;
    }
    const struct fake_capability *held = &own(MGMT_CAPTAB)->object->slot[2];
    CHECK_EQ(held->type, OBJECT_TYPE_UNTYPED);
    CHECK_EQ(held->bytes, 8192);
    CHECK(held->original && held->parent == fake_slot(builder.plan.domain[SAMPLE_MGMT].memory.slot));
    CHECK_EQ(own(SAMPLE_BELL)->type, OBJECT_TYPE_CONTROL);
    fake_stop();
}

static void test_realise__threads_are_ready_to_start(void)
{
    boot_machine();
    const struct fake_object *thread = own(MGMT_THREAD)->object;
    CHECK(thread->configured);
    CHECK_EQ(thread->registers[REGISTER_GROUP_CONTROL][0], 0x400010);
    CHECK_EQ(thread->registers[REGISTER_GROUP_CONTROL][1], SAMPLE_STACK_TOP);
    CHECK_EQ(thread->registers[REGISTER_GROUP_LOW][5], INFO_PAGE_ADDRESS);
    CHECK_EQ(thread->registers[REGISTER_GROUP_LOW][4], 0);
    CHECK_EQ(own(MGMT_SCHED)->object->budget, 2000000);
    CHECK_EQ(own(MGMT_SCHED)->object->period, 10000000);
    CHECK(thread->reserve == own(MGMT_RESERVE)->object && thread->notif == own(SAMPLE_BELL)->object);
    CHECK(thread->fault == own(SAMPLE_BUILDER)->object);
    CHECK_EQ(own(VMM_THREAD)->object->fault_badge, SAMPLE_VMM);
    CHECK_EQ(thread->state, THREAD_STATE_INACTIVE);
    CHECK_EQ(lifecycle_start(&builder, SAMPLE_MGMT), OK);
    CHECK_EQ(thread->state, THREAD_STATE_READY);
    CHECK(muted); /* the port is mgmt's from here on */
    fake_stop();
}

static void test_realise__builder_keeps_no_window_open_on_a_domain(void)
{
    boot_machine();
    CHECK(fake_mapping(SLOT_SPACE, WINDOW_FRAME) == NULL);
    CHECK(fake_mapping(SLOT_SPACE, WINDOW_MODULE) == NULL);
    CHECK(fake_mapping(SLOT_SPACE, WINDOW_CONTENT) == NULL);
    CHECK_EQ(fake_mapping(SLOT_SPACE, WINDOW_STORE)->access, MAP_READ);
    fake_stop();
}

/* ---- refusals ---------------------------------------------------------------------------------------------------------- */

static void change_digest(struct spec *spec)
{
    spec->image[SAMPLE_BLOB].sha256[31] ^= 1;
}

static void change_program_digest(struct spec *spec)
{
    spec->image[SAMPLE_PROGRAM].sha256[0] ^= 0x80;
}

static void change_size(struct spec *spec)
{
    spec->image[SAMPLE_BLOB].bytes--;
}

static void change_entry(struct spec *spec)
{
    spec->image[SAMPLE_PROGRAM].entry++;
}

static void drop_content(struct spec *spec)
{
    spec->object[SAMPLE_CONTENT].content = 0;
}

static void refuses(void (*change)(struct spec *spec), const char *reason)
{
    start_machine(change);
    CHECK(!realise_all());
    CHECK_TEXT(why.text, reason);
    fake_stop();
}

static void test_modules__refuses_what_is_not_described(void)
{
    refuses(change_digest, "image 'blob.bin' does not have the described SHA-256");
    refuses(change_program_digest, "image 'tiny' does not have the described SHA-256");
    refuses(change_size, "image 'blob.bin' has 5000 bytes, described are 4999");
    refuses(change_entry, "image 'tiny': entry or number of segments is not what the description says");
    refuses(drop_content, "image 'blob.bin' has no place in the description");
}

static void test_modules__refuses_missing_and_extra_modules(void)
{
    start_machine(NULL);
    boot.module_count = 1;
    CHECK(!realise_all());
    CHECK(strstr(why.text, "the description is missing") != NULL);
    fake_stop();
    start_machine(NULL);
    fake_add_module(&boot, "extra", "x", 1);
    CHECK(!realise_all());
    CHECK_TEXT(why.text, "5 boot modules, described are 4");
    fake_stop();
}

/* ---- failing half way ---------------------------------------------------------------------------------------------------- */

static void test_realise__a_failure_at_any_call_leaves_nothing_behind(void)
{
    boot_machine();
    CHECK_EQ(lifecycle_destroy(&builder, SAMPLE_VMM), OK);
    uint32_t before = fake_capabilities(), calls = 0;
    bool done = false;
    for (; !done && calls < 1000; calls++) {
        struct refusal reason = {.text = ""};
        fake_fail_after(calls);
        done = realise_domain(&builder, SAMPLE_VMM, 0, &reason);
        CHECK(done == !fake_failed());
        CHECK(done == (reason.text[0] == 0));
        if (!done) {
            CHECK_EQ(fake_capabilities(), before);
            CHECK(fake_mapping(SLOT_SPACE, WINDOW_FRAME) == NULL);
        }
    }
    CHECK(calls > 50 && calls < 1000);
    CHECK_EQ(builder.domain[SAMPLE_VMM].realised, 2);
    fake_stop();
}

static void test_lifecycle__destroy_takes_everything_back(void)
{
    start_machine(NULL);
    CHECK(modules_read_description(&builder, &why) && realise_shared(&builder, &why) &&
          modules_load_images(&builder, &why));
    uint32_t before = fake_capabilities();
    for (unsigned round = 0; round < 3; round++) {
        CHECK(realise_domain(&builder, SAMPLE_VMM, 0, &why));
        CHECK_EQ(lifecycle_start(&builder, SAMPLE_VMM), OK);
        CHECK_EQ(lifecycle_destroy(&builder, SAMPLE_VMM), OK);
        CHECK_EQ(fake_capabilities(), before);
    }
    fake_stop();
}

/* ---- lifecycle --------------------------------------------------------------------------------------------------------------- */

static void test_lifecycle__states(void)
{
    boot_machine();
    CHECK_EQ(lifecycle_stop(&builder, SAMPLE_VMM), ERR_STATE);
    CHECK_EQ(lifecycle_create(&builder, SAMPLE_VMM, 0), ERR_STATE);
    CHECK_EQ(lifecycle_start(&builder, SAMPLE_VMM), OK);
    CHECK_EQ(lifecycle_start(&builder, SAMPLE_VMM), ERR_STATE);
    CHECK_EQ(lifecycle_stop(&builder, SAMPLE_VMM), OK);
    CHECK_EQ(own(VMM_THREAD)->object->state, THREAD_STATE_STOPPED);
    CHECK_EQ(lifecycle_start(&builder, SAMPLE_VMM), OK);
    CHECK_EQ(lifecycle_destroy(&builder, SAMPLE_VMM), OK);
    CHECK_EQ(lifecycle_destroy(&builder, SAMPLE_VMM), ERR_STATE);
    CHECK_EQ(lifecycle_create(&builder, SAMPLE_VMM, 1), ERR_RANGE);
    CHECK_EQ(lifecycle_create(&builder, SAMPLE_VMM, 0), OK);
    CHECK_EQ(lifecycle_start(&builder, SAMPLE_DOMAINS), ERR_STATE);
    CHECK_EQ(lifecycle_restart(&builder, 63), ERR_STATE);
    fake_stop();
}

static void test_lifecycle__restart_empties_channels_and_raises_epochs(void)
{
    boot_machine();
    uint8_t *page = (uint8_t *)(uintptr_t)fake_memory(own(SAMPLE_CHANNEL)->base);
    struct console_channel *channel = (struct console_channel *)page;
    memset(page, 0x77, sizeof *channel);
    CHECK_EQ(lifecycle_restart(&builder, SAMPLE_VMM), OK);
    CHECK_EQ(channel->epoch, 1);
    CHECK_EQ(channel->a_to_b_head, 0);
    CHECK_EQ(channel->status, 0);
    CHECK_EQ(channel->b_to_a[4095], 0);
    CHECK_EQ(lifecycle_restart(&builder, SAMPLE_MGMT), OK);
    CHECK_EQ(channel->epoch, 2);
    const struct domain_info *info = (const struct domain_info *)seen(VMM_SPACE, INFO_PAGE_ADDRESS);
    CHECK_EQ(info->epoch, 1);
    CHECK_EQ(own(VMM_THREAD)->object->state, THREAD_STATE_READY);
    fake_stop();
}

static void test_lifecycle__a_restarted_domain_finds_no_old_bytes(void)
{
    boot_machine();
    uint64_t ram = own(VMM_RAM)->base;
    memset((uint8_t *)(uintptr_t)fake_memory(ram), 0x55, 0x400000);
    uint8_t *data = (uint8_t *)(uintptr_t)seen(VMM_SPACE, 0x401000);
    data[0x20] ^= 0xff;
    CHECK_EQ(lifecycle_restart(&builder, SAMPLE_VMM), OK);
    ram = own(VMM_RAM)->base;
    CHECK_EQ(fake_memory(ram)[0], 0);
    CHECK_EQ(fake_memory(ram)[0x3fffff], 0);
    CHECK(memcmp(seen(VMM_SPACE, 0x401010), elf + 0x2010, 0xf0) == 0);
    fake_stop();
}

static void test_postmortem__of_the_thread_that_faulted(void)
{
    boot_machine();
    CHECK_EQ(lifecycle_start(&builder, SAMPLE_VMM), OK);
    struct fake_object *thread = own(VMM_THREAD)->object;
    thread->state = THREAD_STATE_FAULTED;
    thread->registers[REGISTER_GROUP_CONTROL][0] = 0x400020;
    thread->registers[REGISTER_GROUP_CONTROL][1] = SAMPLE_STACK_TOP - 16;
    thread->registers[REGISTER_GROUP_LOW][0] = 42;
    uint64_t *stack = (uint64_t *)(uintptr_t)seen(VMM_SPACE, SAMPLE_STACK_TOP - 16);
    stack[0] = 0x1111;
    stack[1] = 0x2222;
    CHECK_EQ(lifecycle_destroy(&builder, SAMPLE_VMM), OK);
    const struct postmortem *kept = &builder.domain[SAMPLE_VMM].postmortem;
    CHECK(kept->kept);
    CHECK_EQ(kept->state, THREAD_STATE_FAULTED);
    CHECK_EQ(kept->rip, 0x400020);
    CHECK_EQ(kept->rax, 42);
    CHECK_EQ(kept->stack[0], 0x1111);
    CHECK_EQ(kept->stack[1], 0x2222);
    fake_stop();
}

static void test_postmortem__a_wild_stack_pointer_reads_nothing(void)
{
    static const uint64_t wild[] = {0,
                                    8,
                                    UINT64_MAX,
                                    UINT64_MAX - 15,
                                    SAMPLE_STACK_TOP,
                                    SAMPLE_STACK_TOP - 8,
                                    SAMPLE_STACK_TOP - 4096 - 8,
                                    SAMPLE_STACK_TOP - 8192 - 8,
                                    SAMPLE_CHANNEL_ADDRESS};
    for (unsigned i = 0; i < sizeof wild / sizeof wild[0]; i++) {
        boot_machine();
        own(VMM_THREAD)->object->registers[REGISTER_GROUP_CONTROL][1] = wild[i];
        CHECK_EQ(lifecycle_destroy(&builder, SAMPLE_VMM), OK);
        CHECK_EQ(builder.domain[SAMPLE_VMM].postmortem.stack[0], 0);
        CHECK_EQ(builder.domain[SAMPLE_VMM].postmortem.stack[1], 0);
        fake_stop();
    }
}

/* ---- serving ------------------------------------------------------------ */

static void test_serve__answers_the_interface(void)
{
    boot_machine();
    requests[0] = ask(BUILDER_START, 1, SAMPLE_VMM, 0);
    requests[1] = ask(BUILDER_INFO, 1, SAMPLE_VMM, 0);
    requests[2] = ask(BUILDER_DESTROY, 1, SAMPLE_VMM, 0);
    requests[3] = ask(BUILDER_POSTMORTEM, 1, SAMPLE_VMM, 0);
    requests[4] = ask(BUILDER_CREATE, 2, SAMPLE_VMM, 0);
    requests[5] = ask(BUILDER_RESTART, 1, SAMPLE_VMM, 0);
    requests[6] = ask(BUILDER_INFO, 1, SAMPLE_VMM, 0);
    serve_requests(7);
    CHECK_EQ(reply_count, 7);
    for (unsigned i = 0; i < reply_count; i++) {
        CHECK_EQ(label_status(replies[i].label), OK);
    }
    CHECK_EQ(replies[1].word[0], DOMAIN_STATE_RUNNING);
    CHECK_EQ(replies[1].word[1], 7); /* 2 + 2 frames, vCPU, guest's space, guest's endpoint */
    CHECK_EQ(replies[1].word[2], 0x422000 / 1024);
    CHECK_EQ(replies[6].word[3], 2);
    CHECK_EQ(last_deadline, DEADLINE_NEVER);
    fake_stop();
}

static void test_serve__refuses_what_is_not_its_interface(void)
{
    boot_machine();
    requests[0] = ask(BUILDER_START, 1, 64, 0);
    requests[1] = ask(BUILDER_START, 2, SAMPLE_VMM, 0);
    requests[2] = ask((enum builder_method)9, 0, 0, 0);
    requests[3] = ask(BUILDER_CREATE, 2, SAMPLE_VMM, 8);
    requests[4] = ask(BUILDER_INFO, 1, 5, 0);
    requests[5] = (struct message){.label = label_make(16, 0, 0)};
    requests[6] = (struct message){.label = label_make(INTERFACE_NOTIFICATION, 0, 1)};
    serve_requests(7);
    CHECK_EQ(reply_count, 6); /* a notification has nobody to reply to */
    CHECK_EQ(label_status(replies[0].label), ERR_ARGUMENT);
    CHECK_EQ(label_status(replies[1].label), ERR_LENGTH);
    CHECK_EQ(label_status(replies[2].label), ERR_METHOD);
    CHECK_EQ(label_status(replies[3].label), ERR_ARGUMENT);
    CHECK_EQ(label_status(replies[4].label), ERR_RANGE);
    CHECK_EQ(label_status(replies[5].label), ERR_INTERFACE);
    fake_stop();
}

static void test_serve__mgmt_is_restarted_by_its_policy_and_parked_in_the_end(void)
{
    const struct message fault = {.label = label_make(INTERFACE_FAULT, FAULT_EXCEPTION, 6),
                                  .badge = SAMPLE_MGMT,
                                  .word = {6, 0, 0x400020}};
    boot_machine();
    CHECK_EQ(lifecycle_start(&builder, SAMPLE_MGMT), OK);
    requests[0] = fault;
    serve_requests(1);
    CHECK_EQ(reply_count, 0);
    CHECK_EQ(builder.domain[SAMPLE_MGMT].state, DOMAIN_STATE_RUNNING);
    CHECK_EQ(builder.domain[SAMPLE_MGMT].realised, 2);
    CHECK(muted);
    /* The second one waits for its time; the policy says two, so the third is the last. */
    requests[0] = fault;
    serve_requests(1);
    CHECK_EQ(builder.domain[SAMPLE_MGMT].state, DOMAIN_STATE_DEAD);
    CHECK(last_deadline != DEADLINE_NEVER && !muted);
    CHECK_EQ(lifecycle_restart(&builder, SAMPLE_MGMT), OK);
    serve_requests(1);
    CHECK_EQ(builder.domain[SAMPLE_MGMT].state, DOMAIN_STATE_DEAD);
    CHECK_EQ(last_deadline, DEADLINE_NEVER);
    CHECK_TEXT(last_line, "mgmt is parked");
    fake_stop();
}

static void test_serve__a_fault_with_a_foreign_badge_changes_nothing(void)
{
    boot_machine();
    requests[0] = (struct message){.label = label_make(INTERFACE_FAULT, FAULT_EXCEPTION, 6), .badge = 77};
    serve_requests(1);
    CHECK_EQ(builder.domain[SAMPLE_MGMT].state, DOMAIN_STATE_STOPPED);
    CHECK_EQ(builder.domain[SAMPLE_VMM].state, DOMAIN_STATE_STOPPED);
    fake_stop();
}

int main(void)
{
    RUN(test_realise__segments_are_where_the_elf_says);
    RUN(test_realise__info_page);
    RUN(test_realise__shared_regions_are_the_same_memory);
    RUN(test_realise__tables_hold_what_is_described);
    RUN(test_realise__an_untyped_stands_in_its_domains_table);
    RUN(test_realise__threads_are_ready_to_start);
    RUN(test_realise__builder_keeps_no_window_open_on_a_domain);
    RUN(test_modules__refuses_what_is_not_described);
    RUN(test_modules__refuses_missing_and_extra_modules);
    RUN(test_realise__a_failure_at_any_call_leaves_nothing_behind);
    RUN(test_lifecycle__destroy_takes_everything_back);
    RUN(test_lifecycle__states);
    RUN(test_lifecycle__restart_empties_channels_and_raises_epochs);
    RUN(test_lifecycle__a_restarted_domain_finds_no_old_bytes);
    RUN(test_postmortem__of_the_thread_that_faulted);
    RUN(test_postmortem__a_wild_stack_pointer_reads_nothing);
    RUN(test_serve__answers_the_interface);
    RUN(test_serve__refuses_what_is_not_its_interface);
    RUN(test_serve__mgmt_is_restarted_by_its_policy_and_parked_in_the_end);
    RUN(test_serve__a_fault_with_a_foreign_badge_changes_nothing);
    return UNIT_RESULT();
}
