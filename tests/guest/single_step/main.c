/* Single-stepping over instructions that exit: the trap comes after each, exactly once. [APM2] 13.1.4; PLATFORM: the
 * emulated instruction must not swallow it. */
#include <guest.h>

static volatile unsigned steps;

static void on_step(void)
{
    steps++;
}

static unsigned count(trap_body *body)
{
    steps = 0;
    body(NULL);
    return steps;
}

static void step_nops(void *context)
{
    (void)context;
    __asm__ volatile("pushf; orl $0x100, (%%rsp); popf; nop; nop; pushf; andl $~0x100, (%%rsp); popf"
                     :
                     :
                     : "memory", "cc");
}

static void step_exits(void *context)
{
    (void)context;
    __asm__ volatile(
        "pushf; orl $0x100, (%%rsp); popf; cpuid; inb $0x80, %%al; pushf; andl $~0x100, (%%rsp); popf"
        :
        : "a"(0), "c"(0)
        : "rbx", "rdx", "memory", "cc");
}

void test(void)
{
    interrupt_set(VECTOR_DB, on_step);
    const unsigned nops = count(step_nops);
    const unsigned exits = count(step_exits);
    print_value("steps over nops", nops);
    print_value("steps over exits", exits);
    expect(nops >= 4, "single-stepping works");
    expect(exits + 2 >= nops && exits <= nops, "an exiting instruction traps at most once");
}
