/* Client stub → fake kernel → server skeleton → client stub, for every kind of parameter, in one process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample_client.h"
#include "sample_server.h"

#define CHECK(condition)                                           \
    do {                                                           \
        if (!(condition)) {                                        \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                               \
        }                                                          \
    } while (0)

/* What the fake kernel does to the next message, and what it saw of the last. */
static struct {
    const struct sample_server_ops *ops;
    enum error transport;
    uint64_t spoil_word, spoil_with, spoil_label;
    bool spoil_request, deferred;
    uint64_t rax, rdi;
    enum error status;
    struct sample_all_in in;
    unsigned calls;
} kernel;

enum error ipc_invoke(uint64_t rax, uint64_t rdi, struct message *message)
{
    kernel.rax = rax;
    kernel.rdi = rdi;
    kernel.calls++;
    if (kernel.transport != OK)
        return kernel.transport;
    message->badge = 77;
    if (kernel.spoil_request)
        message->word[kernel.spoil_word] = kernel.spoil_with;
    kernel.deferred = sample_dispatch(kernel.ops, &kernel, message) == DISPATCH_DEFER;
    if (!kernel.spoil_request && kernel.spoil_with != 0)
        message->word[kernel.spoil_word] = kernel.spoil_with;
    message->label += kernel.spoil_label;
    return OK;
}

/* No call of the sample gives a word. */
enum error ipc_brief(uint64_t rax, uint64_t rdi, uint64_t *word)
{
    return ipc_invoke(rax, rdi, &(struct message){.word = {*word}});
}

static enum error handle_ping(void *context, uint64_t badge)
{
    return context == &kernel && badge == 77 ? kernel.status : ERR_STATE;
}

static enum error handle_all(void *context, uint64_t badge, const struct sample_all_in *in,
                             struct sample_all_out *out)
{
    (void)context;
    (void)badge;
    kernel.in = *in;
    *out = (struct sample_all_out){
        .off = !in->on, .depth = TONE_ACUTE, .cut = TRIM_LEFT, .left = 9, .far = FAR_AWAY};
    memcpy(out->reply, "reply", 5);
    return kernel.status;
}

static enum error handle_later(void *context, uint64_t badge, const struct sample_later_in *in,
                               struct sample_later_out *out)
{
    (void)context;
    (void)badge;
    out->answer = ~in->value;
    return kernel.status;
}

static enum error handle_whole(void *context, uint64_t badge, const struct sample_whole_in *in,
                               struct sample_whole_out *out)
{
    (void)context;
    (void)badge;
    memcpy(out->copy, in->text, sizeof(out->copy));
    return OK;
}

static const struct sample_server_ops ops = {handle_ping, handle_all, handle_later, handle_whole};

struct all {
    bool off;
    enum tone depth;
    uint32_t cut;
    uint16_t left;
    uint8_t reply[5];
    enum far far;
};

static enum error ask(struct all *all)
{
    static const uint8_t text[13] = "thirteen byt";

    return sample_all(9, 1234, true, TONE_GRAVE, TRIM_LEFT | TRIM_RIGHT, 64, text, UINT64_MAX, &all->off,
                      &all->depth, &all->cut, &all->left, all->reply, &all->far);
}

static void values_arrive_both_ways(void)
{
    struct all all = {0};

    CHECK(ask(&all) == OK);
    CHECK(kernel.rax == ((uint64_t)CALL_ENDPOINT_CALL << 32 | 9) && kernel.rdi == 1234);
    CHECK(kernel.in.on && kernel.in.pitch == TONE_GRAVE && kernel.in.sides == 3 && kernel.in.count == 64);
    CHECK(kernel.in.wide == UINT64_MAX && memcmp(kernel.in.text, "thirteen byt", 13) == 0);
    CHECK(!all.off && all.depth == TONE_ACUTE && all.cut == TRIM_LEFT && all.left == 9 &&
          all.far == FAR_AWAY);
    CHECK(memcmp(all.reply, "reply", 5) == 0);
}

static void bytes_fill_the_whole_message(void)
{
    uint8_t text[80];
    uint8_t copy[80];

    for (unsigned i = 0; i < sizeof(text); i++)
        text[i] = (uint8_t)(i + 1);
    CHECK(sample_whole(9, 0, text, copy) == OK && memcmp(text, copy, sizeof(text)) == 0);
}

static void statuses_come_back(void)
{
    uint64_t answer = 5;

    kernel.status = ERR_AGAIN;
    CHECK(sample_ping(9, 0) == ERR_AGAIN && sample_later(9, 0, 1, &answer) == ERR_AGAIN && answer == 5);
    kernel.status = DEFER;
    CHECK(sample_ping(9, 0) == ERR_STATE); /* not a blocking method */
    CHECK(sample_later(9, 0, 1, &answer) == ERR_LENGTH && kernel.deferred && answer == 5);
    kernel.status = OK;
    kernel.transport = ERR_METHOD;
    CHECK(sample_ping(9, 0) == ERR_METHOD);
    kernel.transport = OK;
}

