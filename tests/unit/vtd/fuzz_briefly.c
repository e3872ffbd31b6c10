/* A fuzzer of tests/fuzz for a moment, on inputs of no guidance: the same in each pass. */
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUTS = 20000, BYTES = 160 };

/* Xorshift. */
static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

int main(void)
{
    static uint8_t data[BYTES];
    uint64_t state = 1;

    for (int i = 0; i < INPUTS; i++) {
        const size_t size = next(&state) % (BYTES + 1);

        for (size_t at = 0; at < size; at++)
            data[at] = (uint8_t)next(&state);
        data[0] %= 8; /* structures; the rest is damage */
        data[1] &= 0x80;
        LLVMFuzzerTestOneInput(data, size);
    }
    return 0;
}
