/* How a test ends. TEST_NAME is its directory's name, from CMake. */
#include "guest.h"

enum { DEBUG_EXIT_PORT = 0xf4, EXIT_PASS = 0x10, EXIT_FAIL = 0x11 };

_Noreturn void guest_exit(uint8_t value)
{
    interrupts_off();
    out8(DEBUG_EXIT_PORT, value);
    for (;;)
        __asm__ volatile("hlt");
}

_Noreturn void verdict(bool pass, const char *reason)
{
    interrupts_off();
    print("TEST " TEST_NAME);
    print(pass ? " PASS " : " FAIL ");
    print(reason);
    print("\n");
    guest_exit(pass ? EXIT_PASS : EXIT_FAIL);
}

void expect(bool holds, const char *claim)
{
    if (!holds)
        verdict(false, claim);
}

void expect_equal(uint64_t got, uint64_t wanted, const char *claim)
{
    if (got == wanted)
        return;
    print_value("got", got);
    print_value("wanted", wanted);
    verdict(false, claim);
}
