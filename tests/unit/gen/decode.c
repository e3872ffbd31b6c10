/* The decoders at every boundary of every kind of parameter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"

#define CHECK(condition)                                           \
    do {                                                           \
        if (!(condition)) {                                        \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                               \
        }                                                          \
    } while (0)

/* on, kind, distance, one, how, text (two words), where, and two that must be zero. */
static const uint64_t good[10] = {1, 40, 1000, 7, 0x201, 0x1122334455667788, 0x99aabbccdd, 5, 0, 0};

static enum error fill_with(unsigned word, uint64_t value)
{
    uint64_t words[10];

    memcpy(words, good, sizeof(words));
    words[word] = value;
    return refuses_box_fill(words) ? ERR_ARGUMENT : OK;
}

static void fill_accepts_and_refuses(void)
{
    static const struct {
        unsigned word;
        uint64_t value;
    } fine[] = {
        {0, 0}, {1, 3}, {2, 1}, {4, 0}, {4, 1}, {4, 0x200}, {6, 0xffffffffff}, {7, 0xffffffff},
    };
    static const struct {
        unsigned word;
        uint64_t value;
    } bad[] = {
        {0, 2},          {0, UINT64_MAX}, {1, 0},
        {1, 4},          {1, 39},         {1, 41},
        {1, 64},         {1, 67},         {1, 1ull << 32 | 3},
        {2, 0},          {2, 2},          {2, 999},
        {2, 1001},       {3, 6},          {3, 8},
        {3, 0x107},      {4, 2},          {4, 0x400},
        {4, 1ull << 32}, {6, 1ull << 40}, {6, UINT64_MAX},
        {7, 1ull << 32}, {8, 1},          {9, 1},
        {9, 1ull << 63},
    };

    for (unsigned i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
        CHECK(fill_with(fine[i].word, fine[i].value) == OK);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        CHECK(fill_with(bad[i].word, bad[i].value) == ERR_ARGUMENT);
}

static void fill_keeps_every_value(void)
{
    const struct box_fill_args *args = (const void *)good;
    static const uint8_t text[13] = {0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22,
                                     0x11, 0xdd, 0xcc, 0xbb, 0xaa, 0x99};

    CHECK(!refuses_box_fill(good));
    CHECK(args->on && args->kind == SPARSE_HIGH && args->distance == FAR_AWAY && args->one == SINGLE_ONLY);
    CHECK(args->how == (GAPS_FIRST | GAPS_LAST) && args->where == 5 &&
          memcmp(args->text, text, sizeof(text)) == 0);
}

static bool limits(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    const uint64_t words[10] = {a, b, c, d};

    return !refuses_box_limits(words);
}

static void limits_hold_at_both_ends(void)
{
    CHECK(limits(1, 0, 0, 2) && limits(UINT64_MAX - 1, UINT64_MAX, 255, 9));
    CHECK(!limits(0, 0, 0, 2) && !limits(UINT64_MAX, 0, 0, 2) && !limits(1, 0, 256, 2));
    CHECK(!limits(1, 0, 0, 1) && !limits(1, 0, 0, 10) && !limits(1, 0, 0, 1ull << 16 | 2));
}

static bool pair(uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    const uint64_t words[10] = {a, b, c, d};
    const struct box_pair_args *args = (const void *)words;

    return !refuses_box_pair(words) && args->a == a && args->b == b && args->c == c && args->d == d;
}

/* Parameters of one type share their test. */
static void shared_limits_hold_for_each(void)
{
    CHECK(pair(UINT32_MAX, UINT16_MAX, UINT32_MAX, UINT16_MAX) && pair(UINT32_MAX, 0, 1, 2));
    CHECK(!pair(1ull << 32, 0, 0, 0) && !pair(0, 1u << 16, 0, 0) && !pair(0, 0, 1ull << 32, 0) &&
          !pair(0, 0, 0, 1u << 16));
    CHECK(!pair(UINT64_MAX, 0, 0, 0) && !pair(0, 0, 0, 1ull << 63));
}

static void rules_name_type_and_right(void)
{
    CHECK(CALL_LIMIT == 32 && call_rules[CALL_BOX_FILL].type == OBJECT_TYPE_BOX &&
          call_rules[CALL_BOX_FILL].right == RIGHT_MANAGE);
    CHECK(call_rules[CALL_NOTHING].type == OBJECT_TYPE_NONE && call_rules[31].type == OBJECT_TYPE_NONE);
}

int main(void)
{
    static const uint64_t five[10] = {5}, six[10] = {6}, zero[10] = {0}, tail[10] = {[9] = 1};

    fill_accepts_and_refuses();
    fill_keeps_every_value();
    limits_hold_at_both_ends();
    shared_limits_hold_for_each();
    rules_name_type_and_right();
    CHECK(!refuses_box_look(five) && refuses_box_look(six));
    CHECK(((const struct box_look_args *)five)->index == 5);
    CHECK(!words_set(zero, 0) && words_set(tail, 0) && words_set(tail, 9) && !words_set(tail, 10));
    return 0;
}
