/* The label's length must be the method's, at most ten words, and its reserved bits zero. */
#include <call.h>

static enum error answer(uint64_t label)
{
    struct message message = {.label = label};
    const enum error error = call_patient(HYPERCALL_BIT | SLOT_TENANT, DEADLINE_NEVER, &message);
    return error != OK ? error : (enum error)label_status(message.label);
}

static void test_lengths(void)
{
    for (uint32_t length = 1; length < 16; length++)
        expect_equal(answer(label_make(INTERFACE_TENANT, TENANT_VERSION, length)), ERR_LENGTH,
                     "not the method's length");
    for (uint32_t length = 0; length < 16; length++)
        if (length != 9)
            expect_equal(answer(label_make(INTERFACE_TENANT, TENANT_LOG_WRITE, length)), ERR_LENGTH,
                         "not the method's length");
}

static void test_reserved_bits(void)
{
    static const uint64_t used = LABEL_METHOD_MASK | LABEL_LENGTH_MASK | LABEL_INTERFACE_MASK;
    for (unsigned bit = 0; bit < 64; bit++)
        if ((used >> bit & 1) == 0)
            expect_equal(answer(label_make(INTERFACE_TENANT, TENANT_VERSION, 0) | 1ull << bit), ERR_LENGTH,
                         "a reserved bit of the label is set");
}

void test(void)
{
    test_lengths();
    test_reserved_bits();
    call_expect_alive();
}
