/* Generated from idl/kernel.idl by gen (docs/idl.md). Do not edit. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a call answers. Service statuses use the same numbers. */
enum error {
    OK = 0, ERR_SYSCALL = 1, ERR_SLOT = 2, ERR_TYPE = 3, ERR_RIGHTS = 4, ERR_INTERFACE = 5, ERR_METHOD = 6, ERR_LENGTH = 7,
    ERR_STATE = 8, ERR_RANGE = 9, ERR_ALIGN = 10, ERR_MEMORY = 11, ERR_OCCUPIED = 12, ERR_RETIRED = 13, ERR_TIMEOUT = 14,
    ERR_AGAIN = 15, ERR_CANCELED = 16, ERR_DEBT = 17, ERR_DEPTH = 18, ERR_LIMIT = 19, ERR_SEALED = 20, ERR_MODE = 21,
    ERR_ARGUMENT = 22, ERR_PEER = 23, ERR_BUSY = 24, ERR_UNSUPPORTED = 25, ERR_DENIED = 26
};
#define ERROR_LIMIT 27

/* Calls are numbered from bit 32 of rax; a guest sets bit 63 instead. */
enum call {
    CALL_NULL = 0, CALL_UNTYPED_RETYPE = 16, CALL_UNTYPED_INFO = 17, CALL_CAPTAB_COPY = 20, CALL_CAPTAB_DELETE = 21,
    CALL_CAPTAB_REVOKE = 22, CALL_CAPTAB_INSPECT = 23, CALL_SPACE_MAP = 24, CALL_SPACE_UNMAP = 25, CALL_SPACE_INFO = 26,
    CALL_THREAD_CONFIGURE = 28, CALL_THREAD_RESUME = 29, CALL_THREAD_SUSPEND = 30, CALL_THREAD_READ = 31, CALL_THREAD_WRITE = 32,
    CALL_SCHED_CONFIGURE = 36, CALL_SCHED_INFO = 37, CALL_SCHED_YIELD = 38, CALL_ENDPOINT_CALL = 1, CALL_ENDPOINT_WAIT = 2,
    CALL_ENDPOINT_REPLY_WAIT = 3, CALL_ENDPOINT_DEFER = 4, CALL_ENDPOINT_RESUME = 5, CALL_NOTIF_SIGNAL = 6, CALL_NOTIF_WAIT = 7,
    CALL_VCPU_RUN = 8, CALL_VCPU_CONFIGURE = 44, CALL_VCPU_READ = 45, CALL_IOSPACE_MAP = 40, CALL_IOSPACE_UNMAP = 41,
    CALL_IOSPACE_ATTACH = 42, CALL_IOSPACE_DETACH = 43, CALL_IOSPACE_WATCH = 46, CALL_IOSPACE_FAULT = 47, CALL_IRQ_BIND = 52,
    CALL_IRQ_ACK = 53, CALL_IOPORT_IN = 56, CALL_IOPORT_OUT = 57, CALL_CONTROL_IOPORT = 60, CALL_CONTROL_IRQ = 61,
    CALL_CONTROL_MSI = 62, CALL_CONTROL_DEVICE = 63
};
#define CALL_SHIFT 32
#define HYPERCALL_BIT (1ull << 63)
#define DEADLINE_NOW 0ull
#define DEADLINE_NEVER (~0ull)

/* The label of a message: method, length in words, interface; a reply has the service's status instead. */
#define MESSAGE_WORDS 10
enum label {
    LABEL_METHOD_SHIFT = 0, LABEL_METHOD_MASK = 31, LABEL_LENGTH_SHIFT = 8, LABEL_LENGTH_MASK = 3840, LABEL_INTERFACE_SHIFT = 16,
    LABEL_INTERFACE_MASK = 0xffff0000u, LABEL_STATUS_SHIFT = 32, LABEL_STATUS_MASK = 0xffff00000000ull
};
static inline uint64_t label_make(uint64_t interface, uint64_t method, uint64_t length)
{
    return interface << 16 | length << 8 | method;
}
static inline uint64_t label_reply(uint64_t status, uint64_t length) { return status << 32 | length << 8; }
static inline uint32_t label_method(uint64_t label) { return (uint32_t)(label >> 0) & 31; }
static inline uint32_t label_length(uint64_t label) { return (uint32_t)(label >> 8) & 15; }
static inline uint32_t label_interface(uint64_t label) { return (uint32_t)(label >> 16) & 0xffff; }
static inline uint32_t label_status(uint64_t label) { return (uint32_t)(label >> 32) & 0xffff; }

