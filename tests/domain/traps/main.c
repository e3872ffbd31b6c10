/* Every INT, instructions that only the kernel may use, single steps, and what POPF may not change: each ends its own thread, by the vector
 * that the manual says, and nothing else. */
#include "hostile.h"

static void test_int(struct probe *probe)
{
    for (unsigned vector = 0; vector < 256; vector++) {
        const uint8_t code[] = {0xcd, (uint8_t)vector, UD2_0, UD2_1};
        const struct fault fault = probe_run_at(probe, code, sizeof code, 0, 0, __LINE__);

        if (fault.vector == vector && (vector == 3 || vector == 4))
            continue; /* open to users, or not */
        EXPECT_VALUE(fault.vector, VECTOR_GP);
        /* [SDM-2023-09] Vol 3A 6.13; QEMU multiplies by the size of a gate in long mode. */
        CHECK(fault.code == (vector << 3 | 2) || fault.code == (vector << 4 | 2));
        EXPECT_VALUE(fault.rip, LAB_CODE);
    }
    CHECK(PROBE(probe, 0xcc).vector == 3 || PROBE(probe, 0xcc).vector == VECTOR_GP); /* int3 */
    /* icebp; QEMU does nothing for it without a debugger. */
    const struct fault fault = PROBE(probe, 0xf1, UD2_0, UD2_1);
    if (fault.vector != VECTOR_DB && fault.vector != VECTOR_UD)
        fail_value(__LINE__, "the vector of icebp", fault.vector, VECTOR_DB);
}

/* What ring 3 may not execute. */
static const struct {
    uint8_t code[12];
    uint8_t bytes;
} general[] = {
    {{0xf4}, 1},                               /* hlt */
    {{0xfa}, 1},                               /* cli */
    {{0xfb}, 1},                               /* sti */
    {{0xe4, 0x60}, 2},                         /* in al, 0x60 */
    {{0xe6, 0x80}, 2},                         /* out 0x80, al */
    {{0xec}, 1},                               /* in al, dx */
    {{0x6c}, 1},                               /* insb */
    {{0x0f, 0x20, 0xc0}, 3},                   /* mov rax, cr0 */
    {{0x0f, 0x22, 0xd8}, 3},                   /* mov cr3, rax */
    {{0x0f, 0x22, 0xe0}, 3},                   /* mov cr4, rax */
    {{0x44, 0x0f, 0x20, 0xc0}, 4},             /* mov rax, cr8 */
    {{0x0f, 0x21, 0xf8}, 3},                   /* mov rax, dr7 */
    {{0x0f, 0x23, 0xf8}, 3},                   /* mov dr7, rax */
    {{0x0f, 0x30}, 2},                         /* wrmsr */
    {{0x0f, 0x32}, 2},                         /* rdmsr */
    {{0x0f, 0x06}, 2},                         /* clts */
    {{0x0f, 0x08}, 2},                         /* invd */
    {{0x0f, 0x09}, 2},                         /* wbinvd */
    {{0x0f, 0x01, 0x17}, 3},                   /* lgdt [rdi] */
    {{0x0f, 0x01, 0x1f}, 3},                   /* lidt [rdi] */
    {{0x0f, 0x00, 0xd0}, 3},                   /* lldt ax */
    {{0x0f, 0x00, 0xd8}, 3},                   /* ltr ax */
    {{0x0f, 0x01, 0xf0}, 3},                   /* lmsw ax */
    {{0x0f, 0x01, 0x3f}, 3},                   /* invlpg [rdi] */
    {{0x0f, 0x01, 0xf8}, 3},                   /* swapgs */
    {{0x48, 0x0f, 0x07}, 3},                   /* sysretq */
    {{0x0f, 0x01, 0xd1}, 3},                   /* xsetbv */
    {{0x66, 0xb8, 0x08, 0x00, 0x8e, 0xd0}, 6}, /* mov ss, kernel's code */
    {{0x66, 0xb8, 0x10, 0x00, 0x8e, 0xd0}, 6}, /* mov ss, kernel's data */
    {{0x66, 0xb8, 0x10, 0x00, 0x8e, 0xe0}, 6}, /* mov fs, kernel's data */
};

