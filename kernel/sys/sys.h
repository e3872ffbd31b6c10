/* System calls: decode, check, commit. The lock is held from check to commit; a commit cannot fail. */
#pragma once

#include "decode.h"
#include "obj/endpoint.h"
#include "obj/irq.h"
#include "obj/untyped.h"
#include "obj/vcpu.h"

/* A call under way: the caller, the capability that it named. */
struct invocation {
    struct cpu *cpu;
    struct thread *thread;
    struct slot *slot;
};

/* Carry out the call in the current thread's registers; the answer stands there, or will when its wait ends.
 * True if the answer is rax alone and the thread goes on at once. */
bool sys_call(struct cpu *cpu);

/* The handlers of idl/kernel.idl. Parameters are inside their declared types; they lie in the caller's registers, as answers do. */
#define SYS_WITH(name, ...) enum error sys_##name(struct invocation *call, const struct name##_args *args);
#define SYS_PLAIN(name, ...) enum error sys_##name(struct invocation *call);
EACH_CALL(SYS_WITH, SYS_PLAIN)

/* The call is done and these are its answer's words. */
static inline enum error answer(struct invocation *call, const uint64_t words[static MESSAGE_WORDS])
{
    for (uint32_t i = 0; i < MESSAGE_WORDS; i++) call->thread->regs.word[i] = words[i];
    return OK;
}
/* The table in slot @captab, for capabilities below the call's own. Errors: captab_find, ERR_SEALED (terminal), ERR_DEPTH. */
MUST_CHECK enum error find_destination(const struct invocation *call, uint64_t captab, struct captab **out);
/* Are the @count slots from @first empty?  ERR_SLOT, ERR_OCCUPIED. */
MUST_CHECK enum error check_empty(struct captab *table, uint64_t first, uint64_t count);
