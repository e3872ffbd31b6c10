/* System calls, faults and interrupts with a stack pointer that is null, not canonical, or the kernel's: the kernel never touches it. */
#include "hostile.h"

static const uint64_t stacks[] = {0,
                                  1,
                                  8,
                                  0x1000,
                                  0x7ffffffffff8,
                                  0x800000000000,
                                  0x8000000000000000,
                                  0xffff800000000000,
                                  0xffffffff80000000,
                                  ~0ull,
                                  ~7ull};

/* movabs rsp, imm64 in front of @code. */
static struct fault with_stack(struct probe *probe, uint64_t rsp, const uint8_t *code, size_t bytes)
{
    uint8_t whole[64] = {0x48, 0xbc};

    for (unsigned i = 0; i < 8; i++)
        whole[2 + i] = (uint8_t)(rsp >> 8 * i);
    for (size_t i = 0; i < bytes; i++)
        whole[10 + i] = code[i];
    return probe_run_at(probe, whole, 10 + bytes, 0, 0, __LINE__);
}

void test(struct lab *lab)
{
    static struct probe probe;
    static const uint8_t ud[] = {UD2_0, UD2_1}, push[] = {0x50}, page[] = {0x31, 0xc0, 0x8b, 0x00};
    static const uint8_t call[] = {0x31, 0xc0, 0x0f, 0x05, 0xbf,  0x00, 0x00, 0x02,
                                   0x00, 0x48, 0x89, 0x27, UD2_0, UD2_1}; /* null; mov [LAB_STACK], rsp */
    static const uint8_t spin[] = {0xb9, 0x00, 0x00, 0x20, 0x00, 0xff,  0xc9,
                                   0x75, 0xfc, 0x48, 0x89, 0x27, UD2_0, UD2_1}; /* through some interrupts */

    probe_open(lab, &probe);
    for (size_t i = 0; i < sizeof stacks / sizeof stacks[0]; i++) {
        struct fault fault = with_stack(&probe, stacks[i], ud, sizeof ud);

        EXPECT_VALUE(fault.vector, VECTOR_UD);
        EXPECT_VALUE(fault.rsp, stacks[i]);
        fault = with_stack(&probe, stacks[i], push, sizeof push);
        CHECK(fault.vector == VECTOR_PF || fault.vector == 12 ||
              fault.vector == VECTOR_GP); /* #SS; QEMU has #GP */
        fault = with_stack(&probe, stacks[i], page, sizeof page);
        EXPECT_VALUE(fault.vector, VECTOR_PF);
        EXPECT_VALUE(fault.address, 0);
        EXPECT_VALUE(with_stack(&probe, stacks[i], call, sizeof call).vector, VECTOR_UD);
        EXPECT_VALUE(probe.data[0], stacks[i]);
        EXPECT_VALUE(with_stack(&probe, stacks[i], spin, sizeof spin).vector, VECTOR_UD);
        EXPECT_VALUE(probe.data[0], stacks[i]);
    }
    /* RIP at the edges: a jump to what is not canonical faults in user mode. */
    EXPECT_VALUE(PROBE(&probe, 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0xe0).vector, VECTOR_GP);
    EXPECT_VALUE(PROBE(&probe, 0x48, 0xb8, 0, 0, 0, 0, 0, 0x80, 0, 0, 0xff, 0xe0).vector, VECTOR_GP);
    EXPECT_VALUE(PROBE(&probe, 0x48, 0xb8, 0, 0, 0, 0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xe0).vector,
                 VECTOR_PF);
}
