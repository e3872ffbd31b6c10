/* The decoder and what it carries out. */
#include "decode.h"
#include "execute.h"
#include "unit.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static bool try(enum code_mode mode, const uint8_t *bytes, size_t len, struct instruction *out)
{
    return decode(bytes, len, mode, out);
}

static void test_decode__mov_forms(void)
{
    struct instruction i;
    CHECK(
        try(CODE_64, BYTES(0x89, 0x04, 0x25, 0xb0, 0xd0, 0x5f, 0xff), &i)); /* mov %eax, 0xffffffffff5fd0b0 */
    CHECK_EQ(i.operation, OPERATION_STORE);
    CHECK_EQ(i.length, 7);
    CHECK_EQ(i.memory_bytes, 4);
    CHECK(try(CODE_64, BYTES(0x8b, 0x80, 0x20, 0, 0, 0), &i)); /* mov 0x20(%rax), %eax */
    CHECK_EQ(i.operation, OPERATION_LOAD);
    CHECK_EQ(i.length, 6);
    CHECK(try(CODE_64, BYTES(0xc7, 0x00, 1, 2, 3, 0x84), &i)); /* movl $imm, (%rax) */
    CHECK(i.immediate);
    CHECK_EQ(i.value, UINT64_C(0xffffffff84030201));
    CHECK_EQ(i.length, 6);
    CHECK(try(CODE_64, BYTES(0x4c, 0x89, 0x3c, 0xc8), &i)); /* mov %r15, (%rax,%rcx,8) */
    CHECK_EQ(i.reg, 15);
    CHECK_EQ(i.memory_bytes, 8);
    CHECK(try(CODE_32, BYTES(0xa3, 0xb0, 0, 0xe0, 0xfe), &i)); /* mov %eax, 0xfee000b0 */
    CHECK_EQ(i.length, 5);
    CHECK(try(CODE_64, BYTES(0xa1, 1, 2, 3, 4, 5, 6, 7, 8), &i));
    CHECK_EQ(i.length, 9);
    CHECK(try(CODE_16, BYTES(0x66, 0x67, 0xa3, 0xb0, 0, 0xe0, 0xfe), &i));
    CHECK_EQ(i.memory_bytes, 4);
    CHECK_EQ(i.length, 7);
}

static void test_decode__extending_and_string_forms(void)
{
    struct instruction i;
    CHECK(try(CODE_64, BYTES(0x0f, 0xb6, 0x40, 3), &i));
    CHECK_EQ(i.memory_bytes, 1);
    CHECK_EQ(i.register_bytes, 4);
    CHECK(!i.sign_extend);
    CHECK(try(CODE_64, BYTES(0x48, 0x63, 0x00), &i));
    CHECK(i.sign_extend);
    CHECK_EQ(i.register_bytes, 8);
    CHECK(!try(CODE_32, BYTES(0x63, 0x00), &i)); /* ARPL */
    CHECK(!try(CODE_64, BYTES(0x0f, 0x63, 0x00), &i));
    CHECK(try(CODE_64, BYTES(0xf3, 0xab), &i));
    CHECK_EQ(i.operation, OPERATION_STOS);
    CHECK(i.repeat);
}

static void test_decode__read_modify_forms(void)
{
    struct instruction i;
    CHECK(try(CODE_64, BYTES(0x83, 0x08, 0x10), &i));
    CHECK_EQ(i.operation, OPERATION_OR);
    CHECK(try(CODE_64, BYTES(0x81, 0x20, 0xff, 0, 0, 0), &i));
    CHECK_EQ(i.operation, OPERATION_AND);
    CHECK(try(CODE_64, BYTES(0xf7, 0x00, 0, 0x10, 0, 0), &i));
    CHECK_EQ(i.operation, OPERATION_TEST);
    CHECK_EQ(i.length, 6);
    CHECK(try(CODE_64, BYTES(0xf7, 0x10), &i));
    CHECK_EQ(i.operation, OPERATION_NOT);
    CHECK(try(CODE_64, BYTES(0xf0, 0x09, 0x08), &i)); /* lock or */
    CHECK(try(CODE_64, BYTES(0x3b, 0x08), &i));
    CHECK_EQ(i.operation, OPERATION_CMP);
    CHECK(try(CODE_64, BYTES(0x87, 0x08), &i));
    CHECK_EQ(i.operation, OPERATION_XCHG);
}

