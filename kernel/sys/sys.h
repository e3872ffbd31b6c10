/* System calls: decode, check, commit. The lock is held from check to commit; a commit cannot fail. */
#pragma once

#include "decode.h"
#include "obj/endpoint.h"
#include "obj/irq.h"
#include "obj/notif.h"
#include "obj/untyped.h"
#include "obj/vcpu.h"

/* A call under way: the caller, the capability that it named, its ten words. */
struct invocation {
    struct cpu *cpu;
    struct thread *thread;
    struct slot *slot;
    const uint64_t *word;
};

/* Carry out the call in the current thread's registers; the answer stands there, or will when its wait ends.
 * True if the answer is rax alone and the thread goes on at once. */
bool sys_call(struct cpu *cpu);

/* The calls of idl/kernel.idl, each with its handler; the answer's words go to the caller's registers. */
/* clang-format off */
#define EACH_CALL(X) \
    X(UNTYPED_RETYPE, untyped_retype) X(UNTYPED_INFO, untyped_info) X(CAPTAB_COPY, captab_copy) \
    X(CAPTAB_DELETE, captab_delete) X(CAPTAB_REVOKE, captab_revoke) X(CAPTAB_INSPECT, captab_inspect) X(SPACE_MAP, space_map) \
    X(SPACE_UNMAP, space_unmap) X(SPACE_INFO, space_info) X(THREAD_CONFIGURE, thread_configure) \
    X(THREAD_RESUME, thread_resume) X(THREAD_SUSPEND, thread_suspend) X(THREAD_READ, thread_read) \
    X(THREAD_WRITE, thread_write) X(SCHED_CONFIGURE, sched_configure) X(SCHED_INFO, sched_info) X(SCHED_YIELD, sched_yield) \
    X(ENDPOINT_CALL, endpoint_call) X(ENDPOINT_WAIT, endpoint_wait) X(ENDPOINT_REPLY_WAIT, endpoint_reply_wait) \
    X(ENDPOINT_DEFER, endpoint_defer) X(ENDPOINT_RESUME, endpoint_resume) X(NOTIF_SIGNAL, notif_signal) \
    X(NOTIF_WAIT, notif_wait) X(VCPU_RUN, vcpu_run) X(VCPU_CONFIGURE, vcpu_configure) X(VCPU_READ, vcpu_read) \
    X(IRQ_BIND, irq_bind) X(IRQ_ACK, irq_ack) X(IOPORT_IN, ioport_in) X(IOPORT_OUT, ioport_out) \
    X(CONTROL_IOPORT, control_ioport) X(CONTROL_IRQ, control_irq)
/* clang-format on */

#define SYS_DECLARE(NAME, name) enum error sys_##name(struct invocation *call);
EACH_CALL(SYS_DECLARE)
