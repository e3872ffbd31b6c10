/* The operator's terminal, the machine link and the lifecycle behind them, on a machine that is not there. */
#include "check.h"
#include "console.h"
#include "fake_link.h"
#include "fake_machine.h"
#include "guest_end.h"
#include "lifecycle.h"
#include "link.h"
#include "logs.h"
#include "report.h"
#include "terminal.h"

static struct mgmt *const mgmt = &fake.mgmt;

static void operator_types(const char *bytes)
{
    fake_type(COM1_SLOT, bytes);
    terminal_input(mgmt);
    terminal_pump(mgmt);
}

static void link_says(const char *words)
{
    fake_ask(words);
    while (fake.ports[COM2_SLOT].taken != fake.ports[COM2_SLOT].typed)
        (void)link_input(mgmt);
}

static void link_hears(const void *bytes, size_t count)
{
    fake_type_bytes(COM2_SLOT, bytes, count);
    while (fake.ports[COM2_SLOT].taken != fake.ports[COM2_SLOT].typed)
        (void)link_input(mgmt);
}

static size_t guest_received(unsigned index, char *out, size_t capacity)
{
    struct ring reader;
    ring_open_reader(&reader, &fake.consoles[index], RING_END_A);
    return ring_read(&reader, out, capacity);
}

static void test_operator__echoes_edits_and_answers(void)
{
    fake_start();
    operator_types("hx\belp\r");
    CHECK(fake_saw(COM1_SLOT, "h") && fake_saw(COM1_SLOT, "\b \b"));
    CHECK(fake_saw(COM1_SLOT, "console NAME   talk to a guest") && fake_saw(COM1_SLOT, "bulkhead> "));
    operator_types("frobnicate\r");
    CHECK(fake_saw(COM1_SLOT, "no such command; try help\r\n"));
    operator_types("kill nobody\r");
    CHECK(fake_saw(COM1_SLOT, "no domain or tenant of that name"));
    operator_types("pause mgmt\r");
    CHECK(fake_saw(COM1_SLOT, "mgmt cannot do that to itself") && fake.asked[ASK_STOP] == 0 && !mgmt->ending);
    operator_types("kill mgmt\r");
    CHECK(fake.asked[ASK_DESTROY] == 0 && mgmt->ending);
}

static void test_operator__ps_is_a_table(void)
{
    fake_start();
    operator_types("ps\r");
    CHECK(fake_saw(COM1_SLOT, "  vmm-a             a                  1  running          1            20"));
}

static void test_operator__console_is_raw_and_comes_back(void)
{
    char typed[16];
    fake_start();
    fake_print(0, "login: ");
    CHECK(console_collect(mgmt->domains[1].console, false));
    operator_types("console a\r");
    CHECK(fake_saw(COM1_SLOT, "[console of a; Ctrl-] comes back]\r\nlogin: "));
    fake_clear();
    operator_types("root\x03\x1dps\r");
    CHECK(guest_received(0, typed, sizeof(typed)) == 5 && memcmp(typed, "root\x03", 5) == 0);
    CHECK(mgmt->focus == FOCUS_PROMPT && fake_saw(COM1_SLOT, "vmm-b") && fake.bells > 0);
}

/* What a guest prints while the prompt has COM1 is kept, and never shown at the prompt. */
static void test_operator__prompt_is_not_a_guests(void)
{
    fake_start();
    fake_print(1, "\x1b[2Jbulkhead> quit");
    (void)console_collect(mgmt->domains[2].console, false);
    logs_put_line(mgmt, &mgmt->domains[2], "\x1b[2Jfake\rline", 13);
    CHECK(!fake_saw(COM1_SLOT, "\x1b[2J"));
    terminal_pump(mgmt);
    CHECK(fake_saw(COM1_SLOT, "b: .[2Jfake.line\r\n") && !fake_saw(COM1_SLOT, "quit"));
}

/* The link's focus: COM1 carries that guest's bytes and nothing else, both ways. */
static void test_link__focus_is_exclusive(void)
{
    char typed[8];
    fake_start();
    link_says("focus b");
    CHECK(fake_saw(COM2_SLOT, "[0,7,true,\"\"]\n"));
    fake_clear();
    logs_note(mgmt, "mgmt", "must not be seen");
    fake_print(1, "hello");
    (void)console_collect(mgmt->domains[2].console, true);
    operator_types("x\x1dy");
    CHECK(fake.ports[COM1_SLOT].sent == 5 && fake_saw(COM1_SLOT, "hello"));
    CHECK(guest_received(1, typed, sizeof(typed)) == 3 && memcmp(typed, "x\x1dy", 3) == 0);
    link_says("focus operator");
    CHECK(mgmt->focus == FOCUS_PROMPT);
}

