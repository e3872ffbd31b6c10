/* A machine without hardware: what tests set, and what the kernel did to it. */
#ifndef FAKE_H
#define FAKE_H

#include <setjmp.h>

#include "base/types.h"
#include "hw/cpu.h"
#include "hw/dma.h"
#include "hw/hvm.h"
#include "hw/vectors.h"

/* Physical memory stands at FAKE_BASE; an address outside of it gives NULL. */
#define FAKE_BASE 0x40000000ull
#define FAKE_BYTES (16ull << 20)
#define FAKE_KERNEL_ROOT 0x1000ull
/* Device memory that a domain may have. */
#define DEVICE_FREE 0xe0000000ull
#define DEVICE_FREE_END 0xf0000000ull

struct fake_port_access {
    uint16_t port;
    uint8_t bytes;
    bool out;
    uint32_t value;
};

/* The IOMMU: what the kernel told it last, by domain - 1 and by message. */
struct fake_dma {
    struct {
        bool attached, reported;
        uint16_t source;
        uint64_t root;
        uint32_t flushes;
    } domain[DMA_DOMAINS];
    struct {
        uint16_t source;
        uint64_t entry;
        bool taken, cut; /* one has come since it was open; a second has */
    } message[MSI_COUNT];
    bool no_table; /* dma_attach_check answers ERR_LIMIT */
    uint64_t written_back;
    struct dma_fault fault[16]; /* waiting */
    uint32_t faults;
};

struct fake_machine {
    uint64_t tsc, cr2, cr3;
    uint32_t cr3_writes;
    uint32_t msr;
    uint64_t msr_value;
    struct fake_port_access access; /* the last one */
    uint32_t accesses;
    uint32_t port_value;                       /* what a read gives */
    bool routed[GSI_COUNT], masked[GSI_COUNT]; /* of the IOAPIC */
    struct fake_dma dma;
    uint32_t route_flags[GSI_COUNT];
    uint64_t deadline; /* of the APIC timer; ~0 = stopped */
    uint32_t eois, barriers, windows;
    struct fpu *fpu_loaded;
    uint32_t nested_format;
    enum error apply_error;      /* what hvm_apply answers */
    uint32_t dirty, read_groups; /* what hvm_apply and hvm_read were given last */
    uint32_t runs, hvm_retired;
    uint64_t nested_root, nested_generation; /* of the last hvm_run */
};
extern struct fake_machine fake;
extern struct cpu fake_cpu;

/* The guest: what hvm_run answers. NULL: HVM_EXIT_VMM at once. Reset by fake_reset. */
extern enum hvm_exit (*fake_guest)(struct cpu *cpu, struct hvm *hvm);
/* What strikes in an interrupt window; NULL: nothing. */
extern void (*fake_interrupt)(void);

/* A machine as it starts; the first @dirty_bytes of its memory may have been written to. */
void fake_reset(uint64_t dirty_bytes);
void *fake_phys_to_ptr(uint64_t pa);
uint64_t fake_ptr_to_phys(const void *pointer);
uint32_t fake_port(uint16_t port, uint8_t bytes, bool out, uint32_t value);
void fake_window(void);

/* How the kernel was left: fake_enter calls @enter(@cpu) and returns when the kernel leaves to a thread, has nothing
 * to run, returns, or panics (with fake_panic set; without expect_panic a panic ends the program). */
enum fake_left { LEFT_SYSCALL, LEFT_MESSAGE, LEFT_INTERRUPT, LEFT_IDLE, LEFT_RETURN, LEFT_PANIC };
enum fake_left fake_enter(void (*enter)(struct cpu *cpu), bool expect_panic);
extern const char *fake_panic;
/* Where a random walk stands, for the line that a panic prints. */
extern uint64_t fake_seed, fake_step;
NORETURN void fake_idle(void);

#endif
