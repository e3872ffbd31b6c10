/* System calls and hypercalls: every way in and out of the kernel but the traps (traps.S). Interrupts are off throughout; docs/architecture.md 1
 * has the register form.
 *
 * The fast path. %rsp is the current thread, for its registers come first in it (an NMI has a stack of its own and nothing else arrives);
 * rcx, r11, rax are free, words and label stay in their registers. Every check comes before the first change: slow_call starts over in C,
 * which tells errors apart and does what is rarer. */
#include "bulkhead/abi_asm.h"
#include "hw/cpu_asm.h"
#include "hw/macros.h"

/* Constants of abi.h and of enums: tests/unit/entry/offsets.c asserts each. */
#define TYPE_ENDPOINT 7
#define TYPE_NOTIF 8
#define TYPE_VCPU 9
#define RIGHT_BIT_CALL 8
#define RIGHT_BIT_WAIT 16
#define RIGHT_BIT_SIGNAL 32
#define RIGHT_BIT_MANAGE 64
#define EXIT_HYPERCALL 2
#define EXIT_VMM 5
#define STATE_READY 1
#define STATE_CALLING 2
#define STATE_WAITING 3
#define STATE_IN_GUEST 5
#define STATE_HYPERCALL 6

#include "entry/fast_path.h"

/* SYSCALL: rcx = RIP, r11 = RFLAGS. */
    .globl syscall_entry
    .align 16
syscall_entry:
    swapgs
    movq %rsp, %gs:CPU_SCRATCH
    movq %gs:CPU_CURRENT, %rsp
    movq %rcx, REGS_RIP(%rsp)
    movq %r11, REGS_RFLAGS(%rsp)
    movq %rax, REGS_RAX(%rsp)
    movq %rax, %rcx
    shrq $32, %rcx
    jz return_same
    cmpq $CALL_ENDPOINT_CALL, %rcx
    je call_path
    cmpq $CALL_ENDPOINT_REPLY_WAIT, %rcx
    je reply_path
    cmpq $CALL_NOTIF_SIGNAL, %rcx
    je signal_path
    cmpq $CALL_NOTIF_WAIT, %rcx
    je wait_path
    cmpq $CALL_VCPU_RUN, %rcx
    je run_path
    jmp slow_call

wait_path: /* on bits that are set */
    find_cap TYPE_NOTIF, RIGHT_BIT_WAIT
    movq SLOT_OBJECT(%rax), %rcx
    movq (%rcx), %r11
    testq %r11, %r11
    jz wait_blocks
    movq $0, (%rcx)
    movq %r11, %rbx
    jmp return_same

signal_path: /* nobody waits, nobody is bound */
    find_cap TYPE_NOTIF, RIGHT_BIT_SIGNAL
    movl SLOT_MASK(%rax), %ecx
    notq %rcx
    testq %rcx, %rbx
    jnz slow_call
    movq SLOT_OBJECT(%rax), %rcx
    leave_if NOTIF_HEAD(%rcx), signal_waiter
    leave_if NOTIF_BOUND(%rcx), slow_call
    orq %rbx, (%rcx)
return_same:
    movq REGS_RIP(%rsp), %rcx
    movq REGS_RFLAGS(%rsp), %r11
    movq %gs:CPU_SCRATCH, %rsp
    zero eax, esi, edi
    swapgs
    sysretq

/* @function(cpu, notification in rcx, rdx) may switch: then the thread that was left gets OK, for nothing but rax and word 0 comes back from
 * a wait or signal; otherwise C starts over, with what else was in registers forgotten. */
    .macro try_switch function
    movq %rdi, REGS_RDI(%rsp)
    movq %gs:CPU_SCRATCH, %rdi
    movq %rdi, REGS_RSP(%rsp)
    movb $0, THREAD_RESUME(%rsp) /* RESUME_SYSCALL */
    movq %rsp, %r12
    movq %rcx, %rsi
    movq %gs:CPU_SELF, %rdi
    movq %gs:CPU_STACK, %rsp
    call \function
    testb %al, %al
    jz switch_failed
    movq $0, REGS_RAX(%r12)
    movq %gs:CPU_CURRENT, %rdi
    jmp leave_syscall
    .endm
wait_blocks:
    movq %rdi, %rdx
    try_switch notif_give_way
signal_waiter:
    movq %rbx, %rdx
    try_switch notif_hand_over
