/* Page tables and control registers of a hostile guest: 32 bytes of registers, 8 of address, the rest is memory. */
#include <stdlib.h>
#include <string.h>

#include "fakes.h"
#include "walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct memory memory;
    static uint8_t view[PIECE_BYTES];
    struct paging paging;
    uint64_t linear, fault;
    uint32_t code;
    gpa_t address;
    uint8_t bytes[24];
    if (len < sizeof paging + sizeof linear) {
        return 0;
    }
    memcpy(&paging, data, sizeof paging);
    memcpy(&linear, data + sizeof paging, sizeof linear);
    data += sizeof paging + sizeof linear;
    len -= sizeof paging + sizeof linear;
    memory_init(&memory, view, sizeof view);
    fake_pieces(1);
    if (len != 0) {
        (void)memory_write(&memory, gpa(0), data, len < sizeof view ? len : sizeof view);
    }
    for (unsigned access = 0; access < 32; access++) {
        if (walk(&memory, &paging, linear, access, &address, &code) && code != 0) {
            abort();
        }
    }
    (void)walk_read(&memory, &paging, linear, WALK_FETCH, bytes, sizeof bytes, &fault, &code);
    (void)walk_write(&memory, &paging, linear, WALK_USER, bytes, sizeof bytes, &fault, &code);
    return 0;
}
