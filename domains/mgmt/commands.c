#include "commands.h"

#include <string.h>

#include <bulkhead/tenant.h>
#include <resource.h>

#include "heart.h"
#include "kernel_calls.h"
#include "lifecycle.h"
#include "terminal.h"

/* How long a machine may take to go off after its port was written. */
static const uint64_t POWER_OFF_NS = 2ull * 1000 * 1000 * 1000;

static const char *run_focus(struct mgmt *mgmt, const char *name, enum focus how)
{
    if (strcmp(name, "operator") == 0) {
        terminal_to_prompt(mgmt);
        return NULL;
    }
    struct domain *const domain = mgmt_domain_by_name(mgmt, name);
    if (domain == NULL)
        return "no domain or tenant of that name; see ps";
    if (domain->console == NULL)
        return "it has no console";
    terminal_to_console(mgmt, domain, how);
    return NULL;
}

static const char *run_on_domain(struct mgmt *mgmt, enum command_verb verb, struct domain *domain)
{
    switch (verb) {
    case COMMAND_KILL:
        return lifecycle_kill(mgmt, domain);
    case COMMAND_RESTART:
        return lifecycle_restart(mgmt, domain);
    case COMMAND_PAUSE:
        return lifecycle_pause(mgmt, domain);
    case COMMAND_RESUME:
        return lifecycle_resume(mgmt, domain);
    case COMMAND_HELP:
    case COMMAND_PS:
    case COMMAND_CONSOLE:
    case COMMAND_LOG:
    case COMMAND_QUIT:
    case COMMAND_FOCUS:
        break;
    }
    return "not a command for a domain";
}

/* What it was asked by name and cannot be: it is no domain of the list. */
static const char BUILDER_STAYS[] = "builder holds all memory and builds the others again: nobody could "
                                    "build it, so it cannot be killed or restarted";

/* Builder starts mgmt again when it has died, so to die is all that mgmt can do to itself. */
static const char *run_on_self(struct mgmt *mgmt, enum command_verb verb)
{
    if (verb != COMMAND_KILL && verb != COMMAND_RESTART)
        return "mgmt cannot do that to itself";
    mgmt->ending = true;
    return NULL;
}

const char *commands_run(struct mgmt *mgmt, const struct command *command, enum focus how)
{
    if (command->verb == COMMAND_FOCUS || command->verb == COMMAND_CONSOLE)
        return run_focus(mgmt, command->name, how);
    if (strcmp(command->name, "builder") == 0)
        return BUILDER_STAYS;
    struct domain *const domain = mgmt_domain_by_name(mgmt, command->name);
    if (domain == NULL)
        return "no domain or tenant of that name; see ps";
    if (domain->id == mgmt->info->id)
        return run_on_self(mgmt, command->verb);
    if (domain->view == VIEW_FINISHED)
        return "it ran once, at boot, and has finished";
    const char *const dead = heart_check(mgmt);
    if (dead != NULL)
        return dead; /* what were killed now would stay away */
    return run_on_domain(mgmt, command->verb, domain);
}

const char *commands_power_off(struct mgmt *mgmt)
{
    const struct resource *const power = resource_find(mgmt->info, "power");
    for (uint32_t index = 0; index < mgmt->domain_count; index++)
        lifecycle_tell_tenant(mgmt, &mgmt->domains[index], LIFECYCLE_STOPPING);
    uart_flush(&mgmt->com1);
    uart_flush(&mgmt->com2);
    if (power == NULL || power->kind != RESOURCE_KIND_IOPORT)
        return "this machine's description has no way to power off: switch it off by hand";
    kernel_port_write(power->slot, (uint16_t)power->extra,
                      (uint8_t)resource_number(mgmt->info, "power-bytes", 2),
                      (uint32_t)resource_number(mgmt->info, "power-value", 0x2000));
    kernel_rest(mgmt->bell_slot, POWER_OFF_NS, mgmt->info->tsc_khz);
    return "the power-off port was written and the machine is still on: switch it off by hand";
}