switch_failed:
    movq %r12, %rsp
    movq REGS_RDI(%rsp), %rdi
    zero esi, edx, r8d, r9d, r10d, r12d
    jmp slow_call

/* endpoint_call: the server waits and goes on with the caller's context. */
    .align 16
call_path:
    find_cap TYPE_ENDPOINT, RIGHT_BIT_CALL
    check_label 10, slow_call
    movq SLOT_OBJECT(%rax), %rcx
    movq ENDPOINT_SERVER(%rcx), %r11
    testq %r11, %r11
    jz slow_call
    cmpq $0, THREAD_RESERVE(%r11) /* debts are C's business */
    jne call_reserve
call_checked:
    arm_deadline
    movq THREAD_FS_BASE(%r11), %rdi
    orq %gs:CPU_FS_BASE, %rdi
    jnz slow_restore_deadline
    movq %gs:CPU_SCRATCH, %rdi
    movq %rdi, REGS_RSP(%rsp)
    hand_over %rsp, STATE_CALLING
    movq SLOT_BADGE(%rax), %rdi
    switch_to 0

/* r11 receives: label in rsi, badge in rdi, words in their registers; those beyond the length become zero. */
deliver:
    movl %esi, %ecx
    andl $15 << 8, %ecx
    cmpl $1 << 8, %ecx
    ja words_many
    je 1f
    xorl %ebx, %ebx
1:  zero ebp, r12d, r13d, r14d, r15d
words_low:
    zero edx, r8d, r9d
words_high:
    xorl %r10d, %r10d
words_all:
    movq REGS_RIP(%r11), %rcx
    movq REGS_RSP(%r11), %rsp
    movq REGS_RFLAGS(%r11), %r11
    xorl %eax, %eax
    swapgs
    sysretq
words_many:
    cmpl $6 << 8, %ecx
    ja 1f
    je words_low
    xorl %r15d, %r15d
    cmpl $5 << 8, %ecx
    je words_low
    xorl %r14d, %r14d
    cmpl $4 << 8, %ecx
    je words_low
    xorl %r13d, %r13d
    cmpl $3 << 8, %ecx
    je words_low
    xorl %r12d, %r12d
    jmp words_low
1:  cmpl $9 << 8, %ecx
    ja words_all
    je words_high
    xorl %r9d, %r9d
    cmpl $8 << 8, %ecx
    je words_high
    xorl %r8d, %r8d
    jmp words_high

call_reserve:
    movq THREAD_SCHED(%rsp), %rcx
    leave_if SCHED_DEBT(%rcx), slow_call
    movq SLOT_OBJECT(%rax), %rcx
    jmp call_checked

/* endpoint_reply_wait: the caller goes on with its own context; nobody queues, nothing is signalled. */
    .align 16
reply_path:
    find_cap TYPE_ENDPOINT, RIGHT_BIT_WAIT
    movq SLOT_OBJECT(%rax), %rax
    cmpq %rax, THREAD_OWNS(%rsp)
    jne slow_call
    leave_if ENDPOINT_HEAD(%rax), slow_call
    movq THREAD_CALLER(%rsp), %r11
    testq %r11, %r11
    jz slow_call
    cmpq %r11, THREAD_LENDER(%rsp)
    jne slow_call
    leave_if THREAD_DEBTOR(%rsp), slow_call
    movq THREAD_BOUND(%rsp), %rcx
    testq %rcx, %rcx
    jz 1f
    leave_if (%rcx), slow_call
1:  movq $~0x0000ffff00000f00, %rcx /* sys/sys_ipc.c check_reply: length and status */
    testq %rcx, %rsi
    jnz slow_call
    cmpl $0xa00, %esi
    ja slow_call
    arm_deadline
    movq THREAD_FS_BASE(%r11), %rcx
    orq %gs:CPU_FS_BASE, %rcx
    jnz slow_call
    cmpb $STATE_CALLING, THREAD_STATE(%r11)
    jne reply_guest
    movb $STATE_READY, THREAD_STATE(%r11)
    .macro reply_commit
    movq %gs:CPU_SCRATCH, %rcx
    movq %rcx, REGS_RSP(%rsp)
    movq $0, THREAD_CALLER(%rsp)
    movq $0, THREAD_LENDER(%rsp)
    movq THREAD_OWN(%rsp), %rcx
    movq %rcx, THREAD_SCHED(%rsp)
    movw $STATE_WAITING, THREAD_STATE(%rsp) /* and resume = RESUME_SYSCALL */
    movq %rax, THREAD_ENDPOINT(%rsp)
    movq %rsp, ENDPOINT_SERVER(%rax)
    movq $0, THREAD_CALLEE(%r11)
    movq THREAD_SCHED(%r11), %rcx
    movq %r11, SCHED_HOLDER(%rcx)
    .endm
    reply_commit
    xorl %edi, %edi
    switch_to 0
    jmp deliver