enum object_type {
    OBJECT_TYPE_NONE = 0, OBJECT_TYPE_UNTYPED = 1, OBJECT_TYPE_CAPTAB = 2, OBJECT_TYPE_FRAME = 3, OBJECT_TYPE_SPACE = 4,
    OBJECT_TYPE_THREAD = 5, OBJECT_TYPE_SCHED = 6, OBJECT_TYPE_ENDPOINT = 7, OBJECT_TYPE_NOTIF = 8, OBJECT_TYPE_VCPU = 9,
    OBJECT_TYPE_IOSPACE = 10, OBJECT_TYPE_IRQ = 11, OBJECT_TYPE_IOPORT = 12, OBJECT_TYPE_CONTROL = 13
};

/* A right per kind of use; each call names the one it needs. */
enum rights {
    RIGHT_READ = 1 << 0, RIGHT_WRITE = 1 << 1, RIGHT_EXEC = 1 << 2, RIGHT_CALL = 1 << 3, RIGHT_WAIT = 1 << 4, RIGHT_SIGNAL = 1 << 5,
    RIGHT_MANAGE = 1 << 6, RIGHT_COPY = 1 << 7
};

/* Flags of captab_copy. */
enum copy_flags { COPY_SEALED = 1 << 0 };

enum captab_flags { CAPTAB_TERMINAL = 1 << 0 };

enum space_flags { SPACE_GUEST = 1 << 0 };

enum untyped_flags { UNTYPED_KEEP = 1 << 0 };

enum map_flags { MAP_READ = 1 << 0, MAP_WRITE = 1 << 1, MAP_EXEC = 1 << 2, MAP_UNCACHED = 1 << 3 };

enum thread_flags { THREAD_FPU = 1 << 0 };

enum thread_state {
    THREAD_STATE_INACTIVE = 0, THREAD_STATE_READY = 1, THREAD_STATE_CALLING = 2, THREAD_STATE_WAITING = 3,
    THREAD_STATE_NOTIF_WAITING = 4, THREAD_STATE_IN_GUEST = 5, THREAD_STATE_HYPERCALL = 6, THREAD_STATE_FAULTED = 7,
    THREAD_STATE_STOPPED = 8
};

enum register_group { REGISTER_GROUP_CONTROL = 0, REGISTER_GROUP_LOW = 1, REGISTER_GROUP_HIGH = 2 };

/* Why vcpu_run returned. */
enum run_reason { RUN_REASON_EXIT = 0, RUN_REASON_NOTIFICATION = 1, RUN_REASON_DEADLINE = 2 };

/* Vendor-neutral exit reasons (vcpu_state.exit_reason). */
enum exit_reason {
    EXIT_REASON_NONE = 0, EXIT_REASON_CPUID = 1, EXIT_REASON_PIO = 2, EXIT_REASON_RDMSR = 3, EXIT_REASON_WRMSR = 4,
    EXIT_REASON_HLT = 5, EXIT_REASON_NESTED_FAULT = 6, EXIT_REASON_HYPERCALL = 7, EXIT_REASON_EXCEPTION = 8,
    EXIT_REASON_TRIPLE_FAULT = 9, EXIT_REASON_INVALID_STATE = 10, EXIT_REASON_XSETBV = 11, EXIT_REASON_WBINVD = 12,
    EXIT_REASON_INVD = 13, EXIT_REASON_MONITOR = 14, EXIT_REASON_MWAIT = 15, EXIT_REASON_PAUSE = 16,
    EXIT_REASON_DESCRIPTOR_TABLE = 17, EXIT_REASON_RDPMC = 18, EXIT_REASON_CR_ACCESS = 19, EXIT_REASON_VIRTUALIZATION = 20,
    EXIT_REASON_INIT = 21, EXIT_REASON_TASK_SWITCH = 22, EXIT_REASON_IRQ_WINDOW = 23, EXIT_REASON_SHUTDOWN_STATE = 24,
    EXIT_REASON_UNKNOWN = 25, EXIT_REASON_RDTSC = 26, EXIT_REASON_INVLPG = 27, EXIT_REASON_RSM = 28, EXIT_REASON_DR_ACCESS = 29
};

