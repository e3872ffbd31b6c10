#include "terminal.h"

#include <string.h>

#include "commands.h"
#include "console.h"
#include "logs.h"
#include "report.h"

enum {
    KEY_CTRL_CLOSE_BRACKET = 0x1d,
    CHUNK_BYTES = 256,
    TABLE_BYTES = (DOMAINS_MAX + 4) * 110 + (DEVICES_MAX + 2) * 200
};

static const char PROMPT[] = "bulkhead> ";
/* [ECMA48] 8.3.41 EL: erase from the cursor to the end of the line. */
static const char ERASE_LINE[] = "\r\033[K";

void terminal_print(struct mgmt *mgmt, const char *bytes, size_t count)
{
    if (mgmt->focus != FOCUS_PROMPT)
        return;
    for (size_t index = 0; index < count; index++) {
        if (bytes[index] == '\n')
            uart_write(&mgmt->com1, "\r", 1);
        uart_write(&mgmt->com1, &bytes[index], 1);
    }
}

void terminal_print_string(struct mgmt *mgmt, const char *string)
{
    terminal_print(mgmt, string, strlen(string));
}

void terminal_prompt(struct mgmt *mgmt)
{
    terminal_print_string(mgmt, PROMPT);
    terminal_print(mgmt, mgmt->operator_line.bytes, mgmt->operator_line.length);
}

/* A log line appears above what the operator is typing. */
void log_line_ready(struct mgmt *mgmt, const char *title, const char *line, size_t count)
{
    (void)title;
    terminal_print_string(mgmt, ERASE_LINE);
    terminal_print(mgmt, line, count);
    if (!mgmt->in_command)
        terminal_prompt(mgmt);
}

void terminal_summary(struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX])
{
    char bytes[TABLE_BYTES];
    struct text text = text_over(bytes, sizeof(bytes));
    text_byte(&text, '\n');
    report_summary(mgmt, statuses, &text);
    text_byte(&text, '\n');
    report_table(mgmt, statuses, &text);
    text_string(&text, "\ntype help for the commands\n\n");
    terminal_print(mgmt, text.bytes, text.length);
    terminal_prompt(mgmt);
}

void terminal_to_prompt(struct mgmt *mgmt)
{
    if (mgmt->focus == FOCUS_PROMPT)
        return;
    mgmt->focus = FOCUS_PROMPT;
    mgmt->focused = NULL;
    mgmt->input_stalled = false;
    line_reset(&mgmt->operator_line);
    terminal_print_string(mgmt, "\n");
    terminal_prompt(mgmt);
}

void terminal_to_console(struct mgmt *mgmt, struct domain *domain, enum focus how)
{
    struct console *const console = domain->console;
    if (how == FOCUS_OPERATOR_CONSOLE) {
        terminal_print_string(mgmt, "[console of ");
        terminal_print_string(mgmt, domain_title(domain));
        terminal_print_string(mgmt, "; Ctrl-] comes back]\n");
    }
    mgmt->focus = how;
    mgmt->focused = domain;
    line_reset(&mgmt->operator_line);
    console->shown = history_oldest(&console->history);
    terminal_pump(mgmt);
}

static void print_history(struct mgmt *mgmt, const struct history *history)
{
    uint8_t bytes[CHUNK_BYTES];
    uint64_t position = history_oldest(history);
    for (size_t count = 1; count != 0;) {
        count = history_read(history, &position, bytes, sizeof(bytes));
        terminal_print(mgmt, (const char *)bytes, count);
    }
}

static void print_log(struct mgmt *mgmt, const char *name)
{
    const struct domain *const domain = mgmt_domain_by_name(mgmt, name);
    if (name[0] != '\0' && domain == NULL)
        terminal_print_string(mgmt, "no domain or tenant of that name; see ps\n");
    else
        print_history(mgmt, domain != NULL ? &domain->log.history : &mgmt->merged_log);
}

static void print_table(struct mgmt *mgmt)
{
    char bytes[TABLE_BYTES];
    struct text text = text_over(bytes, sizeof(bytes));
    struct domain_status statuses[DOMAINS_MAX];
    report_statuses(mgmt, statuses, false);
    report_table(mgmt, statuses, &text);
    report_devices(mgmt, &text);
    terminal_print(mgmt, text.bytes, text.length);
}

static void print_refusal(struct mgmt *mgmt, const char *refused)
{
    if (refused == NULL)
        return;
    terminal_print_string(mgmt, refused);
    terminal_print_string(mgmt, "\n");
}

