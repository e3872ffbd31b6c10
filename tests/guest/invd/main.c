/* INVD would throw away other tenants' unwritten cache lines: it must never reach the processor. The guest sees it do
 * nothing (or as WBINVD), and what it wrote before is still there. From ring 3: #GP. */
#include <guest.h>

static void run_invd(void *context)
{
    (void)context;
    __asm__ volatile("invd");
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
    attempt("invd", run_invd, ANY);
    volatile uint64_t marks[64];
    for (unsigned index = 0; index < 64; index++)
        marks[index] = index * 0x0101010101010101;
    (void)trap_try(run_invd, NULL);
    for (unsigned index = 0; index < 64; index++)
        expect_equal(marks[index], index * 0x0101010101010101, "memory written before INVD is still there");
    expect_equal(trap_try_user(run_invd, NULL).vector, VECTOR_GP, "ring 3 may not");
}
