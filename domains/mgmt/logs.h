/* Logs: what domains and tenants write become whole, printable lines. */
#ifndef BULKHEAD_MGMT_LOGS_H
#define BULKHEAD_MGMT_LOGS_H

#include "mgmt.h"

/* Where finished lines go; operator.c provides it, the unit tests theirs. */
void log_line_ready(struct mgmt *mgmt, const char *title, const char *line, size_t count);

/* Adds bytes to a domain's stream; each finished line is kept, merged and shown. Control characters become `.`. */
void logs_put(struct mgmt *mgmt, struct domain *domain, const char *bytes, size_t count);
/* One line of at most LOG_TEXT_BYTES that the domain's guest wrote; it does not mix with the domain's own stream. */
void logs_put_line(struct mgmt *mgmt, struct domain *domain, const char *bytes, size_t count);
/* A line of mgmt's own, about @title. */
void logs_note(struct mgmt *mgmt, const char *title, const char *text);
/* Takes what domains have written to their log channels. */
void logs_collect(struct mgmt *mgmt);

#endif