static void test_decode__refuses_the_rest(void)
{
    struct instruction i;
    CHECK(!try(CODE_64, BYTES(0x89, 0xc8), &i));             /* register to register */
    CHECK(!try(CODE_64, BYTES(0x0f, 0x11, 0x00), &i));       /* movups */
    CHECK(!try(CODE_64, BYTES(0xf0, 0x8b, 0x00), &i));       /* lock mov */
    CHECK(!try(CODE_64, BYTES(0xf7, 0x20), &i));             /* mul */
    CHECK(!try(CODE_64, BYTES(0xff, 0x10), &i));             /* call */
    CHECK(!try(CODE_64, BYTES(0xc7, 0x08, 0, 0, 0, 0), &i)); /* group 11, reg 1 */
    CHECK(!try(CODE_64, BYTES(0xc7, 0x00, 1, 2), &i));       /* cut off */
    CHECK(!try(CODE_64,
               BYTES(0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
                     0x89, 0x00),
               &i)); /* longer than 15 bytes */
    CHECK(!try(CODE_64, NULL, 0, &i));
}

static void test_execute__partial_register_writes(void)
{
    uint64_t gpr[16] = {UINT64_C(0x1122334455667788)};
    register_write(gpr, 0, 1, true, 0xab);
    CHECK_EQ(gpr[0], UINT64_C(0x112233445566ab88));
    register_write(gpr, 0, 2, false, 0x1234);
    CHECK_EQ(gpr[0], UINT64_C(0x1122334455661234));
    register_write(gpr, 0, 4, false, 0xffffffff);
    CHECK_EQ(gpr[0], UINT64_C(0xffffffff));
}

/* The same arithmetic by the processor that runs the test. */
#define NATIVE(name)                                                                           \
    static uint32_t native_##name(uint32_t a, uint32_t b, uint64_t *flags)                     \
    {                                                                                          \
        __asm__(#name " %2, %0\n\tpushfq\n\tpopq %1" : "+r"(a), "=r"(*flags) : "r"(b) : "cc"); \
        return a;                                                                              \
    }
NATIVE(addl)
NATIVE(subl)
NATIVE(andl)
NATIVE(orl)
NATIVE(xorl)

static void test_execute__flags_equal_the_processors(void)
{
    static const uint32_t values[] = {0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x55555555, 0x0f};
    static const struct {
        enum operation operation;
        uint32_t (*native)(uint32_t a, uint32_t b, uint64_t *flags);
        uint64_t mask;
    } cases[] = {{OPERATION_ADD, native_addl, 0x8d5},
                 {OPERATION_SUB, native_subl, 0x8d5},
                 {OPERATION_AND, native_andl, 0x8c5},
                 {OPERATION_OR, native_orl, 0x8c5},
                 {OPERATION_XOR, native_xorl, 0x8c5}};
    for (size_t c = 0; c < ARRAY_COUNT(cases); c++) {
        for (size_t x = 0; x < ARRAY_COUNT(values) * ARRAY_COUNT(values); x++) {
            uint32_t a = values[x / ARRAY_COUNT(values)], b = values[x % ARRAY_COUNT(values)];
            uint64_t gpr[16] = {0, b}, flags = 2, native;
            struct instruction i = {
                .operation = cases[c].operation, .memory_bytes = 4, .register_bytes = 4, .reg = 1};
            uint64_t result = instruction_execute(&i, gpr, &flags, a);
            CHECK_EQ(result, cases[c].native(a, b, &native));
            CHECK_EQ(flags & cases[c].mask, native & cases[c].mask);
        }
    }
}

static void test_execute__stos_counts_and_moves(void)
{
    uint64_t gpr[16] = {0x11223344}, flags = 2;
    struct instruction i = {.operation = OPERATION_STOS,
                            .memory_bytes = 4,
                            .register_bytes = 4,
                            .repeat = true,
                            .address_bytes = 8};
    gpr[1] = 3;
    gpr[7] = 0x1000;
    CHECK_EQ(instruction_execute(&i, gpr, &flags, 0), 0x11223344);
    CHECK_EQ(gpr[1], 2);
    CHECK_EQ(gpr[7], 0x1004);
    flags |= 0x400;
    (void)instruction_execute(&i, gpr, &flags, 0);
    CHECK_EQ(gpr[7], 0x1000);
}

static void test_execute__compare_to_register_changes_no_register(void)
{
    uint64_t gpr[16] = {0, 5}, flags = 2;
    struct instruction i = {
        .operation = OPERATION_CMP, .memory_bytes = 4, .register_bytes = 4, .reg = 1, .to_register = true};
    (void)instruction_execute(&i, gpr, &flags, 5);
    CHECK_EQ(gpr[1], 5);
    CHECK_EQ(flags & 0x40, 0x40);
    CHECK(!instruction_writes(&i));
}

int main(void)
{
    RUN(test_decode__mov_forms);
    RUN(test_decode__extending_and_string_forms);
    RUN(test_decode__read_modify_forms);
    RUN(test_decode__refuses_the_rest);
    RUN(test_execute__partial_register_writes);
    RUN(test_execute__flags_equal_the_processors);
    RUN(test_execute__stos_counts_and_moves);
    RUN(test_execute__compare_to_register_changes_no_register);
    return UNIT_RESULT();
}
