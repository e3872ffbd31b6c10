/* rax beyond slot and call number, call numbers that are none, label bits that are reserved. */
#include "hostile.h"

static bool known_call(uint64_t number)
{
    static const uint8_t numbers[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  16, 17, 20, 21, 22,
                                      23, 24, 25, 26, 28, 29, 30, 31, 32, 36, 37, 38, 40, 41,
                                      42, 43, 44, 45, 46, 47, 52, 53, 56, 57, 60, 61, 62, 63};

    for (size_t i = 0; i < sizeof numbers; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

static void test_numbers(struct lab *lab)
{
    static const uint64_t words[10];

    for (uint64_t number = 0; number < 256; number++) {
        if (!known_call(number))
            EXPECT(call_words(number << 32 | lab->captab, words), ERR_SYSCALL);
        for (unsigned bit = 40; bit < 64; bit++)
            EXPECT(call_words(1ull << bit | number << 32 | lab->captab, words), ERR_SYSCALL);
    }
    EXPECT(call_words(~0ull, words), ERR_SYSCALL);
    EXPECT(call_words(0, words), OK); /* null, which looks at no slot */
    EXPECT(call_words(UINT32_MAX, words), OK);
}

static void test_labels(struct lab *lab, uint32_t client)
{
    const uint64_t good = label_make(INTERFACE_ANY, 0, 1);
    static const unsigned reserved[] = {5, 6, 7, 12, 13, 14, 15};

    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        struct message message = {.label = good | 1ull << reserved[i]};

        EXPECT(endpoint_call(client, after_us(lab, 1000), &message), ERR_LENGTH);
    }
    for (unsigned bit = 32; bit < 64; bit++) {
        struct message message = {.label = good | 1ull << bit};

        EXPECT(endpoint_call(client, after_us(lab, 1000), &message), ERR_LENGTH);
    }
    for (uint64_t length = 11; length < 16; length++) {
        struct message message = {.label = label_make(INTERFACE_ANY, 0, 0) | length << 8};

        EXPECT(endpoint_call(client, after_us(lab, 1000), &message), ERR_LENGTH);
    }
}

static void test_replies(struct lab *lab, uint32_t endpoint)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        struct message message = {.label = 1ull << bit};
        const bool allowed = (bit >= 8 && bit < 12) || (bit >= 32 && bit < 48);

        EXPECT(endpoint_reply_wait(endpoint, 0, &message), allowed ? ERR_TIMEOUT : ERR_LENGTH);
    }
    for (uint64_t length = 11; length < 16; length++) {
        struct message message = {.label = length << 8};

        EXPECT(endpoint_reply_wait(endpoint, after_us(lab, 1000), &message), ERR_LENGTH);
    }
}

void test(struct lab *lab)
{
    const uint32_t endpoint = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);

    test_numbers(lab);
    test_labels(lab, lab_copy(lab, 0, 0, endpoint, RIGHT_CALL, INTERFACE_ANY, MASK_ALL, 0));
    test_replies(lab, endpoint);
}
