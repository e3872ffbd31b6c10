/* For assembly alone: several registers at once. */
/* clang-format off */
    .macro zero regs:vararg
    .irp r, \regs
    xorl %\r, %\r
    .endr
    .endm
    .macro push_all regs:vararg
    .irp r, \regs
    pushq %\r
    .endr
    .endm
    .macro pop_all regs:vararg
    .irp r, \regs
    popq %\r
    .endr
    .endm