/* Output of a focused guest is never overwritten before COM1 has it: collecting stops instead. */
static void test_console__a_fast_guest_waits_for_a_slow_line(void)
{
    static char block[8000];
    struct console *console;
    fake_start();
    console = mgmt->domains[1].console;
    memset(block, 'x', sizeof(block) - 1);
    for (unsigned round = 0; round < 8; round++) {
        struct ring writer;
        ring_open_writer(&writer, &fake.consoles[0], RING_END_A);
        (void)ring_write(&writer, block, sizeof(block) - 1);
        (void)console_collect(console, true);
    }
    CHECK(console->shown == 0 && console->history.written == CONSOLE_HISTORY_BYTES);
    (void)console_collect(console, false);
    CHECK(console->history.written > CONSOLE_HISTORY_BYTES);
}

/* A guest with no room for input: bytes stay in the port, none is lost. */
static void test_console__input_waits_for_the_guest(void)
{
    static char flood[5001];
    char received[4096];
    fake_start();
    memset(flood, 'f', sizeof(flood) - 1);
    link_says("focus a");
    operator_types(flood);
    CHECK(mgmt->input_stalled && fake.ports[COM1_SLOT].taken == 4096);
    CHECK(guest_received(0, received, sizeof(received)) == 4096);
    terminal_input(mgmt);
    CHECK(!mgmt->input_stalled && guest_received(0, received, sizeof(received)) == 904);
}

static void test_link__answers_whole_requests_only(void)
{
    static const uint8_t wrong[][8] = {
        {0x82, 0, 7, 0},                /* something behind it */
        {0x83, 0, 7, 0x61, 'a'},        /* a name for ps */
        {0x82, 1, 7},                   /* no name for kill */
        {0x83, 1, 7, 0x60},             /* an empty one */
        {0x83, 1, 7, 0x61, '/'},        /* none at all */
        {0x83, 1, 7, 0x63, 'a'},        /* longer than the frame */
        {0x83, 1, 7, 0x41, 'a'},        /* bytes, not text */
        {0x82, 7, 7},                   /* no such verb */
        {0x82, 0x20, 7},                /* a negative one */
        {0x9f, 0, 7, 0xff},             /* of indefinite length */
        {0xa1, 0, 7},                   /* a map */
        {0x83, 1, 0x1b, 1, 0, 0, 0, 0}, /* a number that is cut off */
    };
    static const size_t counts[] = {4, 5, 3, 4, 5, 5, 5, 3, 3, 4, 3, 8};
    uint8_t frame[FAKE_FRAME_BYTES];
    fake_start();
    for (unsigned index = 0; index < sizeof(counts) / sizeof(counts[0]); index++) {
        link_hears(frame, fake_frame(wrong[index], counts[index], frame));
        CHECK(mgmt->link_frames.losses.bad == index + 1 && !fake_saw(COM2_SLOT, "[0,"));
    }
    CHECK(fake.asked[ASK_DESTROY] == 0 && fake_saw(COM2_SLOT, "[8,12,0,0]\n"));
    link_says("kill a");
    CHECK(fake.asked[ASK_DESTROY] == 1);
}

static void test_link__a_damaged_frame_is_counted_and_the_next_one_served(void)
{
    uint8_t frame[FAKE_FRAME_BYTES], damaged[FAKE_FRAME_BYTES];
    const size_t length = fake_request("kill a", frame);
    fake_start();
    for (size_t byte = 0; byte < length; byte++) {
        memcpy(damaged, frame, length);
        damaged[byte] ^= 0x10;
        link_hears(damaged, length);
        fake.now_ns += 2000000000; /* a damaged length may promise more */
        (void)link_input(mgmt);
        const struct frame_losses *const losses = &mgmt->link_frames.losses;
        CHECK(losses->bad + losses->cut + losses->oversized == byte + 1);
    }
    CHECK(fake.asked[ASK_DESTROY] == 0);
    link_says("kill a");
    CHECK(fake.asked[ASK_DESTROY] == 1);
}

