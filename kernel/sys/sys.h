/* System calls: decode, check, commit. The lock is held from check to commit; a commit cannot fail. */
#ifndef SYS_SYS_H
#define SYS_SYS_H

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

/* One per call of idl/kernel.idl. The answer's words go to the caller's registers. */
enum error sys_untyped_retype(struct invocation *call);
enum error sys_untyped_info(struct invocation *call);
enum error sys_captab_copy(struct invocation *call);
enum error sys_captab_delete(struct invocation *call);
enum error sys_captab_revoke(struct invocation *call);
enum error sys_captab_inspect(struct invocation *call);
enum error sys_space_map(struct invocation *call);
enum error sys_space_unmap(struct invocation *call);
enum error sys_space_info(struct invocation *call);
enum error sys_thread_configure(struct invocation *call);
enum error sys_thread_resume(struct invocation *call);
enum error sys_thread_suspend(struct invocation *call);
enum error sys_thread_read(struct invocation *call);
enum error sys_thread_write(struct invocation *call);
enum error sys_sched_configure(struct invocation *call);
enum error sys_sched_info(struct invocation *call);
enum error sys_sched_yield(struct invocation *call);
enum error sys_endpoint_call(struct invocation *call);
enum error sys_endpoint_wait(struct invocation *call);
enum error sys_endpoint_reply_wait(struct invocation *call);
enum error sys_endpoint_defer(struct invocation *call);
enum error sys_endpoint_resume(struct invocation *call);
enum error sys_notif_signal(struct invocation *call);
enum error sys_notif_wait(struct invocation *call);
enum error sys_vcpu_run(struct invocation *call);
enum error sys_vcpu_configure(struct invocation *call);
enum error sys_vcpu_read(struct invocation *call);
enum error sys_irq_bind(struct invocation *call);
enum error sys_irq_ack(struct invocation *call);
enum error sys_ioport_in(struct invocation *call);
enum error sys_ioport_out(struct invocation *call);
enum error sys_control_ioport(struct invocation *call);
enum error sys_control_irq(struct invocation *call);

#endif
