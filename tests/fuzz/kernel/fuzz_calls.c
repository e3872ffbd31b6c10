/* A small system whose threads, interrupts and clock do what the input says: system calls with any words, in any
 * order. What must hold between any two calls (tests/unit/fake/invariants.c) is checked after each. */
#include "drive.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *data;
    size_t left;
};

/* Two bytes answer most questions; one in sixteen takes eight. */
static uint64_t next(void *context)
{
    struct input *input = context;
    uint64_t word = 0;
    size_t bytes = input->left > 0 && input->data[0] % 16 == 15 ? 9 : 2;
    if (bytes > input->left) {
        bytes = input->left;
    }
    memcpy(&word, bytes == 9 ? input->data + 1 : input->data, bytes == 9 ? 8 : bytes);
    input->data += bytes;
    input->left -= bytes;
    return word;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    const struct drive_source source = {next, &input};
    drive_begin();
    while (input.left > 0) {
        if (drive_step(&source) != 0) {
            fflush(stdout);
            abort();
        }
    }
    return 0;
}
