/* WBINVD writes back every tenant's lines: allowed to the guest, but it costs only its own time. From ring 3: #GP. */
#include <guest.h>

static void run_wbinvd(void *context)
{
    (void)context;
    __asm__ volatile("wbinvd");
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
    attempt("wbinvd", run_wbinvd, ANY);
    for (unsigned round = 0; round < 10000; round++)
        (void)trap_try(run_wbinvd, NULL);
    expect_equal(trap_try_user(run_wbinvd, NULL).vector, VECTOR_GP, "ring 3 may not");
}
