/* SYSCALL with every flag that a user can set: the kernel runs with none of them, and they are there again afterwards. */
#include "hostile.h"

enum { USER_FLAGS = 0x244dd5 & ~0x100 }; /* CF PF AF ZF SF DF OF NT AC ID, without TF */

/* push flags; popf; mov rax, imm; syscall; mov edi, LAB_STACK; pushf; pop (rdi); ud2 */
static uint64_t round_trip(struct probe *probe, uint32_t flags, uint64_t rax)
{
    uint8_t code[] = {0x68, 0, 0,    0,    0,    0x9d, 0x48, 0xb8, 0,    0,    0,    0,    0,     0,
                      0,    0, 0x0f, 0x05, 0xbf, 0x00, 0x00, 0x02, 0x00, 0x9c, 0x8f, 0x07, UD2_0, UD2_1};

    for (unsigned i = 0; i < 4; i++)
        code[1 + i] = (uint8_t)(flags >> 8 * i);
    for (unsigned i = 0; i < 8; i++)
        code[8 + i] = (uint8_t)(rax >> 8 * i);
    probe->data[0] = 0;
    const struct fault fault = probe_run_at(probe, code, sizeof code, 0, 0, __LINE__);
    EXPECT_VALUE(fault.vector, VECTOR_UD);
    return probe->data[0];
}

void test(struct lab *lab)
{
    static struct probe probe;

    probe_open(lab, &probe);
    for (unsigned bit = 0; bit < 22; bit++) {
        const uint32_t flags = 1u << bit & USER_FLAGS;

        EXPECT_VALUE(round_trip(&probe, flags, 0) & USER_FLAGS, flags); /* the fast null call */
        EXPECT_VALUE(round_trip(&probe, flags, target(CALL_SPACE_INFO, 1)) & USER_FLAGS,
                     flags); /* through C, refused */
        EXPECT_VALUE(round_trip(&probe, flags, ~0ull) & USER_FLAGS, flags);
    }
    EXPECT_VALUE(round_trip(&probe, USER_FLAGS, 0) & USER_FLAGS, USER_FLAGS);
    EXPECT_VALUE(round_trip(&probe, USER_FLAGS, target(CALL_SPACE_INFO, 1)) & USER_FLAGS, USER_FLAGS);
    /* From compatibility mode there is no way in, and no way there: where SYSRET to it would look for code (0x13), a far jump finds none.
     * mov rax, 0x13:LAB_CODE; push rax; jmp far [rsp] (QEMU 7.2 faults at any far return of a user: it reads the stack as the kernel, under SMAP) */
    EXPECT_VALUE(
        PROBE(&probe, 0x48, 0xb8, 0x00, 0x00, 0x01, 0x00, 0x13, 0x00, 0x00, 0x00, 0x50, 0xff, 0x2c, 0x24)
            .vector,
        VECTOR_GP);
}
