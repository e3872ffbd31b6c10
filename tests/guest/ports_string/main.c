/* INS and OUTS, with and without REP, to a port without a device and to the serial port: done, or refused with an
 * exception; a count of 2^64-1 must not keep the VMM busy for ever (interrupts go on between pieces). */
#include <guest.h>

static uint8_t buffer[64];

static void string_in(void *context)
{
    uint64_t count = *(uint64_t *)context;
    void *to = buffer;
    __asm__ volatile("rep insb" : "+D"(to), "+c"(count) : "d"(0x2f0) : "memory");
}

static void string_out(void *context)
{
    uint64_t count = *(uint64_t *)context;
    const void *from = buffer;
    __asm__ volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(0x2f0) : "memory");
}

static void string_out_unmapped(void *context)
{
    const void *from = (const void *)0x7f0000000000;
    (void)context;
    __asm__ volatile("outsl" : "+S"(from) : "d"(0x2f0) : "memory");
}

static void attempt(trap_body *body, uint64_t count, const char *claim)
{
    const struct trap trap = trap_try(body, &count);
    print_value("trapped", trap.trapped ? trap.vector : 0xff);
    expect(!trap.trapped || trap.vector == VECTOR_GP || trap.vector == VECTOR_UD || trap.vector == VECTOR_PF,
           claim);
}

void test(void)
{
    attempt(string_in, 0, "a count of zero");
    attempt(string_in, sizeof(buffer), "a small read");
    attempt(string_out, sizeof(buffer), "a small write");
    attempt(string_out_unmapped, 0, "from an address that is not mapped");
    print("still here\n");
}