static void test_privileged(struct probe *probe)
{
    static const struct {
        uint8_t code[4];
    } either[] = {
        /* #GP or #UD, as the processor has them or not */
        {{0x0f, 0x01, 0xd8}}, {{0x0f, 0x01, 0xd9}}, {{0x0f, 0x01, 0xda}},       {{0x0f, 0x01, 0xdb}},
        {{0x0f, 0x01, 0xdc}}, {{0x0f, 0x01, 0xdd}}, {{0x0f, 0x01, 0xdf}},       {{0x0f, 0x01, 0xc1}},
        {{0x0f, 0x01, 0xc8}}, {{0x0f, 0x01, 0xc9}}, {{0x0f, 0xaa, 0x90, 0x90}}, {{0x0f, 0x34, 0x90, 0x90}},
    };

    for (size_t i = 0; i < sizeof general / sizeof general[0]; i++) {
        uint8_t code[16] = {0};

        for (size_t b = 0; b < general[i].bytes; b++)
            code[b] = general[i].code[b];
        code[general[i].bytes] = UD2_0, code[general[i].bytes + 1] = UD2_1;
        const struct fault fault = probe_run_at(probe, code, general[i].bytes + 2u, 0, 0, __LINE__);
        if (fault.vector != VECTOR_GP)
            fail(__LINE__, "instruction %u: vector %llu", (unsigned)i, (unsigned long long)fault.vector);
    }
    for (size_t i = 0; i < sizeof either / sizeof either[0]; i++) {
        const uint8_t code[] = {either[i].code[0], either[i].code[1],
                                either[i].code[2] ? either[i].code[2] : 0x90, UD2_0, UD2_1};
        const struct fault fault = probe_run_at(probe, code, sizeof code, 0, 0, __LINE__);

        CHECK(fault.vector == VECTOR_GP || fault.vector == VECTOR_UD);
    }
}

static void test_single_step(struct probe *probe)
{
    struct fault fault = PROBE(probe, 0x9c, 0x81, 0x0c, 0x24, 0x00, 0x01, 0x00, 0x00, 0x9d, 0x90, UD2_0,
                               UD2_1); /* pushf; or TF; popf; nop */

    EXPECT_VALUE(fault.vector, VECTOR_DB);
    EXPECT_VALUE(fault.rip, LAB_CODE + 10);
    /* Single-stepped into a null system call: the kernel is not stepped, the thread is. */
    fault = PROBE(probe, 0x31, 0xc0, 0x9c, 0x81, 0x0c, 0x24, 0x00, 0x01, 0x00, 0x00, 0x9d, 0x0f, 0x05, 0x90,
                  0x90, UD2_0, UD2_1);
    EXPECT_VALUE(fault.vector, VECTOR_DB);
    CHECK(fault.rip >= LAB_CODE + 13 && fault.rip <= LAB_CODE + 15);
    /* MOV SS holds the step back; then SYSCALL, INT3: CVE-2018-8897. */
    fault = PROBE(probe, 0x8c, 0xd0, 0x9c, 0x81, 0x0c, 0x24, 0x00, 0x01, 0x00, 0x00, 0x9d, 0x8e, 0xd0, 0xcc,
                  UD2_0, UD2_1);
    CHECK(fault.vector == VECTOR_DB || fault.vector == 3 || fault.vector == VECTOR_GP);
    fault = PROBE(probe, 0x8c, 0xd1, 0x31, 0xc0, 0x9c, 0x81, 0x0c, 0x24, 0x00, 0x01, 0x00, 0x00, 0x9d, 0x8e,
                  0xd1, 0x0f, 0x05, 0x90, 0x90, UD2_0, UD2_1);
    CHECK(fault.vector == VECTOR_DB || fault.vector == VECTOR_UD);
}

static void test_popf(struct probe *probe)
{
    /* push all flags but TF; popf; pushf; pop (rdi): IOPL and IF stay as they were, VM cannot be set. */
    const struct fault fault =
        PROBE(probe, 0x68, 0xff, 0xfe, 0x3f, 0x00, 0x9d, 0x9c, 0x8f, 0x07, UD2_0, UD2_1);

    EXPECT_VALUE(fault.vector, VECTOR_UD);
    EXPECT_VALUE(probe->data[0] & (3 << 12 | 1 << 9 | 1 << 17), 1 << 9);
    /* Without IF. */
    EXPECT_VALUE(PROBE(probe, 0x6a, 0x02, 0x9d, 0x9c, 0x8f, 0x07, UD2_0, UD2_1).vector, VECTOR_UD);
    EXPECT_VALUE(probe->data[0] & 1 << 9, 1 << 9);
    /* NT, then IRET: #GP in 64-bit mode. */
    EXPECT_VALUE(PROBE(probe, 0x9c, 0x81, 0x0c, 0x24, 0x00, 0x40, 0x00, 0x00, 0x9d, 0x48, 0xcf).vector,
                 VECTOR_GP);
}

void test(struct lab *lab)
{
    static struct probe probe;

    probe_open(lab, &probe);
    test_int(&probe);
    test_privileged(&probe);
    test_single_step(&probe);
    test_popf(&probe);
}