static void run_command(struct mgmt *mgmt, const struct command *command)
{
    switch (command->verb) {
    case COMMAND_HELP:
        terminal_print_string(mgmt, command_help());
        return;
    case COMMAND_PS:
        print_table(mgmt);
        return;
    case COMMAND_LOG:
        print_log(mgmt, command->name);
        return;
    case COMMAND_QUIT:
        terminal_print_string(mgmt, "powering off\n");
        print_refusal(mgmt, commands_power_off(mgmt));
        return;
    case COMMAND_KILL:
    case COMMAND_RESTART:
    case COMMAND_PAUSE:
    case COMMAND_RESUME:
    case COMMAND_CONSOLE:
    case COMMAND_FOCUS:
        print_refusal(mgmt, commands_run(mgmt, command, FOCUS_OPERATOR_CONSOLE));
        return;
    }
}

static void operator_line_done(struct mgmt *mgmt, bool too_long)
{
    struct command command;
    const enum command_error error =
        command_parse(mgmt->operator_line.bytes, mgmt->operator_line.length, &command);
    line_reset(&mgmt->operator_line);
    terminal_print_string(mgmt, "\n");
    mgmt->in_command = true;
    if (too_long)
        print_refusal(mgmt, "the line is longer than 255 bytes");
    else if (error == COMMAND_OK)
        run_command(mgmt, &command);
    else if (error != COMMAND_EMPTY)
        print_refusal(mgmt, command_error_text(error));
    mgmt->in_command = false;
    if (mgmt->focus == FOCUS_PROMPT)
        terminal_prompt(mgmt);
}

static void operator_byte(struct mgmt *mgmt, uint8_t byte)
{
    const char echo = (char)byte;
    const enum line_event event = line_put(&mgmt->operator_line, byte);
    switch (event) {
    case LINE_IGNORED:
        return;
    case LINE_ADDED:
        terminal_print(mgmt, &echo, 1);
        return;
    case LINE_ERASED:
        terminal_print_string(mgmt, "\b \b");
        return;
    case LINE_CLEARED:
        terminal_print_string(mgmt, "\n");
        terminal_prompt(mgmt);
        return;
    case LINE_DONE:
        operator_line_done(mgmt, false);
        return;
    case LINE_TOO_LONG:
        operator_line_done(mgmt, true);
        return;
    }
}

/* Bytes for the guest end at Ctrl-] where it was the operator who chose the console. */
static size_t guest_bytes(const struct mgmt *mgmt, const uint8_t *bytes, size_t count)
{
    if (mgmt->focus != FOCUS_OPERATOR_CONSOLE)
        return count;
    const uint8_t *const leave = memchr(bytes, KEY_CTRL_CLOSE_BRACKET, count);
    return leave != NULL ? (size_t)(leave - bytes) : count;
}

static void take_bytes(struct mgmt *mgmt, const uint8_t *bytes, size_t count)
{
    size_t done = 0;
    while (done < count) {
        if (mgmt->focus == FOCUS_PROMPT) {
            operator_byte(mgmt, bytes[done++]);
            continue;
        }
        const size_t typed = guest_bytes(mgmt, bytes + done, count - done);
        (void)console_type(mgmt->focused->console, bytes + done, typed);
        done += typed;
        if (done < count) {
            terminal_to_prompt(mgmt);
            done++; /* the Ctrl-] itself */
        }
    }
}

/* Bytes that the focused reader can take now: what a guest has no room for waits in the port. */
static size_t input_room(struct mgmt *mgmt)
{
    return mgmt->focus == FOCUS_PROMPT ? CHUNK_BYTES : console_type_room(mgmt->focused->console);
}

void terminal_input(struct mgmt *mgmt)
{
    uint8_t bytes[CHUNK_BYTES];
    for (unsigned piece = 0; piece < UART_QUEUE_BYTES / CHUNK_BYTES; piece++) {
        const size_t room = input_room(mgmt);
        mgmt->input_stalled = room == 0;
        const size_t count = uart_read(&mgmt->com1, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
        if (count == 0)
            return;
        take_bytes(mgmt, bytes, count);
    }
}

void terminal_pump(struct mgmt *mgmt)
{
    uint8_t bytes[CHUNK_BYTES];
    while (mgmt->focus != FOCUS_PROMPT) {
        struct console *const console = mgmt->focused->console;
        const size_t room = uart_room(&mgmt->com1);
        const size_t count = history_read(&console->history, &console->shown, bytes,
                                          room < sizeof(bytes) ? room : sizeof(bytes));
        if (count == 0)
            break;
        uart_write(&mgmt->com1, (const char *)bytes, count);
    }
    uart_pump(&mgmt->com1);
}
