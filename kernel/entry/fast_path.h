/* For entry.S alone: the steps that its fast paths share, with its constants. */
/* clang-format off */
    .macro leave_if place, target /* @place is not zero */
    cmpq $0, \place
    jne \target
    .endm

/* rax: slot number -> its capability's address; it is of @type, has @right, and nothing is being revoked. obj/captab.h captab_find.
 * Slot 0 is the table's header: its first byte, of a mask of at least 63, is no type. */
    .macro find_cap type, right, fail=slow_call
    movl %eax, %eax
    movq THREAD_CAPTAB(%rsp), %r11
    find_in_table \type, \right, \fail
    .endm
    .macro find_in_table type, right, fail
    movl (%r11), %ecx
    cmpq %rcx, %rax
    ja \fail
    andl %ecx, %eax
    shlq $6, %rax
    addq %r11, %rax
    cmpb $\type, (%rax)
    jne \fail
    testb $\right, SLOT_RIGHTS(%rax)
    jz \fail
    cmpl $0, cap_retiring(%rip)
    jne \fail
    .endm

/* obj/endpoint.h endpoint_check_label of the label in rsi: interface, method, length up to @words, nothing else. */
    .macro check_label words, fail
    movl %esi, %ecx
    shrl $16, %ecx
    cmpw %cx, SLOT_INTERFACE(%rax)
    jne \fail
    movl SLOT_MASK(%rax), %ecx
    btl %esi, %ecx
    jnc \fail
    movq $~0xffff0f1f, %rcx
    testq %rcx, %rsi
    jnz \fail
    movl %esi, %ecx
    andl $0xf00, %ecx
    cmpl $\words << 8, %ecx
    ja \fail
    .endm

/* obj/endpoint.c deliver without a queue or a scheduling decision: @caller is answered by r11, which waited at the endpoint in rcx; rdi is lost. */
    .macro hand_over caller, state
    movq $0, ENDPOINT_SERVER(%rcx)
    movb $\state, THREAD_STATE(\caller)
    movq %r11, THREAD_CALLEE(\caller)
    movq $0, THREAD_ENDPOINT(%r11)
    movb $STATE_READY, THREAD_STATE(%r11)
    movq \caller, THREAD_CALLER(%r11)
    movq \caller, THREAD_LENDER(%r11)
    movq THREAD_SCHED(\caller), %rdi
    movq %rdi, THREAD_SCHED(%r11)
    movq %r11, SCHED_HOLDER(%rdi)
    .endm

/* obj/thread.h thread_arm: the deadline in rdi, which is not 0, is none, or not before the timer that is armed. */
    .macro arm_deadline thread=%rsp, fail=slow_call
    testq %rdi, %rdi
    jz \fail
    movq %rdi, THREAD_DEADLINE(\thread)
    cmpq THREAD_TIMER_WHEN(\thread), %rdi /* NEVER = -1 if it is not armed */
    jb \fail
    .endm

/* obj/thread.c thread_switch to r11, whose fs_base is 0, like the loaded one; @guest: to the guest that it runs. The stack is free after it. */
    .macro switch_to guest
    movq %r11, %gs:CPU_CURRENT
    leaq REGS_BYTES(%r11), %rcx
    movq %rcx, %gs:CPU_TSS_RSP0
    movq THREAD_CR3(%r11), %rcx
    cmpq %gs:CPU_CR3, %rcx
    je 1f
    movq %rcx, %gs:CPU_CR3
    movq %rcx, %cr3
1:  movl THREAD_COMPARTMENT(%r11), %ecx
    cmpl %gs:CPU_COMPARTMENT, %ecx
    je 4f
    movl %ecx, %gs:CPU_COMPARTMENT
    movq %rdx, %gs:CPU_SCRATCH /* XSAVE, XRSTOR: all components, [SDM-2023-09] Vol 1 13.7, 13.8 */
    movl $-1, %eax
    movl %eax, %edx
    movq %gs:CPU_FPU, %rcx
    testq %rcx, %rcx
    jz 2f
    xsave64 (%rcx)
2:
    .if \guest
    cmpb $0, barriers(%rip)
    jne 6f
1:  movq THREAD_VCPU(%r11), %rcx
    addq $VCPU_FPU, %rcx
    xrstor64 (%rcx)
    .else
    xorl %ecx, %ecx
    cmpb $0, THREAD_CAREFUL(%r11)
    jne 6f
    xrstor64 fpu_initial(%rip)
    .endif
3:  movq %rcx, %gs:CPU_FPU
    movq %gs:CPU_SCRATCH, %rdx
4:
    .subsection 1
6:
    movq %gs:CPU_STACK, %rsp
    call barrier_run
    movl $-1, %eax
    movl %eax, %edx
    .if \guest
    jmp 1b
    .else
    xorl %ecx, %ecx
    cmpb $0, THREAD_FPU_RIGHT(%r11)
    jne 5f
    xrstor64 fpu_initial(%rip)
    jmp 3b
5:  leaq THREAD_FPU_AREA(%r11), %rcx
    xrstor64 (%rcx)
    jmp 3b
    .endif
    .subsection 0
    .endm
