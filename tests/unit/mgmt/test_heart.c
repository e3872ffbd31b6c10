/* Builder falls silent: it is said once, loudly, what would need it is refused, and everything else goes on. */
#include "check.h"
#include "fake_machine.h"
#include "heart.h"
#include "lifecycle.h"
#include "link.h"
#include "terminal.h"

static struct mgmt *const mgmt = &fake.mgmt;
static const uint64_t NS_PER_S = 1000000000;

static void operator_types(const char *bytes)
{
    fake_clear();
    fake_type(COM1_SLOT, bytes);
    terminal_input(mgmt);
    terminal_pump(mgmt);
}

/* @count looks, each when it is due. */
static void beats(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const uint64_t due_ns = mgmt->heart.due_ns;
        fake.now_ns = fake.now_ns < due_ns ? due_ns : fake.now_ns;
        (void)heart_work(mgmt);
    }
    terminal_pump(mgmt);
}

static bool said_to_be_dead(void)
{
    return fake_saw(COM1_SLOT, "mgmt: builder does not answer: all domains run on") &&
           fake_saw(COM2_SLOT, "[4,\"builder\",\"\",\"died\",\"builder does not answer");
}

static void test_heart__asks_seldom_and_says_nothing_while_builder_lives(void)
{
    fake_start();
    beats(1);
    CHECK(fake.beats == 1 && heart_work(mgmt) == fake.now_ns + 2 * NS_PER_S && fake.beats == 1);
    beats(10);
    CHECK(fake.beats == 11 && !fake_saw(COM1_SLOT, "builder") && !fake_saw(COM2_SLOT, "builder"));
}

static void test_heart__one_missed_beat_is_no_death(void)
{
    fake_start();
    for (unsigned round = 0; round < 4; round++) {
        fake.builder_silent = true;
        beats(2);
        fake.builder_silent = false;
        beats(1);
    }
    CHECK(!mgmt->heart.stopped && !fake_saw(COM1_SLOT, "builder") && !fake_saw(COM2_SLOT, "builder"));
}

static void test_heart__a_dead_builder_is_told_once(void)
{
    fake_start();
    fake.builder_silent = true;
    const uint64_t began_ns = fake.now_ns;
    beats(3);
    CHECK(mgmt->heart.stopped && said_to_be_dead() && fake.now_ns - began_ns < 2 * NS_PER_S);
    fake_clear();
    beats(5);
    CHECK(mgmt->heart.stopped && !fake_saw(COM1_SLOT, "builder") && !fake_saw(COM2_SLOT, "builder"));
    fake.builder_silent = false;
    beats(1);
    CHECK(!mgmt->heart.stopped && fake_saw(COM1_SLOT, "mgmt: builder answers again"));
}

/* What were killed now would stay away for good. */
static void test_heart__nothing_is_killed_that_nobody_could_build(void)
{
    fake_start();
    beats(1);
    fake.builder_silent = true;
    operator_types("kill vmm-a\r");
    CHECK(mgmt->heart.stopped && fake_saw(COM1_SLOT, "none can be started, stopped or restarted"));
    operator_types("restart vmm-b\r");
    operator_types("pause vmm-b\r");
    CHECK(fake.asked[ASK_DESTROY] + fake.asked[ASK_RESTART] + fake.asked[ASK_STOP] == 0);
    CHECK(mgmt->domains[1].view == VIEW_RUNNING && mgmt->domains[2].view == VIEW_RUNNING);
    fake.builder_silent = false;
    beats(1);
    operator_types("kill vmm-a\r");
    CHECK(fake.asked[ASK_DESTROY] == 1);
}

static void test_builder__is_not_killed_and_the_operator_is_told_why(void)
{
    fake_start();
    operator_types("kill builder\r");
    CHECK(fake_saw(COM1_SLOT, "builder holds all memory"));
    operator_types("restart builder\r");
    CHECK(fake_saw(COM1_SLOT, "builder holds all memory"));
    CHECK(fake.asked[ASK_DESTROY] + fake.asked[ASK_RESTART] == 0 && !mgmt->ending);
}

int main(void)
{
    RUN(test_heart__asks_seldom_and_says_nothing_while_builder_lives);
    RUN(test_heart__one_missed_beat_is_no_death);
    RUN(test_heart__a_dead_builder_is_told_once);
    RUN(test_heart__nothing_is_killed_that_nobody_could_build);
    RUN(test_builder__is_not_killed_and_the_operator_is_told_why);
    return 0;
}
