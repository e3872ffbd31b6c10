/* The parts of netvirt that know no channel: headers, rates, the text of peers. */
#include "frame.h"
#include "peers.h"
#include "rate.h"

#include "../unit.h"

static struct tenant tenants[3];

static bool parse(const char *text)
{
    memset(tenants, 0, sizeof tenants);
    tenants[0].name[0] = 'a';
    tenants[1].name[0] = 'b';
    memcpy(tenants[2].name, "long-tenant-nam", 15);
    return peers_parse(text, strlen(text), tenants, 3);
}

static void test_rules__peers_are_pairs_of_names(void)
{
    CHECK(parse(""));
    CHECK(parse("a b\nb a\na long-tenant-nam\n"));
    CHECK_EQ(tenants[0].peers, 6);
    CHECK_EQ(tenants[1].peers, 1);
    CHECK_EQ(tenants[2].peers, 0);
    CHECK(parse("b a"));
    CHECK_EQ(tenants[1].peers, 1);
}

static void test_rules__other_lines_of_peers_are_refused(void)
{
    CHECK(!parse("a\n"));
    CHECK(!parse("a \n"));
    CHECK(!parse(" b\n"));
    CHECK(!parse("a c\n"));
    CHECK(!parse("a a\n"));
    CHECK(!parse("a b b\n"));
    CHECK(!parse("\n"));
    CHECK(!parse("a long-tenant-na\n"));
}

static void test_rules__a_header_is_read_field_by_field(void)
{
    const uint8_t bytes[16]
        __attribute__((aligned(8))) = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x81, 0, 0xe1, 0x23};
    struct frame_header header = frame_load(bytes);
    CHECK_EQ(frame_destination(&header), UINT64_C(0x060504030201));
    CHECK_EQ(frame_source(&header), UINT64_C(0x0c0b0a090807));
    CHECK_EQ(frame_type(&header), FRAME_TYPE_TAG);
    CHECK_EQ(frame_vlan(&header), 0x123);
    CHECK(frame_is_group(1) && !frame_is_group(2));
}

static void test_rules__no_rate_is_no_limit(void)
{
    struct rate rate;
    uint64_t again = 0;
    rate_init(&rate, 0, 1000000);
    for (unsigned i = 0; i < 100000; i++) {
        CHECK(rate_take(&rate, 1514, 0, &again));
    }
}

static void test_rules__a_rate_is_kept_from_slow_to_fast(void)
{
    const uint64_t rates[] = {1, 64, 10000, 1000000, 100000000};
    for (unsigned i = 0; i < 5; i++) {
        struct rate rate;
        uint64_t now = 1000, again = 0, bytes = 0;
        rate_init(&rate, rates[i], 2000000); /* 2 GHz */
        for (unsigned k = 0; k < 10000; k++) {
            if (rate_take(&rate, 1000, now, &again)) {
                bytes += 1000;
            } else {
                CHECK(again > now);
                now = again;
            }
        }
        /* Bits a millisecond. */
        uint64_t measured = (bytes - RATE_BURST_BYTES) * 8 / ((now - 1000) / 2000000 + 1);
        CHECK(measured <= rates[i] + rates[i] / 100 + 1);
        CHECK(measured >= rates[i] - rates[i] / 10 - 1 || now < 100 * 2000000);
    }
}

static void test_rules__rates_beyond_all_measure_do_not_overflow(void)
{
    struct rate rate;
    uint64_t again = 0;
    rate_init(&rate, UINT64_MAX, 1);
    CHECK(rate_take(&rate, 1514, 5, &again));
    rate_init(&rate, 1, UINT64_MAX);
    CHECK(rate_take(&rate, 1514, 5, &again));
}

int main(void)
{
    RUN(test_rules__peers_are_pairs_of_names);
    RUN(test_rules__other_lines_of_peers_are_refused);
    RUN(test_rules__a_header_is_read_field_by_field);
    RUN(test_rules__no_rate_is_no_limit);
    RUN(test_rules__a_rate_is_kept_from_slow_to_fast);
    RUN(test_rules__rates_beyond_all_measure_do_not_overflow);
    return UNIT_RESULT();
}
