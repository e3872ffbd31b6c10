/* Traps: reported to the try they happened in, or the end of the test. */
#include "guest.h"
#include "tables.h"

enum { USER_STACK_BYTES = 16384, EXCEPTIONS = 32 };

struct frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector, code;
    uint64_t rip, cs, rflags, rsp, ss;
};

void trap_dispatch(struct frame *frame);
bool trap_try_raw(trap_body *body, void *context, uint64_t *stack);
void user_enter(trap_body *body, void *context, uint64_t user_stack);
extern uint8_t trap_recovered[];

/* A guest is one processor and one story: its trap state is global, like the processor's own. */
static interrupt_handler *handlers[256];
static uint64_t recovery_stack; /* 0: no try is going on */
static struct trap last;
static uint8_t user_stack[USER_STACK_BYTES] __attribute__((aligned(16)));

void interrupt_set(uint8_t vector, interrupt_handler *handler)
{
    handlers[vector] = handler;
}

static void unexpected(const struct frame *frame)
{
    print_value("vector", frame->vector);
    print_value("code", frame->code);
    print_value("rip", frame->rip);
    print_value("cr2", read_cr2());
    print_value("rsp", frame->rsp);
    verdict(false, "a trap that the test did not expect");
}

void trap_dispatch(struct frame *frame)
{
    if (handlers[frame->vector] != NULL) {
        handlers[frame->vector]();
        return;
    }
    if (recovery_stack == 0 || (frame->vector >= EXCEPTIONS && frame->vector != VECTOR_USER))
        unexpected(frame);
    last = (struct trap){.trapped = true,
                         .vector = (uint8_t)frame->vector,
                         .code = frame->code,
                         .rip = frame->rip,
                         .address = read_cr2(),
                         .rax = frame->rax};
    frame->rip = (uint64_t)trap_recovered;
    frame->cs = SEGMENT_CODE;
    frame->ss = SEGMENT_DATA;
    frame->rsp = recovery_stack;
    frame->rflags &= ~0x10300ull; /* TF, IF, RF off */
}

struct trap trap_try(trap_body *body, void *context)
{
    last = (struct trap){.trapped = false};
    (void)trap_try_raw(body, context, &recovery_stack);
    recovery_stack = 0;
    return last;
}

struct user_body {
    trap_body *body;
    void *context;
};

static void enter_user(void *context)
{
    const struct user_body *const user = context;
    /* [SysV-ABI] 3.2.2: as if called. */
    user_enter(user->body, user->context, (uint64_t)user_stack + sizeof(user_stack) - 8);
}

struct trap trap_try_user(trap_body *body, void *context)
{
    struct user_body user = {body, context};
    return trap_try(enter_user, &user);
}
