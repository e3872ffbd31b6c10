/* Instructions that few emulate well: each runs, or gives #UD or #GP, and the guest goes on. */
#include <guest.h>

static void run_icebp(void *context)
{
    (void)context;
    __asm__ volatile(".byte 0xf1");
}

static void run_ud1(void *context)
{
    (void)context;
    __asm__ volatile(".byte 0x0f, 0xb9, 0xc0");
}

static void run_ud2(void *context)
{
    (void)context;
    __asm__ volatile("ud2");
}

static void run_rdpmc(void *context)
{
    (void)context;
    __asm__ volatile("rdpmc" : : "c"(0) : "eax", "edx");
}

static void run_rdpmc_far(void *context)
{
    (void)context;
    __asm__ volatile("rdpmc" : : "c"(0xffffffff) : "eax", "edx");
}

static void run_rdtscp(void *context)
{
    (void)context;
    __asm__ volatile("rdtscp" : : : "eax", "ecx", "edx");
}

static void run_rdpid(void *context)
{
    (void)context;
    __asm__ volatile(".byte 0xf3, 0x0f, 0xc7, 0xf8" : : : "rax");
}

static void run_clac(void *context)
{
    (void)context;
    __asm__ volatile("clac");
}

static void run_swapgs(void *context)
{
    (void)context;
    __asm__ volatile("swapgs; swapgs");
}

static void run_invpcid(void *context)
{
    (void)context;
    __asm__ volatile("invpcid (%%rsp), %%rax" : : "a"(99));
}

static void run_cli_sti(void *context)
{
    (void)context;
    __asm__ volatile("pushf; cli; popf");
}

static void run_lmsw(void *context)
{
    (void)context;
    __asm__ volatile("smsw %%ax; lmsw %%ax" : : : "rax");
}

static void run_clts(void *context)
{
    (void)context;
    __asm__ volatile("clts");
}

static void run_pause(void *context)
{
    (void)context;
    __asm__ volatile("pause");
}

static void run_nop66(void *context)
{
    (void)context;
    __asm__ volatile(".byte 0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00");
}

static void run_pconfig(void *context)
{
    (void)context;
    __asm__ volatile(".byte 0x0f, 0x01, 0xc5" : : "a"(0));
}

static void run_encls(void *context)
{
    (void)context;
    __asm__ volatile(".byte 0x0f, 0x01, 0xcf" : : "a"(0));
}

enum allowed { RUNS = 1, UD = 2, GP = 4, ANY = 7 };

static void attempt(const char *name, trap_body *body, unsigned allowed)
{
    const struct trap trap = trap_try(body, NULL);
    print(name);
    print_value(trap.trapped ? " traps" : " runs", trap.vector);
    const unsigned seen = !trap.trapped || trap.vector == VECTOR_DB ? RUNS
                          : trap.vector == VECTOR_UD                ? UD
                          : trap.vector == VECTOR_GP                ? GP
                                                                    : 0;
    expect((seen & allowed) != 0, name);
}

void test(void)
{
    attempt("icebp", run_icebp, ANY);
    attempt("ud1", run_ud1, UD);
    attempt("ud2", run_ud2, UD);
    attempt("rdpmc", run_rdpmc, ANY);
    attempt("rdpmc_far", run_rdpmc_far, GP | UD | RUNS);
    attempt("rdtscp", run_rdtscp, RUNS | UD);
    attempt("rdpid", run_rdpid, RUNS | UD);
    attempt("clac", run_clac, RUNS | UD);
    attempt("swapgs", run_swapgs, RUNS);
    attempt("invpcid", run_invpcid, UD | GP);
    attempt("cli_sti", run_cli_sti, RUNS);
    attempt("lmsw", run_lmsw, RUNS);
    attempt("clts", run_clts, RUNS);
    attempt("pause", run_pause, RUNS);
    attempt("nop66", run_nop66, RUNS);
    attempt("pconfig", run_pconfig, UD | GP);
    attempt("encls", run_encls, UD | GP);
}
