/* Lines arrive whole or not at all, and the missing ones are counted. */
#include "log.h"

#include <stdbool.h>

#include <bulkhead/domain.h>
#include <bulkhead/message.h>

#include "panic.h"
#include "ring.h"
#include "unit.h"

static _Alignas(16384) struct console_channel channel;
static unsigned signals;
static uint64_t signal_slot, signal_bits;

/* The one system call the log makes. */
enum error ipc_brief(uint64_t rax, uint64_t rdi, uint64_t *word);
enum error ipc_brief(uint64_t rax, uint64_t rdi, uint64_t *word)
{
    (void)rdi;
    signals++;
    signal_slot = rax & UINT32_MAX;
    signal_bits = *word;
    return rax >> 32 == CALL_NOTIF_SIGNAL ? OK : ERR_SYSCALL;
}

_Noreturn void panic(const char *format, ...)
{
    (void)format;
    __builtin_trap();
}

static struct domain_info info = {.resource_count = 2};

static const char *take(void)
{
    static char text[9000];
    static struct ring reader;
    static bool open;
    if (!open) {
        ring_open_reader(&reader, &channel, RING_END_B);
        open = true;
    }
    text[ring_read(&reader, text, sizeof text - 1)] = 0;
    return text;
}

static void test_log__before_it_is_open_lines_are_counted(void)
{
    log_line("lost");
    log_line("lost %d", 2);
    memcpy(info.resource[0].name, "log", 3);
    info.resource[0].kind = RESOURCE_KIND_REGION;
    info.resource[0].address = (uint64_t)(uintptr_t)&channel;
    info.resource[0].bytes = sizeof channel;
    memcpy(info.resource[1].name, "log-bell", 8);
    info.resource[1].kind = RESOURCE_KIND_NOTIF;
    info.resource[1].slot = 9;
    info.resource[1].extra = 8;
    log_open(&info);
    log_line("hello %s", "world");
    CHECK_TEXT(take(), "(2 lines dropped)\nhello world\n");
    CHECK_EQ(signals, 1);
    CHECK_EQ(signal_slot, 9);
    CHECK_EQ(signal_bits, 8);
}

static void test_log__a_full_channel_drops_whole_lines(void)
{
    char line[200];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = 0;
    for (int i = 0; i < 50; i++) {
        log_line("%s", line);
    }
    const char *text = take();
    CHECK_EQ(strlen(text), 40 * 200);
    CHECK_EQ(text[strlen(text) - 1], '\n');
    log_line("after");
    CHECK_TEXT(take(), "(10 lines dropped)\nafter\n");
}

static void test_log__cuts_long_lines(void)
{
    char line[600];
    memset(line, 'y', sizeof line - 1);
    line[sizeof line - 1] = 0;
    log_line("%s", line);
    CHECK_EQ(strlen(take()), LOG_LINE_BYTES - 1);
}

int main(void)
{
    RUN(test_log__before_it_is_open_lines_are_counted);
    RUN(test_log__a_full_channel_drops_whole_lines);
    RUN(test_log__cuts_long_lines);
    return UNIT_RESULT();
}
