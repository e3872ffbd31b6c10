/* 10,000 seeded random MSRs, read and written with random values: answered or #GP. */
#include <guest.h>

struct access {
    uint32_t index;
    uint64_t value;
};

static void read_one(void *context)
{
    struct access *const access = context;
    access->value = rdmsr(access->index);
}

static void write_one(void *context)
{
    const struct access *const access = context;
    wrmsr(access->index, access->value);
}

/* Writing these would end the test itself: EFER (long mode), FS/GS base, the system-call entries, the APIC. */
static bool spared(uint32_t index)
{
    return index == 0xc0000080 || (index >= 0x800 && index < 0x900) || index == 0x1b;
}

enum { ROUNDS = 10000 };

void test(void)
{
    uint64_t state = 0x42756c6b68656164; /* "Bulkhead" */
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct access access = {(uint32_t)random_next(&state), 0};
        struct trap trap = trap_try(read_one, &access);
        expect(!trap.trapped || trap.vector == VECTOR_GP, "a read is answered or #GP");
        access.value = random_next(&state);
        if (spared(access.index))
            continue;
        trap = trap_try(write_one, &access);
        expect(!trap.trapped || trap.vector == VECTOR_GP, "a write is answered or #GP");
    }
}
