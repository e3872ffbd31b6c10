/* History, token bucket, events, restart policy, guest ends and the table of domains. */
#include "bucket.h"
#include "check.h"
#include "events.h"
#include "guest_end.h"
#include "history.h"
#include "policy.h"
#include "registry.h"

static const uint64_t SECOND = 1000000000;

static void test_history__keeps_the_last_bytes(void)
{
    uint8_t bytes[8];
    uint8_t out[16];
    struct history history;
    uint64_t position = 0;
    history_init(&history, bytes, sizeof(bytes));
    CHECK(history_read(&history, &position, out, sizeof(out)) == 0);
    history_put(&history, (const uint8_t *)"abcdefghij", 10);
    CHECK(history_oldest(&history) == 2);
    CHECK(history_read(&history, &position, out, 3) == 3 && memcmp(out, "cde", 3) == 0 && position == 5);
    CHECK(history_read(&history, &position, out, sizeof(out)) == 5 && memcmp(out, "fghij", 5) == 0);
    position = 99;
    CHECK(history_read(&history, &position, out, 1) == 1 && out[0] == 'c');
}

static void test_history__room_protects_a_reader(void)
{
    uint8_t bytes[8];
    struct history history;
    history_init(&history, bytes, sizeof(bytes));
    CHECK(history_room(&history, 0) == 8);
    history_put(&history, (const uint8_t *)"abcdef", 6);
    CHECK(history_room(&history, 0) == 2 && history_room(&history, 4) == 6);
}

static void test_bucket__burst_then_rate(void)
{
    struct bucket bucket;
    bucket_init(&bucket, 3, SECOND / 2, 0);
    for (unsigned taken = 0; taken < 3; taken++)
        CHECK(bucket_take(&bucket, 0));
    CHECK(!bucket_take(&bucket, SECOND / 2 - 1));
    CHECK(bucket_take(&bucket, SECOND / 2));
    CHECK(!bucket_take(&bucket, SECOND / 2));
    CHECK(bucket_take(&bucket, SECOND));
}

static void test_bucket__never_exceeds_its_burst(void)
{
    struct bucket bucket;
    bucket_init(&bucket, 2, 1, 0);
    CHECK(bucket_take(&bucket, UINT64_MAX));
    CHECK(bucket_take(&bucket, UINT64_MAX));
    CHECK(!bucket_take(&bucket, UINT64_MAX));
    CHECK(!bucket_take(&bucket, 0)); /* a clock that goes back */
}

static void test_events__after_seen(void)
{
    struct events events = {0};
    uint64_t sequence;
    uint32_t kind;
    CHECK(!events_after(&events, 0, &sequence, &kind));
    CHECK(!events_after(&events, UINT64_MAX, &sequence, &kind));
    events_add(&events, 1);
    events_add(&events, 2);
    CHECK(events_after(&events, 0, &sequence, &kind) && sequence == 1 && kind == 1);
    CHECK(events_after(&events, 1, &sequence, &kind) && sequence == 2 && kind == 2);
    CHECK(!events_after(&events, 2, &sequence, &kind));
    for (uint32_t next = 3; next <= 40; next++)
        events_add(&events, next);
    CHECK(events_after(&events, 0, &sequence, &kind) && sequence == 40 - EVENTS_KEPT + 1 && kind == sequence);
}

static bool parse_policy(const char *word, struct policy *policy)
{
    return policy_parse(word, strlen(word), policy);
}

static void test_policy__words(void)
{
    struct policy policy;
    CHECK(parse_policy("never", &policy) && policy.kind == POLICY_NEVER);
    CHECK(parse_policy("on-failure", &policy) && policy.limit == POLICY_LIMIT_DEFAULT);
    CHECK(parse_policy("always/16", &policy) && policy.kind == POLICY_ALWAYS && policy.limit == 16);
    CHECK(!parse_policy("", &policy) && !parse_policy("alway", &policy) && !parse_policy("always/", &policy));
    CHECK(!parse_policy("always/0", &policy) && !parse_policy("always/17", &policy) &&
          !parse_policy("always/1x", &policy));
    CHECK(!parse_policy("never/3", &policy) && !parse_policy("alwaysx", &policy));
}

