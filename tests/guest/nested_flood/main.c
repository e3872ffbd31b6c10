/* Touching all memory in the worst order (one word of each 2 MiB, from the top) makes as many nested faults as there are
 * pieces; each is populated once, and no more memory is had than was described. */
#include <guest.h>

enum { PIECE = 0x200000 };

void test(void)
{
    const uint64_t end = memory_end() & ~(uint64_t)(PIECE - 1);
    unsigned pieces = 0;
    for (uint64_t at = end - PIECE; at > (uint64_t)guest_end; at -= PIECE) {
        *(volatile uint64_t *)at = at;
        pieces++;
    }
    for (uint64_t at = end - PIECE; at > (uint64_t)guest_end; at -= PIECE)
        expect_equal(*(volatile uint64_t *)at, at, "each piece is memory of its own");
    print_value("pieces", pieces);
    expect(pieces > 10, "there is memory to touch");
}
