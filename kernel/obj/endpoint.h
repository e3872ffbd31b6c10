/* Synchronous calls: one server thread, a queue of callers, places for deferred ones. */
#pragma once

#include "obj/thread.h"

enum { ENDPOINT_PLACES = 16 };

struct endpoint {
    struct thread *server;     /* waits here, or NULL */
    struct thread *owner;      /* who waited here last: helped if it has no context */
    struct thread_queue queue; /* callers */
    struct thread *deferred[ENDPOINT_PLACES];
    uint64_t generation[ENDPOINT_PLACES];
};
_Static_assert(sizeof(struct endpoint) <= 1024, "docs/architecture.md 2");

/* Is @label one that @cap's holder may send?  ERR_INTERFACE, ERR_METHOD, ERR_LENGTH. */
MUST_CHECK static inline enum error endpoint_check_label(const struct capability *cap, uint64_t label)
{
    const uint64_t reserved = ~(uint64_t)(LABEL_METHOD_MASK | LABEL_LENGTH_MASK | LABEL_INTERFACE_MASK);

    if (UNLIKELY(label_interface(label) != cap->interface)) return ERR_INTERFACE;
    if (UNLIKELY(!(cap->mask >> label_method(label) & 1))) return ERR_METHOD;
    return UNLIKELY((label & reserved) != 0 || label_length(label) > MESSAGE_WORDS) ? ERR_LENGTH : OK;
}
/* @caller, whose message stands in its registers, calls; it is blocked in @state until answered or @deadline.
 * ERR_DEBT if the server has a reserve and the caller's context a debt; ERR_TIMEOUT if the deadline is 0. */
MUST_CHECK enum error endpoint_call(struct cpu *cpu, struct endpoint *endpoint, struct thread *caller, uint64_t badge,
    uint64_t label, uint64_t deadline, enum thread_state state);
/* Answer @server's current caller with the words in @server's registers; dropped if there is none any more. */
void endpoint_reply(struct cpu *cpu, struct thread *server, uint64_t label);
/* Take the next message, or wait for one. */
void endpoint_wait(struct cpu *cpu, struct endpoint *endpoint, struct thread *server, uint64_t deadline);
MUST_CHECK enum error endpoint_defer(struct cpu *cpu, struct endpoint *endpoint, struct thread *server, uint64_t *token);
MUST_CHECK enum error endpoint_resume(
    struct cpu *cpu, struct endpoint *endpoint, struct thread *server, uint64_t token, uint64_t label);
/* Wake @caller with the answer @label and @words. */
void endpoint_answer(struct cpu *cpu, struct thread *caller, uint64_t label, const struct registers *words);
/* @thread is no server any more. */
void endpoint_disown(struct thread *thread);
/* @thread no longer waits, queues or is deferred here. */
void endpoint_forget(struct endpoint *endpoint, struct thread *thread);
void endpoint_retire(struct cpu *cpu, struct endpoint *endpoint);
