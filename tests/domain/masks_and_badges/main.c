/* Method masks, interfaces and badges of endpoints; bit masks of notifications: checked at every use, and told as they are. */
#include "hostile.h"

static void test_endpoint(struct lab *lab)
{
    static struct worker server;
    const uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    static const uint32_t masks[] = {0, 1, 0x80000000, 0x55555555, UINT32_MAX};

    server.argument[0] = endpoint;
    worker_start(lab, &server, run_echo, (struct worker_options){.priority = PRIORITY_HIGH});
    for (size_t m = 0; m < 5; m++) {
        const uint32_t client = lab_copy(lab, 0, 0, endpoint, RIGHT_CALL, INTERFACE_ANY, masks[m], m);

        for (uint32_t method = 0; method < 32; method++) {
            struct message message = {.label = label_make(INTERFACE_ANY, method, 1), .word = {method}};
            struct message foreign = {.label = label_make(INTERFACE_ANY + 1, method, 1)};
            struct message kernel = {.label = label_make(INTERFACE_FAULT, method, 1)};

            EXPECT(endpoint_call(client, after_us(lab, 10000), &message),
                   (masks[m] >> method & 1) ? OK : ERR_METHOD);
            EXPECT(endpoint_call(client, after_us(lab, 10000), &foreign), ERR_INTERFACE);
            EXPECT(endpoint_call(client, after_us(lab, 10000), &kernel), ERR_INTERFACE);
            if (masks[m] >> method & 1)
                EXPECT_VALUE(message.word[0], method + 1);
        }
    }
    EXPECT(thread_suspend(server.thread), OK);
}

static void run_call(struct worker *self)
{
    uint64_t word = 1;

    (void)!call_one((uint32_t)self->argument[0], DEADLINE_NEVER, &word);
}

/* The server is told the capability's badge and the caller's label, and exactly as many words as came. */
static void test_badge(struct lab *lab)
{
    static struct worker caller;
    const uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    struct message message = {.word = {9, 9, 9, 9, 9, 9, 9, 9, 9, 9}};

    caller.argument[0] = lab_copy(lab, 0, 0, endpoint, RIGHT_CALL, INTERFACE_ANY, 1, 0xfeedfacecafebeef);
    worker_start(lab, &caller, run_call, (struct worker_options){.priority = PRIORITY_HIGH});
    EXPECT(endpoint_wait(endpoint, after_us(lab, 10000), &message), OK);
    EXPECT_VALUE(message.badge, 0xfeedfacecafebeef);
    EXPECT_VALUE(message.label, label_make(INTERFACE_ANY, 0, 1));
    EXPECT_VALUE(message.word[0], 1);
    for (size_t i = 1; i < 10; i++)
        EXPECT_VALUE(message.word[i], 0);
}

static void test_notif(struct lab *lab)
{
    const uint32_t notif = lab_make(lab, OBJECT_TYPE_NOTIF, 0, 256);
    const uint32_t narrow = lab_copy(lab, 0, 0, notif, RIGHT_SIGNAL, 0, 0xf0, 0);
    uint32_t bits;

    for (uint32_t bit = 0; bit < 64; bit++) {
        const uint64_t words[10] = {1ull << bit}, more[10] = {1ull << bit | 0x10};
        const bool allowed = bit >= 4 && bit < 8;

        EXPECT(call_words(target(CALL_NOTIF_SIGNAL, narrow), words), allowed ? OK : ERR_METHOD);
        EXPECT(notif_wait(notif, 0, &bits), allowed ? OK : ERR_TIMEOUT);
        if (allowed)
            EXPECT_VALUE(bits, 1u << bit);
        EXPECT(call_words(target(CALL_NOTIF_SIGNAL, narrow), more), allowed ? OK : ERR_METHOD);
        if (allowed)
            EXPECT(notif_wait(notif, 0, &bits), OK);
    }
    EXPECT(notif_wait(narrow, 0, &bits), ERR_RIGHTS);
    EXPECT(notif_signal(notif, 0), OK); /* no bit: nobody is woken */
    EXPECT(notif_wait(notif, 0, &bits), ERR_TIMEOUT);
    EXPECT(notif_signal(notif, UINT32_MAX), OK);
    EXPECT(notif_wait(notif, 0, &bits), OK);
    EXPECT_VALUE(bits, UINT32_MAX);
}

void test(struct lab *lab)
{
    test_endpoint(lab);
    test_badge(lab);
    test_notif(lab);
}
