/* VMMCALL/VMCALL without bit 63 is no hypercall of ours: it goes to the VMM (KVM's paravirtual calls live there), which
 * answers an unknown one with an error or #UD. The wrong vendor's instruction likewise. Nothing reaches a service. */
#include <call.h>

struct attempt {
    hypercall_invoke *invoke;
    uint64_t rax;
    enum error answer;
};

static void attempt(void *context)
{
    struct attempt *const attempt = context;
    struct message message = {0};
    attempt->answer = attempt->invoke(attempt->rax, 0, &message);
}

static void try_call(hypercall_invoke *invoke, uint64_t rax)
{
    struct attempt call = {invoke, rax, OK};
    const struct trap trap = trap_try(attempt, &call);
    expect(!trap.trapped || trap.vector == VECTOR_UD || trap.vector == VECTOR_GP, "answered, #UD or #GP");
}

void test(void)
{
    static const uint64_t numbers[] = {
        0, 1, 2, 5, 9, 11, 100, 0x7fffffff, 0xffffffff, 0x100000000, HYPERCALL_BIT - 1};
    for (size_t index = 0; index < sizeof(numbers) / sizeof(numbers[0]); index++) {
        try_call(hypercall_vmmcall, numbers[index]);
        try_call(hypercall_vmcall, numbers[index]);
    }
    call_expect_alive();
}
