/* COM1: the operator's prompt, or one guest's console. */
#ifndef BULKHEAD_MGMT_TERMINAL_H
#define BULKHEAD_MGMT_TERMINAL_H

#include "builder_calls.h"
#include "mgmt.h"

/* Prints at the prompt (nothing is printed while a guest has COM1): \n becomes \r\n. */
void terminal_print(struct mgmt *mgmt, const char *bytes, size_t count);
void terminal_print_string(struct mgmt *mgmt, const char *string);
void terminal_prompt(struct mgmt *mgmt);
void terminal_summary(struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX]);

void terminal_to_prompt(struct mgmt *mgmt);
/* Hands COM1 to @domain's console and shows what is kept of its output. */
void terminal_to_console(struct mgmt *mgmt, struct domain *domain, enum focus how);

/* Takes what has arrived on COM1. */
void terminal_input(struct mgmt *mgmt);
/* Gives COM1 what the focused guest has printed, as far as the queue has room. */
void terminal_pump(struct mgmt *mgmt);

#endif
