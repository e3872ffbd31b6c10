/* Hypercalls, by the generated primitives. */
#ifndef GUEST_CALL_H
#define GUEST_CALL_H

#include "hypercall.h"

#include "guest.h"

/* Slots of the guest's terminal table, as tests/guest/README.md asks of the description. */
enum slot { SLOT_TENANT = 1, SLOT_TENANT_MASKED = 2, TABLE_SLOTS = 64 };
/* Methods that SLOT_TENANT_MASKED may not call. */
enum { MASKED_METHODS = 1u << TENANT_LOG_WRITE | 1u << TENANT_EVENTS };

/* AMD: VMMCALL; otherwise VMCALL. */
bool call_on_amd(void);
/* The entry for this processor, which asks again until its own deadline when the wait was ended early. */
enum error call_patient(uint64_t rax, uint64_t deadline, struct message *message);
/* The same once, with RAX, RDI and the message as they are. */
enum error call_raw(uint64_t rax, uint64_t deadline, struct message *message);
/* TSC ticks in @milliseconds, by the tenant interface's clock. */
uint64_t call_ticks(uint64_t milliseconds);
/* Proves that the guest is still alive and served: version answers as it should. */
void call_expect_alive(void);

#endif