static void test_link__half_a_frame_is_cut_off_by_silence(void)
{
    uint8_t frame[FAKE_FRAME_BYTES];
    const size_t length = fake_request("kill a", frame);
    fake_start();
    link_hears(frame, length - 1);
    CHECK(link_input(mgmt) && mgmt->link_frames.losses.cut == 0);
    fake.now_ns += 999999999;
    CHECK(link_input(mgmt));
    fake.now_ns += 1;
    CHECK(!link_input(mgmt) && mgmt->link_frames.losses.cut == 1);
    link_says("kill a");
    CHECK(fake.asked[ASK_DESTROY] == 1 && fake_saw(COM2_SLOT, "[8,0,1,0]\n"));
}

/* A frame that was cut swallows the beginning of the next, which comes out all the same. */
static void test_link__what_stands_behind_a_cut_frame_is_found(void)
{
    uint8_t frame[FAKE_FRAME_BYTES];
    const size_t length = fake_request("kill a", frame);
    fake_start();
    link_hears(frame, length - 4);
    link_hears(frame, length);
    fake.now_ns += 1000000000;
    (void)link_input(mgmt);
    CHECK(fake.asked[ASK_DESTROY] == 1 && mgmt->link_frames.losses.bad + mgmt->link_frames.losses.cut == 1);
}

static void test_link__an_oversized_frame_is_counted_once(void)
{
    uint8_t payload[300] = {0x82, 0, 7}, frame[FAKE_FRAME_BYTES];
    fake_start();
    link_hears(frame, fake_frame(payload, sizeof(payload), frame));
    CHECK(mgmt->link_frames.losses.oversized == 1 && mgmt->link_frames.losses.bad == 0);
    link_hears("", 1); /* noise right behind it */
    link_says("ps");
    CHECK(fake_saw(COM2_SLOT, "[1,7,[[\"mgmt\"") && mgmt->link_frames.losses.bad == 0);
}

/* Whatever a guest logs, no byte of it can begin a frame. */
static void test_link__a_guest_cannot_forge_a_frame(void)
{
    uint8_t forged[FAKE_FRAME_BYTES];
    const uint8_t ready[] = {0x81, 3};
    const size_t length = fake_frame(ready, sizeof(ready), forged);
    fake_start();
    link_tenant_log(mgmt, &mgmt->domains[1], (const char *)forged, length);
    uart_flush(&mgmt->com2);
    for (size_t at = 1; at < fake.ports[COM2_SLOT].sent; at++)
        CHECK((uint8_t)fake.ports[COM2_SLOT].output[at] != 0xe5);
    CHECK(fake_saw(COM2_SLOT, "[6,\"a\",\""));
}

static void test_link__ps_and_quit(void)
{
    fake_start();
    link_says("ps");
    CHECK(fake_saw(COM2_SLOT, "[1,7,[[\"mgmt\",\"\",0,") &&
          fake_saw(COM2_SLOT, ",[\"vmm-b\",\"b\",2,\"running\",30,2048,2,1,null,null]],0,0,0]\n"));
    link_says("quit");
    CHECK(fake.power_value == 0x2000);
    CHECK(fake_saw(COM2_SLOT, "[0,7,false,\"the power-off port was written"));
}

static void test_lifecycle__kill_follows_the_policy(void)
{
    fake_start();
    link_says("kill a");
    CHECK(fake.asked[ASK_DESTROY] == 1 && fake.asked[ASK_RESTART] == 1 && fake.asked_id == 1);
    CHECK(fake_saw(COM2_SLOT, "[4,\"vmm-a\",\"a\",\"died\",\"killed by the operator\"]"));
    CHECK(fake_saw(COM2_SLOT, "\"restarting\"") && mgmt->domains[1].view == VIEW_RUNNING);
    link_says("kill b");
    CHECK(fake.asked[ASK_RESTART] == 1 && mgmt->domains[2].view == VIEW_DEAD);
    fake_clear();
    link_says("kill b");
    CHECK(fake_saw(COM2_SLOT, "it is dead already"));
    link_says("restart b");
    CHECK(fake.asked[ASK_RESTART] == 2 && mgmt->domains[2].view == VIEW_RUNNING);
}

