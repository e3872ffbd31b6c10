/* MONITOR and MWAIT are hidden from CPUID: #UD, or harmless. A guest must not idle the processor on its own terms. */
#include <guest.h>

static void run_monitor(void *context)
{
    (void)context;
    __asm__ volatile("monitor" : : "a"(0x100000), "c"(0), "d"(0));
}

static void run_mwait(void *context)
{
    (void)context;
    __asm__ volatile("monitor; mwait" : : "a"(0), "c"(0), "d"(0));
}

static void run_monitor_hint(void *context)
{
    (void)context;
    __asm__ volatile("monitor" : : "a"(0x100000), "c"(1), "d"(0));
}

static void run_monitorx(void *context)
{
    (void)context;
    __asm__ volatile(".byte 0x0f, 0x01, 0xfa" : : "a"(0x100000), "c"(0), "d"(0));
}

static void run_mwaitx(void *context)
{
    (void)context;
    __asm__ volatile(".byte 0x0f, 0x01, 0xfb" : : "a"(0), "b"(0), "c"(0));
}

enum allowed { RUNS = 1, UD = 2, GP = 4, ANY = 7 };

static void attempt(const char *name, trap_body *body, unsigned allowed)
{
    const struct trap trap = trap_try(body, NULL);
    print(name);
    print_value(trap.trapped ? " traps" : " runs", trap.vector);
    const unsigned seen = !trap.trapped              ? RUNS
                          : trap.vector == VECTOR_UD ? UD
                          : trap.vector == VECTOR_GP ? GP
                                                     : 0;
    expect((seen & allowed) != 0, name);
}

void test(void)
{
    attempt("monitor", run_monitor, RUNS | UD);
    attempt("mwait", run_mwait, RUNS | UD);
    attempt("monitor_hint", run_monitor_hint, ANY);
    attempt("monitorx", run_monitorx, RUNS | UD);
    attempt("mwaitx", run_mwaitx, RUNS | UD);
}
