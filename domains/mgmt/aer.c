#include "aer.h"

enum { BITS = 32, UNNAMED = 31 };

/* [PCIE-3.0] 7.10.2. */
static const char *const uncorrectable_names[BITS] = {
    [4] = "data link protocol",
    [5] = "surprise down",
    [12] = "poisoned TLP",
    [13] = "flow control protocol",
    [14] = "completion timeout",
    [15] = "completer abort",
    [16] = "unexpected completion",
    [17] = "receiver overflow",
    [18] = "malformed TLP",
    [19] = "checksum",
    [20] = "unsupported request",
    [21] = "access control violation",
    [22] = "internal",
    [23] = "multicast blocked",
    [24] = "atomic operation blocked",
    [25] = "prefix blocked",
    [UNNAMED] = "not named",
};

/* [PCIE-3.0] 7.10.5. */
static const char *const correctable_names[BITS] = {
    [0] = "receiver",
    [6] = "bad TLP",
    [7] = "bad DLLP",
    [8] = "replays without end",
    [12] = "replay timeout",
    [13] = "advisory non-fatal",
    [14] = "corrected internal",
    [15] = "header log overflow",
    [UNNAMED] = "not named",
};

void aer_names(struct text *text, bool correctable, uint32_t bits)
{
    const char *const *const names = correctable ? correctable_names : uncorrectable_names;
    bool first = true;
    for (uint32_t bit = 0; bit < BITS; bit++) {
        if ((bits >> bit & 1) == 0)
            continue;
        text_string(text, first ? "" : ", ");
        first = false;
        if (names[bit] != NULL) {
            text_string(text, names[bit]);
        } else {
            text_string(text, "bit ");
            text_number(text, bit);
        }
    }
}
