/* log_write takes 1 to 64 bytes and a tenant only so many lines a second: the flood is refused with ERR_LIMIT, and time
 * heals it. What a line contains is data: control characters must not reach the operator's terminal. */
#include <call.h>

static enum error write_line(uint32_t length, const char *text)
{
    uint8_t bytes[64] = {0};
    size_t count = 0;
    while (count < sizeof(bytes) && text[count] != '\0')
        count++;
    __builtin_memcpy(bytes, text, count);
    return tenant_log_write(call_patient, SLOT_TENANT, DEADLINE_NEVER, length, bytes);
}

static void test_flood(void)
{
    unsigned accepted = 0;
    enum error error = OK;
    for (unsigned attempt = 0; attempt < 1000 && error == OK; attempt++) {
        error = write_line(5, "flood");
        accepted += error == OK;
    }
    print_value("accepted", accepted);
    expect_equal(error, ERR_LIMIT, "a flood is refused");
    expect(accepted < 200, "the burst is bounded");
}

void test(void)
{
    expect_equal(write_line(17, "hello from tenant"), OK, "a line is taken");
    expect_equal(write_line(64, "\x1b[2J\x1b]0;owned\x07\n\nbulkhead> quit\n"), OK,
                 "a hostile line is taken as data");
    expect_equal(write_line(0, ""), ERR_ARGUMENT, "an empty line");
    expect_equal(write_line(65, "x"), ERR_ARGUMENT, "more than the field holds");
    expect_equal(write_line(0xffffffff, "x"), ERR_ARGUMENT, "an absurd length");
    test_flood();
    const uint64_t until = rdtsc() + call_ticks(400);
    while (rdtsc() < until)
        __asm__ volatile("pause");
    expect_equal(write_line(5, "later"), OK, "time gives new tokens");
}
