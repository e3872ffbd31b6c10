/* Carries out commands, wherever they came from. */
#ifndef BULKHEAD_MGMT_COMMANDS_H
#define BULKHEAD_MGMT_COMMANDS_H

#include "command.h"
#include "mgmt.h"

/* Commands that act on a domain, and focus. NULL: done, otherwise why not. @how: the focus that `console` and
 * `focus` give. */
const char *commands_run(struct mgmt *mgmt, const struct command *command, enum focus how);
/* Does not return where the description has a way to power off; otherwise why nothing happened. */
const char *commands_power_off(struct mgmt *mgmt);

#endif