/* vcpu_state.exit_flags for cr_access. */
enum cr_access { CR_ACCESS_MOV_TO = 0, CR_ACCESS_MOV_FROM = 1, CR_ACCESS_CLTS = 2, CR_ACCESS_LMSW = 3 };

/* vcpu_state.exit_flags for pio; size_bytes in exit_size. For nested_fault: below. */
enum pio_flags { PIO_IN = 1 << 0, PIO_STRING = 1 << 2, PIO_REP = 1 << 3 };

enum fault_flags {
    FAULT_PRESENT = 1 << 0, FAULT_WRITE = 1 << 1, FAULT_USER = 1 << 2, FAULT_EXEC = 1 << 3, FAULT_TABLE_WALK = 1 << 4
};

/* Register groups of vcpu_state: gpr, ip are always exchanged. */
enum vcpu_group {
    VCPU_GROUP_GPR = 1 << 0, VCPU_GROUP_IP = 1 << 1, VCPU_GROUP_CONTROL = 1 << 2, VCPU_GROUP_SEGMENT = 1 << 3,
    VCPU_GROUP_TABLE = 1 << 4, VCPU_GROUP_MSR = 1 << 5, VCPU_GROUP_DEBUG = 1 << 6, VCPU_GROUP_TSC = 1 << 7, VCPU_GROUP_EFER = 1 << 8
};

enum inject_type { INJECT_TYPE_INTERRUPT = 0, INJECT_TYPE_NMI = 2, INJECT_TYPE_EXCEPTION = 3, INJECT_TYPE_SOFTWARE = 4 };

struct segment { uint16_t selector, access; uint32_t limit; uint64_t base; };

/* The kernel-owned page through which a VMM and the kernel exchange a vCPU's state. */
struct vcpu_state {
    uint64_t gpr[16], rip, rflags; uint32_t exit_reason, exit_flags; uint64_t exit_info, exit_address;
    uint32_t exit_size, exit_insn_bytes; uint64_t exit_code; uint32_t reserved, cpl, valid, dirty;
    uint64_t inject, inject_error, irq_vector, tsc_offset, call_limit, shadow, cr0, cr2, cr3, cr4, cr8, xcr0, efer;
    struct segment seg[8];
    uint64_t gdtr_base, gdtr_limit, idtr_base, idtr_limit, star, lstar, cstar, sfmask, kernel_gs_base, sysenter_cs, sysenter_esp;
    uint64_t sysenter_eip, pat, dr[4], dr6, dr7, pdpte[4], hypercalls, exits, external_interrupts; uint8_t unused_[3456];
};

struct boot_region { uint64_t base, bytes; uint32_t slot, flags; };

struct boot_module { uint64_t base, bytes; uint32_t slot, reserved; };

/* What the kernel tells the first domain. */
struct boot_info {
    uint64_t magic, tsc_khz, rsdp;
    uint32_t untyped_count, untyped_first, module_count, module_first, captab_slots, vendor, console_port, iommu;
    uint64_t msi_address, msi_address_step; uint32_t msi_data, msi_data_step; struct boot_module module[24];
    struct boot_region region[64]; uint8_t unused_[1904];
};

/* The kernel's event ring (read-only page for builder), dumped on panic. */
struct trace_event { uint64_t tsc; uint16_t kind, processor; uint32_t argument; uint64_t value; };

/* A wait on an endpoint that ended by the thread's bound notification; there is nobody to reply to. */
#define INTERFACE_NOTIFICATION 0
#define NOTIFICATION_INTERFACE_VERSION 1
enum notification_method { NOTIFICATION_SIGNAL = 0 };

/* A thread's exception, sent to its fault endpoint by the kernel. */
#define INTERFACE_FAULT 1
#define FAULT_INTERFACE_VERSION 1
enum fault_method { FAULT_EXCEPTION = 0 };
