/* No nested virtualization: AMD's and Intel's instructions give #UD (or #GP), EFER.SVME cannot be set, and the core's
 * own virtual machine is not touched. [APM2] 15.5, 15.31; [SDM-2023-09] Vol 3C 31. */
#include <guest.h>

static void run_vmrun(void *context)
{
    (void)context;
    __asm__ volatile("vmrun %%rax" : : "a"(0x200000));
}

static void run_vmload(void *context)
{
    (void)context;
    __asm__ volatile("vmload %%rax" : : "a"(0x200000));
}

static void run_vmsave(void *context)
{
    (void)context;
    __asm__ volatile("vmsave %%rax" : : "a"(0x200000));
}

static void run_stgi(void *context)
{
    (void)context;
    __asm__ volatile("stgi");
}

static void run_clgi(void *context)
{
    (void)context;
    __asm__ volatile("clgi");
}

static void run_skinit(void *context)
{
    (void)context;
    __asm__ volatile("skinit %%eax" : : "a"(0x200000));
}

static void run_invlpga(void *context)
{
    (void)context;
    __asm__ volatile("invlpga %%rax, %%ecx" : : "a"(0), "c"(0));
}

static void run_vmxoff(void *context)
{
    (void)context;
    __asm__ volatile("vmxoff");
}

static void run_vmlaunch(void *context)
{
    (void)context;
    __asm__ volatile("vmlaunch");
}

static void run_vmresume(void *context)
{
    (void)context;
    __asm__ volatile("vmresume");
}

static void run_vmread(void *context)
{
    (void)context;
    __asm__ volatile("vmread %%rax, %%rcx" : : "a"(0) : "rcx");
}

static void run_vmfunc(void *context)
{
    (void)context;
    __asm__ volatile(".byte 0x0f, 0x01, 0xd4" : : "a"(0), "c"(0));
}

static void run_efer_svme(void *context)
{
    (void)context;
    __asm__ volatile("rdmsr; or $0x1000, %%eax; wrmsr" : : "c"(0xc0000080) : "eax", "edx");
}

static void run_vm_hsave_pa(void *context)
{
    (void)context;
    __asm__ volatile("wrmsr" : : "c"(0xc0010117), "a"(0x200000), "d"(0));
}

static void run_vm_cr(void *context)
{
    (void)context;
    __asm__ volatile("wrmsr" : : "c"(0xc0010114), "a"(0), "d"(0));
}

static void run_rsm(void *context)
{
    (void)context;
    __asm__ volatile("rsm");
}

static void run_getsec(void *context)
{
    (void)context;
    __asm__ volatile("getsec" : : "a"(0));
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
    attempt("vmrun", run_vmrun, UD | GP);
    attempt("vmload", run_vmload, UD | GP);
    attempt("vmsave", run_vmsave, UD | GP);
    attempt("stgi", run_stgi, UD | GP);
    attempt("clgi", run_clgi, UD | GP);
    attempt("skinit", run_skinit, UD | GP);
    attempt("invlpga", run_invlpga, UD | GP);
    attempt("vmxoff", run_vmxoff, UD | GP);
    attempt("vmlaunch", run_vmlaunch, UD | GP);
    attempt("vmresume", run_vmresume, UD | GP);
    attempt("vmread", run_vmread, UD | GP);
    attempt("vmfunc", run_vmfunc, UD | GP);
    attempt("efer_svme", run_efer_svme, GP);
    attempt("vm_hsave_pa", run_vm_hsave_pa, ANY);
    attempt("vm_cr", run_vm_cr, ANY);
    attempt("rsm", run_rsm, UD | GP);
    attempt("getsec", run_getsec, UD | GP);
}
