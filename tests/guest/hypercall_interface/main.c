/* A capability is for one interface; a label that names another is refused by the kernel, the service never sees it. */
#include <call.h>

void test(void)
{
    for (uint32_t interface = 0; interface <= 0xffff; interface++) {
        struct message message = {.label = label_make(interface, TENANT_VERSION, 0)};
        if (interface == INTERFACE_TENANT)
            continue;
        expect_equal(call_patient(HYPERCALL_BIT | SLOT_TENANT, DEADLINE_NEVER, &message), ERR_INTERFACE,
                     "another interface than the capability's");
    }
    call_expect_alive();
}
