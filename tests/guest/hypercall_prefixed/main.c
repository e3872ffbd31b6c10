/* Without next-RIP save the core advances RIP by 3 after VMMCALL, whatever its real length ([APM2] 15.9; idl of exits).
 * A guest that puts a prefix before it lands inside its own instruction: its own problem, and nobody else's. The byte
 * after each attempt makes both ways of going on harmless: 0xfc alone is CLD, and D9 FC is FRNDINT. */
#include <call.h>

#define PREFIXED(prefix)                                                                           \
    static void with_##prefix(void *context)                                                       \
    {                                                                                              \
        uint64_t *const rax = context;                                                             \
        __asm__ volatile("fninit\n\t"                                                              \
                         ".byte 0x" #prefix ", 0x0f, 0x01, 0xd9, 0xfc\n\t"                         \
                         : "+a"(*rax)                                                              \
                         : "D"(0), "S"(label_make(INTERFACE_TENANT, TENANT_VERSION, 0))            \
                         : "rbx", "rdx", "r8", "r9", "r10", "r12", "r13", "r14", "r15", "memory"); \
    }

PREFIXED(66)
PREFIXED(67)
PREFIXED(2e)
PREFIXED(48)
PREFIXED(f2)
PREFIXED(f3)

static void attempt(const char *name, trap_body *body)
{
    uint64_t rax = HYPERCALL_BIT | SLOT_TENANT;
    const struct trap trap = trap_try(body, &rax);
    print(name);
    print_value(trap.trapped ? " trapped" : " went on", trap.trapped ? trap.vector : rax);
    call_expect_alive();
}

void test(void)
{
    if (!call_on_amd())
        verdict(true, "not an AMD processor: VMCALL's length is reported");
    attempt("66", with_66);
    attempt("67", with_67);
    attempt("2e", with_2e);
    attempt("48", with_48);
    attempt("f2", with_f2);
    attempt("f3", with_f3);
}