static void test_policy__table(void)
{
    struct policy policy;
    CHECK(parse_policy("never", &policy));
    for (enum ending ending = ENDING_FAULT; ending <= ENDING_POWEROFF; ending++)
        CHECK(policy_decide(&policy, ending, 0) == POLICY_STAY);
    CHECK(parse_policy("on-failure/16", &policy));
    CHECK(policy_decide(&policy, ENDING_FAULT, 0) == POLICY_RESTART);
    CHECK(policy_decide(&policy, ENDING_RESET, 0) == POLICY_RESTART);
    CHECK(policy_decide(&policy, ENDING_DEBUG_EXIT, 0) == POLICY_STAY);
    CHECK(policy_decide(&policy, ENDING_POWEROFF, 0) == POLICY_STAY);
    CHECK(parse_policy("always/16", &policy));
    CHECK(policy_decide(&policy, ENDING_POWEROFF, 0) == POLICY_RESTART);
    CHECK(policy_decide(&policy, ENDING_DEBUG_EXIT, 0) == POLICY_STAY);
}

static void test_policy__parks_after_its_limit(void)
{
    struct policy policy;
    CHECK(parse_policy("always/2", &policy));
    CHECK(policy_decide(&policy, ENDING_FAULT, SECOND) == POLICY_RESTART);
    CHECK(policy_decide(&policy, ENDING_FAULT, 2 * SECOND) == POLICY_RESTART);
    CHECK(policy_decide(&policy, ENDING_FAULT, 60 * SECOND) == POLICY_PARK);
    CHECK(policy_decide(&policy, ENDING_FAULT, 61 * SECOND) == POLICY_RESTART);
    CHECK(policy_decide(&policy, ENDING_FAULT, 61 * SECOND) == POLICY_PARK);
    policy_forgive(&policy);
    CHECK(policy_decide(&policy, ENDING_FAULT, 61 * SECOND) == POLICY_RESTART);
}

static void test_guest_end__any_word(void)
{
    struct guest_end end;
    CHECK(!guest_end_decode(0, &end));
    CHECK(guest_end_decode(1, &end) && end.ending == ENDING_POWEROFF && strcmp(end.state, "poweroff") == 0);
    CHECK(guest_end_decode(0x1000000003ull << 0, &end) && end.ending == ENDING_DEBUG_EXIT &&
          end.value == 0x10);
    CHECK(guest_end_decode(0x0104, &end) && strcmp(end.reason, "triple fault") == 0);
    CHECK(guest_end_decode(UINT64_MAX, &end) && end.ending == ENDING_GUEST_DIED);
    CHECK(guest_end_decode(5, &end) && end.ending == ENDING_GUEST_DIED);
    CHECK(guest_end_decode(0xff04, &end) && end.reason[0] != '\0');
}

static bool parse_table(const char *text, struct domain *domains, uint32_t capacity, uint32_t *count,
                        uint32_t *line)
{
    memset(domains, 0, capacity * sizeof(*domains));
    return registry_parse(text, strlen(text), domains, capacity, count, line);
}

static void test_registry__table(void)
{
    static struct domain domains[2];
    uint32_t count;
    uint32_t line;
    CHECK(parse_table("0 mgmt - always\n12 vmm-a a on-failure/3\n", domains, 2, &count, &line) && count == 2);
    CHECK(strcmp(domains[0].name, "mgmt") == 0 && domains[0].tenant[0] == '\0');
    CHECK(domains[1].id == 12 && strcmp(domains[1].tenant, "a") == 0 && domains[1].policy.limit == 3);
    CHECK(parse_table("", domains, 2, &count, &line) && count == 0);
}

static void test_registry__refusals(void)
{
    static struct domain domains[2];
    static const char *const wrong[] = {
        "1 a -",
        "1 a - never x",
        "64 a - never",
        "x a - never",
        "1  a - never",
        " 1 a - never",
        "1 a - maybe",
        "1 a - ",
        "1 a - never ",
        "100 a - never",
        "\n",
        "1 aaaaaaaaaaaaaaaaaaaaaaaa - never",
        "1 a - never\n1 b - never",
        "1 a - never\n2 b - never\n3 c - never",
    };
    uint32_t count;
    uint32_t line;
    for (size_t index = 0; index < sizeof(wrong) / sizeof(wrong[0]); index++)
        CHECK(!parse_table(wrong[index], domains, 2, &count, &line) && line >= 1);
}

int main(void)
{
    RUN(test_history__keeps_the_last_bytes);
    RUN(test_history__room_protects_a_reader);
    RUN(test_bucket__burst_then_rate);
    RUN(test_bucket__never_exceeds_its_burst);
    RUN(test_events__after_seen);
    RUN(test_policy__words);
    RUN(test_policy__table);
    RUN(test_policy__parks_after_its_limit);
    RUN(test_guest_end__any_word);
    RUN(test_registry__table);
    RUN(test_registry__refusals);
    return 0;
}
