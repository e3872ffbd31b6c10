/* Compatibility mode has no 64-bit RAX of its own, so a call from there is no hypercall: whatever the upper half of the
 * register holds, it is refused (ERR_MODE or an exception) and harms nobody. */
#include <call.h>

/* Both instructions and LRET encode alike in 32-bit code. */
__asm__(".text\n"
        ".globl compat_vmmcall, compat_vmcall\n"
        "compat_vmmcall: vmmcall; lret\n"
        "compat_vmcall: vmcall; lret\n");
extern uint8_t compat_vmmcall[], compat_vmcall[];

struct attempt {
    uint8_t *code;
    uint64_t rax;
};

static void attempt(void *context)
{
    struct attempt *const attempt = context;
    attempt->rax = compat_call(HYPERCALL_BIT | SLOT_TENANT, (uint32_t)(uint64_t)attempt->code);
}

void test(void)
{
    const bool amd = call_on_amd();
    struct attempt call = {.code = amd ? compat_vmmcall : compat_vmcall};
    const struct trap trap = trap_try(attempt, &call);
    print_value("trapped", trap.trapped);
    print_value("rax", call.rax);
    if (trap.trapped)
        expect(trap.vector == VECTOR_UD || trap.vector == VECTOR_GP, "refused by an exception");
    else
        expect((uint32_t)call.rax != OK, "refused by an error");
    call_expect_alive();
}
