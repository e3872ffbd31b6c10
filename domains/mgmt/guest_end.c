#include "guest_end.h"

#include <stddef.h>

static const struct {
    enum ending ending;
    const char *state;
} guest_states[] = {
    [1] = {ENDING_POWEROFF, "poweroff"},
    [2] = {ENDING_RESET, "reset"},
    [3] = {ENDING_DEBUG_EXIT, "debug-exit"},
    [4] = {ENDING_GUEST_DIED, "died"},
};

static const char *const guest_reasons[] = {
    "",
    "triple fault",
    "VM-entry failure: invalid state",
    "an instruction that the VMM does not decode",
    "out of memory",
    "the image was refused",
    "halted for good: HLT with interrupts off",
    "the VMM's own check failed",
};

bool guest_end_decode(uint64_t status, struct guest_end *end)
{
    const size_t state = status & 0xff;
    const size_t reason = status >> 8 & 0xff;
    if (state == 0)
        return false;
    end->value = (uint32_t)(status >> 32);
    end->reason = reason < sizeof(guest_reasons) / sizeof(guest_reasons[0]) ? guest_reasons[reason]
                                                                            : "undocumented reason";
    if (state < sizeof(guest_states) / sizeof(guest_states[0])) {
        end->ending = guest_states[state].ending;
        end->state = guest_states[state].state;
    } else {
        end->ending = ENDING_GUEST_DIED;
        end->state = "died";
        end->reason = "undocumented status word";
    }
    return true;
}
