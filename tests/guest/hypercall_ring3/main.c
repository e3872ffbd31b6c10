/* Only the guest's kernel speaks for the guest: the same call from ring 3 is answered ERR_MODE. */
#include <call.h>

static void from_user(void *context)
{
    struct message *const message = context;
    user_done(call_patient(HYPERCALL_BIT | SLOT_TENANT, DEADLINE_NEVER, message));
}

void test(void)
{
    struct message message = {.label = label_make(INTERFACE_TENANT, TENANT_VERSION, 0)};
    const struct trap trap = trap_try_user(from_user, &message);
    expect_equal(trap.vector, VECTOR_USER, "the call returns to ring 3");
    expect_equal(trap.rax, ERR_MODE, "a call from ring 3 is refused");
    call_expect_alive();
}
