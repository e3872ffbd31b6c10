/* What the kernel's assembly takes for granted of C's structures and enums; compiled with the kernel's flags beside every image, and not
 * linked: a wrong offset stops the build. */
#include "decode.h"
#include "hw/cpu_asm.h"
#include "obj/endpoint.h"
#include "obj/notif.h"
#include "obj/vcpu.h"

#define ASM_OFFSET(type, field, offset) _Static_assert(offsetof(struct type, field) == (offset), "hw/cpu_asm.h")
ASM_OFFSET(cpu, stack, CPU_STACK);
ASM_OFFSET(cpu, current, CPU_CURRENT);
ASM_OFFSET(cpu, fpu, CPU_FPU);
ASM_OFFSET(cpu, cr3, CPU_CR3);
ASM_OFFSET(cpu, fs_base, CPU_FS_BASE);
ASM_OFFSET(cpu, compartment, CPU_COMPARTMENT);
ASM_OFFSET(cpu, tss.rsp0, CPU_TSS_RSP0);
_Static_assert(offsetof(struct registers, rip) == REGS_RIP, "cpu_asm.h");
_Static_assert(offsetof(struct registers, rax) == REGS_RAX, "cpu_asm.h");
_Static_assert(sizeof(struct registers) == REGS_BYTES, "cpu_asm.h");
_Static_assert(sizeof(struct tss) == 104, "[SDM-2023-09] Vol 3A 8.7");


ASM_OFFSET(thread, state, THREAD_STATE);
ASM_OFFSET(thread, resume, THREAD_RESUME);
ASM_OFFSET(thread, fpu_right, THREAD_FPU_RIGHT);
ASM_OFFSET(thread, compartment, THREAD_COMPARTMENT);
ASM_OFFSET(thread, cr3, THREAD_CR3);
ASM_OFFSET(thread, fs_base, THREAD_FS_BASE);
ASM_OFFSET(thread, captab, THREAD_CAPTAB);
ASM_OFFSET(thread, own, THREAD_OWN);
ASM_OFFSET(thread, sched, THREAD_SCHED);
ASM_OFFSET(thread, reserve, THREAD_RESERVE);
ASM_OFFSET(thread, lender, THREAD_LENDER);
ASM_OFFSET(thread, caller, THREAD_CALLER);
ASM_OFFSET(thread, callee, THREAD_CALLEE);
ASM_OFFSET(thread, endpoint, THREAD_ENDPOINT);
ASM_OFFSET(thread, owns, THREAD_OWNS);
ASM_OFFSET(thread, bound, THREAD_BOUND);
ASM_OFFSET(thread, vcpu, THREAD_VCPU);
ASM_OFFSET(thread, deadline, THREAD_DEADLINE);
ASM_OFFSET(thread, debtor, THREAD_DEBTOR);
ASM_OFFSET(thread, timer.when, THREAD_TIMER_WHEN);
ASM_OFFSET(thread, fpu, THREAD_FPU_AREA);
ASM_OFFSET(slot, cap.rights, SLOT_RIGHTS);
ASM_OFFSET(slot, cap.mask, SLOT_MASK);
ASM_OFFSET(slot, cap.interface, SLOT_INTERFACE);
ASM_OFFSET(slot, cap.badge, SLOT_BADGE);
ASM_OFFSET(slot, cap.object, SLOT_OBJECT);
ASM_OFFSET(endpoint, server, ENDPOINT_SERVER);
ASM_OFFSET(endpoint, head, ENDPOINT_HEAD);
ASM_OFFSET(sched, holder, SCHED_HOLDER);
ASM_OFFSET(sched, debt, SCHED_DEBT);
ASM_OFFSET(notif, head, NOTIF_HEAD);
ASM_OFFSET(notif, bound, NOTIF_BOUND);
ASM_OFFSET(vcpu, hvm.state, VCPU_PAGE);
ASM_OFFSET(vcpu, hvm.fpu, VCPU_FPU);
ASM_OFFSET(vcpu, thread, VCPU_THREAD);
ASM_OFFSET(vcpu, space, VCPU_SPACE);
ASM_OFFSET(vcpu, captab, VCPU_CAPTAB);
ASM_OFFSET(vcpu, run_deadline, VCPU_RUN_DEADLINE);
ASM_OFFSET(vcpu, hvm.tsc_offset, VCPU_TSC_OFFSET);
ASM_OFFSET(space, generation, SPACE_GENERATION);
_Static_assert(OBJECT_TYPE_ENDPOINT == 7 && OBJECT_TYPE_NOTIF == 8 && CAPTAB_SLOTS_MIN == 64, "find_cap");
_Static_assert(RIGHT_CALL == 8 && RIGHT_WAIT == 16 && RIGHT_SIGNAL == 32 && RIGHT_MANAGE == 64 && OBJECT_TYPE_VCPU == 9 && HVM_EXIT_VMM == 4 && HVM_EXIT_HYPERCALL == 2, "entry.S");
_Static_assert(THREAD_STATE_READY == 1 && THREAD_STATE_CALLING == 2 && THREAD_STATE_WAITING == 3 && THREAD_STATE_IN_GUEST == 5 &&
    THREAD_STATE_HYPERCALL == 6 && RESUME_SYSCALL == 0, "entry.S");
_Static_assert(LABEL_LENGTH_SHIFT == 8 && LABEL_INTERFACE_SHIFT == 16 && LABEL_STATUS_SHIFT == 32 && LABEL_METHOD_MASK == 31, "entry.S");
