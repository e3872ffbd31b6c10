#include "fakes.h"

#include <stdlib.h>
#include <string.h>

uint32_t fake_basic_most = 0x1f, fake_extended_most = 0x80000021;
static uint32_t pieces_left;

bool memory_back(struct memory *memory, uint32_t index)
{
    if (pieces_left == 0) {
        return false;
    }
    pieces_left--;
    memset(memory->view + (size_t)index * PIECE_BYTES, 0, PIECE_BYTES);
    return true;
}

void fake_memory(struct memory *memory, uint64_t bytes, uint32_t pieces_most)
{
    memory_init(memory, malloc(bytes), bytes);
    pieces_left = pieces_most;
}

void fake_pieces(uint32_t pieces_most)
{
    pieces_left = pieces_most;
}

void fake_memory_free(struct memory *memory)
{
    free(memory->view);
}

struct cpuid_leaf host_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid_leaf ones = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
    (void)subleaf;
    if (leaf == 0) {
        ones.eax = fake_basic_most;
    } else if (leaf == 0x80000000) {
        ones.eax = fake_extended_most;
    }
    return ones;
}

uint64_t fake_random_step = 1;
uint32_t fake_random_left = UINT32_MAX;

bool host_random(uint64_t *value)
{
    static uint64_t last;
    if (fake_random_left == 0) {
        return false;
    }
    fake_random_left--;
    last += fake_random_step;
    *value = last * UINT64_C(0x9e3779b97f4a7c15);
    return true;
}
