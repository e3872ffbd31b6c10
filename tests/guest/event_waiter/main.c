/* A guest that lives in the hypercall `events`: it prints each lifecycle event as it comes. The driver pauses, resumes,
 * destroys and rebuilds it while it waits (test_lifecycle.py); by itself it never ends. */
#include <call.h>

void test(void)
{
    uint64_t sequence = 0;
    enum lifecycle kind = LIFECYCLE_NONE;
    for (;;) {
        const enum error error =
            tenant_events(call_raw, SLOT_TENANT, DEADLINE_NEVER, sequence, &sequence, &kind);
        if (error != OK && error != ERR_CANCELED && error != ERR_TIMEOUT) {
            print_value("error", error);
            verdict(false, "a wait ends by an event, a cancellation or a limit");
        }
        if (error != OK)
            continue;
        print("EVENT ");
        print_number(sequence);
        print(" ");
        print_number(kind);
        print("\n");
    }
}
