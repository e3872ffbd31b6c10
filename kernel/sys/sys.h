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
    uint64_t word[MESSAGE_WORDS];
};

/* Carry out the call in the current thread's registers; the answer stands there, or will when its wait ends. */
void sys_call(struct cpu *cpu);

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

/* The fast paths: FAST_NO if this call is not one of them, with nothing changed. */
#define FAST_NO UINT64_MAX
#define FAST_LEAVE (UINT64_MAX - 1) /* done, but something else may have to run now */
#define FAST_MESSAGE (UINT64_MAX - 2) /* the current thread receives a guest's message: cpu->guest_words, badge, label */
#define FAST_GUEST (UINT64_MAX - 3) /* the current thread's guest receives the answer at cpu->guest_words */
uint64_t sys_fast(uint64_t call, uint64_t label, uint64_t deadline, uint64_t word0);
/* notif_wait on bits that are set: takes them; 0 if it is not that simple. */
uint64_t sys_fast_wait(uint64_t call);
/* vcpu_run: an error, or OK for an exit to the VMM (words 0 and 1 are zero); r12-r15 are kept. */
uint64_t sys_fast_run(uint64_t call, uint64_t deadline);

#endif
