#include "logs.h"

#include <string.h>

#include "text.h"

enum { COLLECT_BYTES = 512 };

static const uint64_t NS_PER_MS = 1000000;

/* "[  12.345] title: line\n" into the history of all logs, then to whoever watches. */
static void logs_publish(struct mgmt *mgmt, const char *title, const char *line, size_t count)
{
    char bytes[LOG_TEXT_BYTES + NAME_BYTES + 40];
    struct text text = text_over(bytes, sizeof(bytes) - 1);
    const uint64_t ms = mgmt_now_ns(mgmt) / NS_PER_MS;
    text_byte(&text, '[');
    text_number_right(&text, ms / 1000, 5);
    text_byte(&text, '.');
    text_byte(&text, (char)('0' + ms / 100 % 10));
    text_byte(&text, (char)('0' + ms / 10 % 10));
    text_byte(&text, (char)('0' + ms % 10));
    text_string(&text, "] ");
    text_string(&text, title);
    text_string(&text, ": ");
    text_bytes(&text, line, count);
    text_byte(&text, '\n');
    history_put(&mgmt->merged_log, (const uint8_t *)text.bytes, text.length);
    log_line_ready(mgmt, title, text.bytes, text.length);
}

static char printable(char byte)
{
    return byte >= 0x20 && byte < 0x7f ? byte : '.';
}

/* @title: the domain for its own log, the tenant for what its guest wrote. */
static void logs_finish(struct mgmt *mgmt, struct domain *domain, const char *title, const char *line,
                        size_t count)
{
    const uint8_t line_feed = '\n';
    history_put(&domain->log.history, (const uint8_t *)line, count);
    history_put(&domain->log.history, &line_feed, 1);
    logs_publish(mgmt, title, line, count);
}

void logs_put(struct mgmt *mgmt, struct domain *domain, const char *bytes, size_t count)
{
    struct log_stream *log = &domain->log;
    for (size_t index = 0; index < count; index++) {
        const char byte = bytes[index];
        if ((byte == '\n' && log->length != 0) || log->length == LOG_TEXT_BYTES) {
            logs_finish(mgmt, domain, domain->name, log->line, log->length);
            log->length = 0;
        }
        if (byte != '\n' && byte != '\r')
            log->line[log->length++] = printable(byte);
    }
}

void logs_put_line(struct mgmt *mgmt, struct domain *domain, const char *bytes, size_t count)
{
    char line[LOG_TEXT_BYTES];
    size_t length = 0;
    while (count != 0 && (bytes[count - 1] == '\n' || bytes[count - 1] == '\r'))
        count--;
    while (length < count && length < sizeof(line)) {
        line[length] = printable(bytes[length]);
        length++;
    }
    logs_finish(mgmt, domain, domain_title(domain), line, length);
}

void logs_note(struct mgmt *mgmt, const char *title, const char *text)
{
    logs_publish(mgmt, title, text, strlen(text));
}

static void logs_collect_domain(struct mgmt *mgmt, struct domain *domain)
{
    char bytes[COLLECT_BYTES];
    /* Bounded: at most one channel's worth a turn. */
    for (unsigned piece = 0; piece < sizeof(domain->log_channel->a_to_b) / COLLECT_BYTES; piece++) {
        const size_t count = ring_read(&domain->log_ring, bytes, sizeof(bytes));
        if (count == 0)
            return;
        logs_put(mgmt, domain, bytes, count);
    }
}

void logs_collect(struct mgmt *mgmt)
{
    for (uint32_t index = 0; index < mgmt->domain_count; index++)
        if (mgmt->domains[index].log_channel != NULL)
            logs_collect_domain(mgmt, &mgmt->domains[index]);
}