static void test_lifecycle__faults_park_a_domain(void)
{
    fake_start();
    for (unsigned fault = 0; fault < 3; fault++)
        lifecycle_faulted(mgmt, &mgmt->domains[1], "#PF");
    CHECK(fake.asked[ASK_RESTART] == 2 && mgmt->domains[1].view == VIEW_PARKED);
    CHECK(fake_saw(COM2_SLOT, "\"parked\""));
    lifecycle_faulted(mgmt, &mgmt->domains[1], "#PF");
    CHECK(fake.asked[ASK_RESTART] == 2);
}

static void test_lifecycle__pause_and_resume(void)
{
    fake_start();
    link_says("resume a");
    CHECK(fake_saw(COM2_SLOT, "it is not paused"));
    mgmt->domains[1].waiting = true;
    link_says("pause a");
    CHECK(fake.asked[ASK_STOP] == 1 && mgmt->domains[1].view == VIEW_PAUSED && fake.answered == 0);
    link_says("resume a");
    CHECK(fake.asked[ASK_START] == 1 && mgmt->domains[1].view == VIEW_RUNNING);
    CHECK(mgmt->domains[1].events.sequence == 2);
}

static void test_lifecycle__builder_may_refuse(void)
{
    fake_start();
    fake.refusal = "state";
    link_says("pause a");
    CHECK(fake_saw(COM2_SLOT, "[0,7,false,\"state\"]"));
    CHECK(mgmt->domains[1].view == VIEW_RUNNING && mgmt->domains[1].events.sequence == 0);
    link_says("restart a");
    CHECK(mgmt->domains[1].view == VIEW_DEAD);
}

static void test_lifecycle__guest_ends(void)
{
    struct guest_end end;
    uint64_t status;
    fake_start();
    channel_status_write(&fake.consoles[1], 0x1000000003);
    CHECK(console_status_changed(mgmt->domains[2].console, &status) && guest_end_decode(status, &end));
    CHECK(!console_status_changed(mgmt->domains[2].console, &status));
    lifecycle_guest_ended(mgmt, &mgmt->domains[2], &end);
    CHECK(fake_saw(COM2_SLOT, "[5,\"b\",\"debug-exit\",16,\"\"]\n"));
    CHECK(fake.asked[ASK_STOP] == 1 && mgmt->domains[2].view == VIEW_STOPPED);
}

static void test_logs__domains_write_lines(void)
{
    struct ring writer;
    fake_start();
    fake.now_ns = 12345678901;
    ring_open_writer(&writer, &fake.log, RING_END_A);
    CHECK(ring_write_whole(&writer, "first\nsec", 9));
    logs_collect(mgmt);
    CHECK(ring_write_whole(&writer, "ond\n", 4));
    logs_collect(mgmt);
    terminal_pump(mgmt);
    CHECK(fake_saw(COM1_SLOT, "[   12.345] vmm-a: first\r\n") && fake_saw(COM1_SLOT, "vmm-a: second\r\n"));
    fake_clear();
    operator_types("log a\r");
    CHECK(fake_saw(COM1_SLOT, "first\r\nsecond\r\n"));
    operator_types("log zzz\r");
    CHECK(fake_saw(COM1_SLOT, "no domain or tenant"));
}

int main(void)
{
    RUN(test_operator__echoes_edits_and_answers);
    RUN(test_operator__ps_is_a_table);
    RUN(test_operator__console_is_raw_and_comes_back);
    RUN(test_operator__prompt_is_not_a_guests);
    RUN(test_link__focus_is_exclusive);
    RUN(test_console__a_fast_guest_waits_for_a_slow_line);
    RUN(test_console__input_waits_for_the_guest);
    RUN(test_link__answers_whole_requests_only);
    RUN(test_link__a_damaged_frame_is_counted_and_the_next_one_served);
    RUN(test_link__half_a_frame_is_cut_off_by_silence);
    RUN(test_link__what_stands_behind_a_cut_frame_is_found);
    RUN(test_link__an_oversized_frame_is_counted_once);
    RUN(test_link__a_guest_cannot_forge_a_frame);
    RUN(test_link__ps_and_quit);
    RUN(test_lifecycle__kill_follows_the_policy);
    RUN(test_lifecycle__faults_park_a_domain);
    RUN(test_lifecycle__pause_and_resume);
    RUN(test_lifecycle__builder_may_refuse);
    RUN(test_lifecycle__guest_ends);
    RUN(test_logs__domains_write_lines);
    return 0;
}
