/* A kernel image from a hostile hand, into a guest of 16 MiB: placed inside guest memory or refused with a reason,
 * never both, never anything else. */
#include <stdlib.h>
#include <string.h>

#include "boot.h"
#include "fakes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct memory memory;
    static uint8_t view[8 * PIECE_BYTES];
    struct entry entry;
    uint8_t *copy = malloc(len + 1);
    memcpy(copy, data, len);
    memory_init(&memory, view, sizeof view);
    fake_pieces(8);
    struct boot_request request = {
        .kernel = {copy, len, "console=ttyS0", 13},
        .modules = {{copy, len, "module", 6}, {copy, len / 2, NULL, 0}},
        .module_count = 2,
        .rsdp = {LAYOUT_ACPI},
    };
    const char *refused = boot_load(&memory, &request, &entry);
    if (refused == NULL && entry.kind == ENTRY_LONG_MODE && !memory_is_ram(&memory, gpa(entry.rip))) {
        abort();
    }
    free(copy);
    return 0;
}
