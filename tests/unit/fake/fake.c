#include "fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/panic.h"
#include "base/string.h"
#include "entry/entry.h"
#include "hw/apic.h"
#include "hw/barrier.h"
#include "hw/fpu.h"
#include "hw/ioapic.h"
#include "hw/iommu.h"
#include "hw/paging.h"

struct fake_machine fake;
struct cpu fake_cpu;
enum hvm_exit (*fake_guest)(struct cpu *cpu, struct hvm *hvm);
void (*fake_interrupt)(void);
const char *fake_panic;
uint64_t fake_seed, fake_step;

static _Alignas(2 << 20) uint8_t memory[FAKE_BYTES];
static jmp_buf leave;
static bool inside, panic_expected;

void fake_reset(uint64_t dirty_bytes)
{
    fake = (struct fake_machine){.tsc = 1000000, .deadline = UINT64_MAX, .cr3 = FAKE_KERNEL_ROOT};
    for (uint32_t i = 0; i < GSI_COUNT; i++) {
        fake.masked[i] = true;
    }
    memset(memory, 0xa5,
           dirty_bytes < sizeof memory
               ? dirty_bytes
               : sizeof memory); /* nothing may rely on memory that is zero by chance */
    memset(&fake_cpu, 0, sizeof fake_cpu);
    fake_cpu.self = &fake_cpu;
    fake_cpu.timer_set = UINT64_MAX;
    fake_cpu.cr3 = FAKE_KERNEL_ROOT;
    fake_guest = NULL;
    fake_interrupt = NULL;
    fake_panic = NULL;
    barriers = BARRIER_IBPB;
}

void *fake_phys_to_ptr(uint64_t pa)
{
    /* Device memory has addresses, but nothing stands there. */
    return pa >= FAKE_BASE && pa - FAKE_BASE < FAKE_BYTES ? memory + (pa - FAKE_BASE) : NULL;
}

uint64_t fake_ptr_to_phys(const void *pointer)
{
    const uint8_t *at = pointer;

    ASSERT(at >= memory && at < memory + FAKE_BYTES);
    return FAKE_BASE + (uint64_t)(at - memory);
}

uint32_t fake_port(uint16_t port, uint8_t bytes, bool out, uint32_t value)
{
    fake.access = (struct fake_port_access){port, bytes, out, value};
    fake.accesses++;
    return fake.port_value;
}

void fake_window(void)
{
    fake.windows++;
    if (fake_interrupt)
        fake_interrupt();
}

/* Entries and exits. */

enum fake_left fake_enter(void (*enter)(struct cpu *cpu), bool expect_panic)
{
    /* Not recursive: the second value of setjmp is 1 + how it was left. */
    int left;

    inside = true;
    panic_expected = expect_panic;
    left = setjmp(leave);
    if (left == 0) {
        enter(&fake_cpu);
        left = 1 + LEFT_RETURN;
    }
    inside = false;
    return (enum fake_left)(left - 1);
}

NORETURN static void left_by(enum fake_left how)
{
    if (!inside)
        abort();
    longjmp(leave, 1 + (int)how);
}

NORETURN void leave_syscall(const struct registers *regs)
{
    (void)regs;
    left_by(LEFT_SYSCALL);
}

/* Some of entry.S's ways out are known to some versions of entry.h only. */
NORETURN void leave_message(const uint64_t *gpr);
NORETURN void leave_message(const uint64_t *gpr)
{
    (void)gpr;
    left_by(LEFT_MESSAGE);
}

NORETURN void leave_interrupt(const struct registers *regs)
{
    (void)regs;
    left_by(LEFT_INTERRUPT);
}

NORETURN void fake_idle(void)
{
    left_by(LEFT_IDLE);
}

NORETURN void panic(const char *reason)
{
    fake_panic = reason;
    if (inside && panic_expected)
        left_by(LEFT_PANIC);
    printf("panic: %s (seed %llu, step %llu)\n", reason, (unsigned long long)fake_seed,
           (unsigned long long)fake_step);
    fflush(stdout);
    abort();
}

void trace(struct cpu *cpu, uint32_t kind, uint32_t argument, uint64_t value)
{
    (void)cpu, (void)kind, (void)argument, (void)value;
}

/* base/string.c's, which the host's library has otherwise. */

void zero_words(void *to, size_t bytes)
{
    memset(to, 0, bytes);
}
void zero_page(void *page)
{
    memset(page, 0, PAGE_BYTES);
}

/* The contracts of kernel/hw. */

void kernel_root_entries(uint64_t *pml4)
{
    pml4[256] = pml4[511] = FAKE_KERNEL_ROOT | 3;
}

hpa_t kernel_root(void)
{
    return (hpa_t){FAKE_KERNEL_ROOT};
}

void apic_timer_arm(uint64_t tsc_deadline)
{
    fake.deadline = tsc_deadline;
}
bool apic_timer_stopped(void)
{
    return fake.deadline <= fake.tsc;
}
void apic_eoi(void)
{
    fake.eois++;
}