/* Words that the server must refuse, and the handler must not see. */
static void spoiled_requests_are_refused(void)
{
    static const struct {
        uint64_t word, with;
    } bad[] = {
        {0, 2},
        {0, 1ull << 32},
        {1, 3},
        {1, 5},
        {1, 64},
        {1, 1ull << 40 | 2},
        {2, 4},
        {2, 1ull << 63},
        {3, 0},
        {3, 65},
        {3, 1ull << 32 | 1},
        {5, 1ull << 40},
        {5, 1ull << 63},
    };
    struct all all;

    kernel.spoil_request = true;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        kernel.spoil_word = bad[i].word;
        kernel.spoil_with = bad[i].with;
        kernel.in.count = 0;
        CHECK(ask(&all) == ERR_ARGUMENT && kernel.in.count == 0);
    }
    kernel.spoil_request = false;
    kernel.spoil_with = 0;
}

/* Words of an answer that the client must refuse, leaving the results alone. */
static void spoiled_answers_are_refused(void)
{
    static const struct {
        uint64_t word, with;
    } bad[] = {
        {0, 2}, {1, 3},   {1, 1ull << 32 | 2}, {2, 4}, {3, 2}, {3, 10}, {4, 1ull << 40},
        {5, 2}, {5, 999}, {5, 1ull << 32 | 1},
    };

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct all all = {.left = 4321};

        kernel.spoil_word = bad[i].word;
        kernel.spoil_with = bad[i].with;
        CHECK(ask(&all) == ERR_ARGUMENT && all.left == 4321);
    }
    kernel.spoil_with = 0;
}

static void spoiled_labels_are_refused(void)
{
    kernel.spoil_label = 1ull << LABEL_LENGTH_SHIFT;
    CHECK(sample_ping(9, 0) == ERR_LENGTH);
    kernel.spoil_label = 1;
    CHECK(sample_ping(9, 0) == ERR_LENGTH);
    kernel.spoil_label = 1ull << 63;
    CHECK(sample_ping(9, 0) == ERR_LENGTH);
    kernel.spoil_label = 999ull << LABEL_STATUS_SHIFT;
    CHECK(sample_ping(9, 0) == ERR_ARGUMENT);
    kernel.spoil_label = 0;
}

static void served(uint64_t label, enum error status)
{
    struct message message = {.label = label, .badge = 5, .word = {1, 2, 3}};

    CHECK(sample_dispatch(&ops, &kernel, &message) == DISPATCH_REPLY);
    CHECK(message.label == label_reply(status, 0) && message.badge == 5 && message.word[0] == 0 &&
          message.word[2] == 0);
}

static void odd_requests_get_a_status(void)
{
    static const struct sample_server_ops none = {0};

    served(label_make(INTERFACE_SAMPLE, 3, 0), ERR_METHOD);
    served(label_make(INTERFACE_SAMPLE + 1, SAMPLE_PING, 0), ERR_INTERFACE);
    served(label_make(INTERFACE_SAMPLE, SAMPLE_PING, 1), ERR_LENGTH);
    served(label_make(INTERFACE_SAMPLE, SAMPLE_LATER, 0), ERR_LENGTH);
    served(label_make(INTERFACE_SAMPLE, SAMPLE_PING, 0) | 1ull << 40, ERR_LENGTH);
    served(label_make(INTERFACE_SAMPLE, SAMPLE_PING, 0) | 1ull << 5, ERR_LENGTH);
    kernel.ops = &none;
    CHECK(sample_ping(9, 0) == ERR_METHOD);
    kernel.ops = &ops;
}

static void restartable_calls_ask_until_done(void)
{
    static const uint8_t text[13] = {0};

    kernel.transport = ERR_AGAIN;
    kernel.calls = 0;
    CHECK(box_limits(3, 1, 2, 3, 4) == ERR_AGAIN && kernel.calls == 1);
    kernel.transport = ERR_ARGUMENT;
    CHECK(box_fill(3, true, SPARSE_LOW, FAR_NEAR, SINGLE_ONLY, GAPS_LAST, text, 4) == ERR_ARGUMENT &&
          kernel.calls == 2);
    CHECK(kernel.rax == ((uint64_t)CALL_BOX_FILL << 32 | 3) && kernel.rdi == 0);
    CHECK(syscall_nothing() == ERR_ARGUMENT && kernel.rax == 0);
    kernel.transport = OK;
}

int main(void)
{
    kernel.ops = &ops;
    values_arrive_both_ways();
    bytes_fill_the_whole_message();
    statuses_come_back();
    spoiled_requests_are_refused();
    spoiled_answers_are_refused();
    spoiled_labels_are_refused();
    odd_requests_get_a_status();
    restartable_calls_ask_until_done();
    return 0;
}
