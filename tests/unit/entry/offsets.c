/* What the kernel's assembly takes for granted of C's structures and enums; compiled with the kernel's flags beside every image, and not
 * linked: a wrong offset stops the build. */
#include "decode.h"
#include "hw/cpu_asm.h"
#include "hw/vectors.h"
#include "obj/endpoint.h"
#include "obj/notif.h"
#include "obj/vcpu.h"

#define ASM_PIN(symbol, structure, member, offset) \
    _Static_assert(offsetof(struct structure, member) == (offset), #symbol);
ASM_OFFSETS(ASM_PIN)
_Static_assert(offsetof(struct hvm, control_pa) == 8 && offsetof(struct hvm, state) == 16 &&
                   offsetof(struct hvm, host_state) == 24 && offsetof(struct hvm, launched) == 68 &&
                   offsetof(struct vcpu_state, gpr) == 0,
               "svm_run.S and vmx_run.S");
_Static_assert(sizeof(struct registers) == REGS_BYTES, "cpu_asm.h");
_Static_assert(VECTORS == 0x60, "trap_stubs");
_Static_assert(sizeof(struct tss) == 104, "[SDM-2023-09] Vol 3A 8.7");
_Static_assert(OBJECT_TYPE_ENDPOINT == 7 && OBJECT_TYPE_NOTIF == 8 && CAPTAB_SLOTS_MIN == 64, "find_cap");
_Static_assert(RIGHT_CALL == 8 && RIGHT_WAIT == 16 && RIGHT_SIGNAL == 32 && RIGHT_MANAGE == 64 &&
                   OBJECT_TYPE_VCPU == 9 && HVM_EXIT_VMM == 5 && HVM_EXIT_HYPERCALL == 2,
               "entry.S");
_Static_assert(THREAD_STATE_READY == 1 && THREAD_STATE_CALLING == 2 && THREAD_STATE_WAITING == 3 &&
                   THREAD_STATE_IN_GUEST == 5 && THREAD_STATE_HYPERCALL == 6 && RESUME_SYSCALL == 0,
               "entry.S");
_Static_assert(LABEL_LENGTH_SHIFT == 8 && LABEL_INTERFACE_SHIFT == 16 && LABEL_STATUS_SHIFT == 32 &&
                   LABEL_METHOD_MASK == 31,
               "entry.S");