void ioapic_route(uint32_t gsi, uint32_t flags, uint32_t apic_id)
{
    (void)apic_id;
    fake.routed[gsi] = true;
    fake.route_flags[gsi] = flags;
    fake.masked[gsi] = true;
}

void ioapic_mask(uint32_t irq)
{
    if (irq < GSI_COUNT)
        fake.masked[irq] = true;
    else
        (void)iommu_message(irq, false);
}

bool ioapic_unmask(uint32_t irq)
{
    if (irq >= GSI_COUNT)
        return iommu_message(irq, true);
    fake.masked[irq] = false;
    return false;
}

uint64_t iommu_route(uint32_t irq, uint32_t source, uint64_t entry)
{
    if (irq < GSI_COUNT)
        return entry;
    ASSERT(irq - GSI_COUNT < MSI_COUNT);
    fake.dma.message[irq - GSI_COUNT].source = (uint16_t)source;
    fake.dma.message[irq - GSI_COUNT].entry = entry;
    return 0;
}

bool iommu_message(uint32_t irq, bool open)
{
    uint32_t handle = irq - GSI_COUNT;
    bool lost;

    if (handle >= MSI_COUNT)
        return false;
    lost = fake.dma.message[handle].cut;
    fake.dma.message[handle].cut = !open && fake.dma.message[handle].taken;
    fake.dma.message[handle].taken = !open;
    return open && lost;
}

enum error dma_attach_check(uint16_t source)
{
    (void)source;
    return fake.dma.no_table ? ERR_LIMIT : OK;
}

void dma_attach(uint16_t source, uint32_t domain, hpa_t root)
{
    ASSERT(domain >= 1 && domain <= DMA_DOMAINS && !fake.dma.domain[domain - 1].attached);
    fake.dma.domain[domain - 1].attached = fake.dma.domain[domain - 1].reported = true;
    fake.dma.domain[domain - 1].source = source;
    fake.dma.domain[domain - 1].root = root.value;
}

void dma_detach(uint16_t source, uint32_t domain)
{
    ASSERT(fake.dma.domain[domain - 1].attached && fake.dma.domain[domain - 1].source == source);
    fake.dma.domain[domain - 1].attached = false;
}

void dma_flush(uint32_t domain)
{
    ASSERT(fake.dma.domain[domain - 1].attached);
    fake.dma.domain[domain - 1].flushes++;
}

void dma_write_back(const void *start, uint64_t bytes)
{
    ASSERT(fake_ptr_to_phys(start) + bytes <= FAKE_BASE + FAKE_BYTES);
    fake.dma.written_back += bytes;
}

void dma_report(uint16_t source, bool wanted)
{
    for (uint32_t i = 0; i < DMA_DOMAINS; i++)
        if (fake.dma.domain[i].attached && fake.dma.domain[i].source == source)
            fake.dma.domain[i].reported = wanted;
}

bool dma_fault(struct dma_fault *fault)
{
    if (fake.dma.faults == 0)
        return false;
    *fault = fake.dma.fault[0];
    fake.dma.faults--;
    memmove(fake.dma.fault, fake.dma.fault + 1, fake.dma.faults * sizeof fake.dma.fault[0]);
    return true;
}

bool iomem_free(uint64_t base, uint64_t end)
{
    return base >= DEVICE_FREE && end <= DEVICE_FREE_END;
}

uint8_t barriers;
void barrier_run(void)
{
    fake.barriers++;
}

void fpu_init(struct fpu *fpu)
{
    memset(fpu->area, 0, sizeof fpu->area);
}

void fpu_switch(struct cpu *cpu, struct fpu *next)
{
    cpu->fpu = next;
    fake.fpu_loaded = next;
}

void fpu_forget(struct cpu *cpu, struct fpu *fpu)
{
    if (cpu->fpu != fpu)
        return;
    cpu->fpu = NULL;
    fake.fpu_loaded = NULL;
}

uint32_t hvm_nested_format(void)
{
    return fake.nested_format;
}
void hvm_init(struct hvm *hvm)
{
    hvm->xcr0 = 1;
}

void hvm_retire(struct cpu *cpu, struct hvm *hvm)
{
    fpu_forget(cpu, &hvm->fpu);
    fake.hvm_retired++;
}

enum error hvm_apply(struct hvm *hvm, uint32_t dirty)
{
    (void)hvm;
    fake.dirty = dirty;
    return fake.apply_error;
}

void hvm_read(struct hvm *hvm, uint32_t groups)
{
    fake.read_groups = groups;
    hvm->state->valid = groups;
}

enum hvm_exit hvm_run(struct cpu *cpu, struct hvm *hvm, uint64_t generation)
{
    fake.runs++;
    fake.nested_root = hvm->nested_root.value;
    fake.nested_generation = generation;
    return fake_guest ? fake_guest(cpu, hvm) : HVM_EXIT_VMM;
}