reply_guest: /* the answer goes to a guest's registers, in the page where hvm_run finds them */
    cmpb $STATE_HYPERCALL, THREAD_STATE(%r11)
    jne slow_call
    cmpl $0x600, %esi
    ja slow_call
    movb $STATE_IN_GUEST, THREAD_STATE(%r11)
    reply_commit
    switch_to 1
    movq THREAD_VCPU(%r11), %rdi
    movq VCPU_PAGE(%rdi), %rdi
    movl %esi, %ecx
    shrl $8, %ecx
    xorl %eax, %eax
    cmpl $1, %ecx
    cmovbq %rax, %rbx
    cmovbeq %rax, %rbp
    cmpl $3, %ecx
    cmovbq %rax, %r12
    cmovbeq %rax, %r13
    cmpl $5, %ecx
    cmovbq %rax, %r14
    cmovbeq %rax, %r15
    .irp n, 0, 2, 7, 8, 9, 10
    movq %rax, 8*\n(%rdi)
    .endr
    movq %rbx, 8*3(%rdi)
    movq %rbp, 8*5(%rdi)
    movq %rsi, 8*6(%rdi)
    .irp n, 12, 13, 14, 15
    movq %r\n, 8*\n(%rdi)
    .endr
    movq %gs:CPU_STACK, %rsp
    movq %gs:CPU_SELF, %rdi
    movq THREAD_VCPU(%r11), %rsi
    pushq %rsi
    movq VCPU_SPACE(%rsi), %rdx
    movq SPACE_GENERATION(%rdx), %rdx
    call hvm_run_bare
    movq %gs:CPU_CURRENT, %rbp
    popq %rdi
    jmp guest_left

/* vcpu_run: an exit that is the VMM's comes back here, for nobody else has run; all words are zero then. */
    .align 16
run_path:
    find_cap TYPE_VCPU, RIGHT_BIT_MANAGE
    cmpb $0, THREAD_FPU_RIGHT(%rsp)
    jne slow_call
    movq SLOT_OBJECT(%rax), %rax
    leave_if VCPU_THREAD(%rax), slow_call
    cmpq $0, VCPU_SPACE(%rax)
    je slow_call
    movq THREAD_BOUND(%rsp), %rcx
    testq %rcx, %rcx
    jz 1f
    leave_if (%rcx), slow_call
1:  arm_deadline
    movq %gs:CPU_SCRATCH, %rcx
    movq %rcx, REGS_RSP(%rsp)
    movq %gs:CPU_STACK, %rsp
    pushq %rax
    movq %rax, %rdi
    movq VCPU_PAGE(%rax), %rax
    movl VCPU_STATE_DIRTY(%rax), %esi
    call hvm_apply
    movq %gs:CPU_CURRENT, %r11
    testl %eax, %eax
    jnz 1f
    movq %gs:CPU_SELF, %rdi
    movq (%rsp), %rsi
    movq VCPU_SPACE(%rsi), %rdx
    movq SPACE_GENERATION(%rdx), %rdx
    call hvm_run_bare
    movq %gs:CPU_CURRENT, %r11
    subl $EXIT_VMM, %eax
    jnz run_rest
1:
    zero ebx, ebp, esi, edi, edx, r8d, r9d, r10d, r12d, r13d, r14d, r15d /* word 0: RUN_REASON_EXIT */
    movq REGS_RIP(%r11), %rcx
    movq REGS_RSP(%r11), %rsp
    movq REGS_RFLAGS(%r11), %r11
    swapgs
    sysretq
run_rest: /* the thread is in the guest from here on: obj/vcpu.c vcpu_enter */
    popq %rdi
    addl $EXIT_VMM, %eax
    movq %r11, %rbp
    movq %r11, VCPU_THREAD(%rdi)
    movq THREAD_DEADLINE(%r11), %rcx
    movq %rcx, VCPU_RUN_DEADLINE(%rdi)
    movq %rdi, THREAD_VCPU(%r11)
    movw $STATE_IN_GUEST, THREAD_STATE(%r11) /* and resume = RESUME_SYSCALL */

/* The guest of thread rbp, vCPU rdi, has left with exit eax. A hypercall to an endpoint whose server waits goes there as call_path goes;
 * all else, and what is rarer, is C's. */
guest_left:
    movl %eax, %r14d
    movq %rdi, %r12
    cmpl $EXIT_HYPERCALL, %eax
    jne guest_left_c
    movq VCPU_PAGE(%r12), %rbx
    movq VCPU_CAPTAB(%r12), %r11
    testq %r11, %r11
    jz guest_left_c
    movq (%rbx), %rax
    btrq $63, %rax
    movq 8*6(%rbx), %rsi
    find_in_table TYPE_ENDPOINT, RIGHT_BIT_CALL, guest_left_c
    check_label 6, guest_left_c
    movq SLOT_OBJECT(%rax), %r13
    movq ENDPOINT_SERVER(%r13), %r11
    testq %r11, %r11
    jz guest_left_c
    leave_if THREAD_RESERVE(%r11), guest_debt
guest_checked:
    movq THREAD_FS_BASE(%r11), %rcx
    orq %gs:CPU_FS_BASE, %rcx
    jnz guest_left_c
    movq %rax, %r15
    movq 8*7(%rbx), %rdi /* obj/vcpu.c call_deadline: the guest's, in its own time; the VMM's; the VMM's limit */
    testq %rdi, %rdi
    jz guest_left_c
    cmpq $-1, %rdi
    je 1f
    subq VCPU_TSC_OFFSET(%r12), %rdi
1:  movq VCPU_RUN_DEADLINE(%r12), %rcx
    cmpq %rcx, %rdi
    cmovaq %rcx, %rdi
    movq VCPU_STATE_CALL_LIMIT(%rbx), %rcx
    testq %rcx, %rcx
    jz 1f
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    addq %rax, %rcx
    jc guest_left_c
    cmpq %rcx, %rdi
    cmovaq %rcx, %rdi
1:  arm_deadline %rbp, guest_left_c
    movq %r13, %rcx
    hand_over %rbp, STATE_HYPERCALL
    movq SLOT_BADGE(%r15), %rdi
    movq %rbx, %rax
    movq 8*3(%rax), %rbx
    movq 8*5(%rax), %rbp
    .irp n, 12, 13, 14, 15
    movq 8*\n(%rax), %r\n
    .endr
    switch_to 0
    jmp deliver

guest_debt:
    movq THREAD_SCHED(%rbp), %rcx
    cmpq $0, SCHED_DEBT(%rcx)
    je guest_checked
guest_left_c:
    movq %r12, %rdi
    movl %r14d, %esi
    call entry_guest_left
    ud2

slow_restore_deadline:
    movq THREAD_DEADLINE(%rsp), %rdi
slow_call:
    movq %gs:CPU_SCRATCH, %rcx
    movq %rcx, REGS_RSP(%rsp)
    movq %rdi, REGS_RDI(%rsp)
    movq %rsi, REGS_RSI(%rsp)
    addq $REGS_RAX, %rsp
    push_all r10, r9, r8, rdx, r15, r14, r13, r12, rbp, rbx
    movq %gs:CPU_STACK, %rsp
    movq %gs:CPU_SELF, %rdi
    call entry_call
    movq %gs:CPU_CURRENT, %rsp /* it goes on, rax alone is new; C has kept words 0-5 */
    movq REGS_RAX(%rsp), %rax
    movq REGS_RIP(%rsp), %rcx
    movq REGS_RFLAGS(%rsp), %r11
    movq REGS_RSP(%rsp), %rsp
    zero edi, esi, edx, r8d, r9d, r10d
    swapgs
    sysretq

/* leave_syscall(struct registers *): what SYSCALL does not keep is not restored. [SDM-2023-09] Vol 2B SYSRET:
 * RIP is canonical, for no page next to the hole can be mapped (obj/space.c). */
    .globl leave_syscall
leave_syscall:
    movq %rdi, %rsp
    pop_all rbx, rbp, r12, r13, r14, r15, rdx, r8, r9, r10, rax, rdi, rsi
    movq (REGS_RIP - REGS_R11)(%rsp), %rcx
    movq (REGS_RFLAGS - REGS_R11)(%rsp), %r11
    movq (REGS_RSP - REGS_R11)(%rsp), %rsp
    swapgs
    sysretq
