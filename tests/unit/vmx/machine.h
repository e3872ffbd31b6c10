/* A processor and a vCPU made of ordinary memory. A VMCS that is not current, a field that does not exist, that only the processor
 * writes, or that nobody has written fails the test: [SDM-2023-09] Vol 3C 25.11.3 promises no zeros. */
#ifndef MACHINE_H
#define MACHINE_H

#include <setjmp.h>
#include <stdlib.h>

#include "base/panic.h"
#include "hw/debug.h"
#include "hw/memory.h"
#include "hw/serial.h"
#include "hw/vmx.h"
#include "hw/x86.h"
#include "unit.h"

_Static_assert(FAULT_PRESENT == 1 && FAULT_WRITE == 2 && FAULT_USER == 4 && FAULT_EXEC == 1 << 3 &&
                   FAULT_TABLE_WALK == 1 << 4,
               "decode_other");
_Static_assert(PIO_IN == 1 && PIO_STRING == 4 && PIO_REP == 8, "decode_pio");

/* Encodings once more, from [SDM-2023-09] Vol 3D appendix B. */
static const struct known {
    uint16_t name, encoding, count;
} known[] = {
    {GUEST_SELECTOR, 0x800, 8},
    {GUEST_SEGMENT_LIMIT, 0x4800, 8},
    {GUEST_ACCESS, 0x4814, 8},
    {GUEST_SEGMENT_BASE, 0x6806, 8},
    {CONTROL_VPID, 0x0, 1},
    {CONTROL_IO_BITMAP_A, 0x2000, 1},
    {CONTROL_IO_BITMAP_B, 0x2002, 1},
    {CONTROL_MSR_BITMAP, 0x2004, 1},
    {CONTROL_EXIT_MSR_STORE, 0x2006, 1},
    {CONTROL_EXIT_MSR_LOAD, 0x2008, 1},
    {CONTROL_ENTRY_MSR_LOAD, 0x200a, 1},
    {CONTROL_TSC_OFFSET, 0x2010, 1},
    {CONTROL_VIRTUAL_APIC, 0x2012, 1},
    {CONTROL_EPT_POINTER, 0x201a, 1},
    {CONTROL_XSS_EXITS, 0x202c, 1},
    {CONTROL_PIN, 0x4000, 1},
    {CONTROL_PRIMARY, 0x4002, 1},
    {CONTROL_EXCEPTIONS, 0x4004, 1},
    {CONTROL_FAULT_MASK, 0x4006, 1},
    {CONTROL_FAULT_MATCH, 0x4008, 1},
    {CONTROL_CR3_TARGETS, 0x400a, 1},
    {CONTROL_EXIT, 0x400c, 1},
    {CONTROL_EXIT_STORE_COUNT, 0x400e, 1},
    {CONTROL_EXIT_LOAD_COUNT, 0x4010, 1},
    {CONTROL_ENTRY, 0x4012, 1},
    {CONTROL_ENTRY_LOAD_COUNT, 0x4014, 1},
    {CONTROL_EVENT, 0x4016, 1},
    {CONTROL_EVENT_ERROR, 0x4018, 1},
    {CONTROL_TPR_THRESHOLD, 0x401c, 1},
    {CONTROL_SECONDARY, 0x401e, 1},
    {CONTROL_CR0_MASK, 0x6000, 1},
    {CONTROL_CR4_MASK, 0x6002, 1},
    {CONTROL_CR0_SHADOW, 0x6004, 1},
    {CONTROL_CR4_SHADOW, 0x6006, 1},
    {EXIT_GUEST_PHYSICAL, 0x2400, 1},
    {EXIT_REASON_FIELD, 0x4402, 1},
    {EXIT_EVENT, 0x4404, 1},
    {EXIT_VECTORING, 0x4408, 1},
    {EXIT_VECTORING_ERROR, 0x440a, 1},
    {EXIT_INSN_BYTES, 0x440c, 1},
    {EXIT_QUALIFICATION, 0x6400, 1},
    {GUEST_LINK_POINTER, 0x2800, 1},
    {GUEST_DEBUGCTL, 0x2802, 1},
    {GUEST_PAT, 0x2804, 1},
    {GUEST_EFER, 0x2806, 1},
    {GUEST_PDPTE, 0x280a, 4},
    {GUEST_GDTR_LIMIT, 0x4810, 1},
    {GUEST_IDTR_LIMIT, 0x4812, 1},
    {GUEST_INTERRUPTIBILITY, 0x4824, 1},
    {GUEST_ACTIVITY, 0x4826, 1},
    {GUEST_SYSENTER_CS, 0x482a, 1},
    {GUEST_PREEMPTION_TIMER, 0x482e, 1},
    {GUEST_CR0, 0x6800, 1},
    {GUEST_CR3, 0x6802, 1},
    {GUEST_CR4, 0x6804, 1},
    {GUEST_GDTR_BASE, 0x6816, 1},
    {GUEST_IDTR_BASE, 0x6818, 1},
    {GUEST_DR7, 0x681a, 1},
    {GUEST_RSP, 0x681c, 1},
    {GUEST_RIP, 0x681e, 1},
    {GUEST_RFLAGS, 0x6820, 1},
    {GUEST_PENDING_DEBUG, 0x6822, 1},
    {GUEST_SYSENTER_ESP, 0x6824, 1},
    {GUEST_SYSENTER_EIP, 0x6826, 1},
    {HOST_ES, 0xc00, 1},
    {HOST_CS, 0xc02, 1},
    {HOST_SS, 0xc04, 1},
    {HOST_DS, 0xc06, 1},
    {HOST_FS, 0xc08, 1},
    {HOST_GS, 0xc0a, 1},
    {HOST_TR, 0xc0c, 1},
    {HOST_PAT, 0x2c00, 1},
    {HOST_EFER, 0x2c02, 1},
    {HOST_SYSENTER_CS, 0x4c00, 1},
    {HOST_CR0, 0x6c00, 1},
    {HOST_CR3, 0x6c02, 1},
    {HOST_CR4, 0x6c04, 1},
    {HOST_FS_BASE, 0x6c06, 1},
    {HOST_GS_BASE, 0x6c08, 1},
    {HOST_TR_BASE, 0x6c0a, 1},
    {HOST_GDTR_BASE, 0x6c0c, 1},
    {HOST_IDTR_BASE, 0x6c0e, 1},
    {HOST_SYSENTER_ESP, 0x6c10, 1},
    {HOST_SYSENTER_EIP, 0x6c12, 1},
    {HOST_RIP, 0x6c16, 1},
};
_Static_assert(GUEST_CS_ACCESS == GUEST_ACCESS + 2 && GUEST_SS_ACCESS == GUEST_ACCESS + 4, "appendix B.3");
#define FOR_EACH_KNOWN(row) \
    for (const struct known *row = known; row < known + sizeof known / sizeof known[0]; row++)

enum { FIELDS = 0x7000, CONTROL_PA = 0x123000, READ_ONLY = 1 };
struct fake fake;
struct cpu cpu_block[PROCESSORS_MAX];
const uint8_t vmx_exit[1];
const struct fpu fpu_initial;

static struct {
    uint64_t value[FIELDS];
    bool exists[FIELDS], written[FIELDS], lacks_xsaves;
    uint64_t current, region_on, invvpid_type, invvpid, invept_type, invept;
    unsigned invalidations, launches_lost;
    bool refuse_on, refuse_clear, refuse_load;
} vmcs;

static struct {
    uint32_t index;
    uint64_t value;
} msrs[32];
static unsigned msr_count;

static _Alignas(4096) uint8_t pages[3][PAGE_BYTES];
static struct hvm hvm;
#define page (*(struct vcpu_state *)(void *)pages[1])
#define tpr (pages[2][0x80])

/* What the machine was said to lack, one by one. */
static char lacking[2048];
static unsigned lackings;

bool machine_lacks(const char *feature)
{
    lackings++;
    (void)snprintf(lacking + strlen(lacking), sizeof lacking - strlen(lacking), "%s;", feature);
    return false;
}

static jmp_buf panic_return;
static const char *panicked;

NORETURN void panic(const char *reason)
{
    panicked = reason;
    longjmp(panic_return, 1);
}

static bool field_usable(uint64_t field, const char *what)
{
    bool fine = vmcs.current == CONTROL_PA && field < FIELDS && vmcs.exists[field] &&
                !(field == CONTROL_XSS_EXITS && vmcs.lacks_xsaves);
    if (!fine) {
        printf("%s of VMCS field %#llx, which does not exist, or no VMCS is current\n", what,
               (unsigned long long)field);
        unit_failed_checks++;
    }
    return fine;
}

uint64_t vmcs_read(uint64_t field)
{
    if (!field_usable(field, "read"))
        return 0;
    if (!vmcs.written[field]) {
        printf("read of VMCS field %#llx, which nobody wrote\n", (unsigned long long)field);
        unit_failed_checks++;
    }
    return vmcs.value[field];
}

/* A field's width stands in bits 13-14 of its encoding: [SDM-2023-09] Vol 3C table 25-21. */
static void put(uint64_t field, uint64_t value)
{
    static const uint64_t widths[4] = {0xffff, UINT64_MAX, UINT32_MAX, UINT64_MAX};
    vmcs.value[field] = value & widths[field >> 13 & 3];
    vmcs.written[field] = true;
}

void vmcs_write(uint64_t field, uint64_t value)
{
    if (!field_usable(field, "write"))
        return;
    if ((field >> 10 & 3) == READ_ONLY) {
        printf("write of VMCS field %#llx, which is read-only\n", (unsigned long long)field);
        unit_failed_checks++;
    }
    put(field, value);
}

bool vmx_on(hpa_t region)
{
    vmcs.region_on = region.value;
    return !vmcs.refuse_on;
}

bool vmcs_clear(hpa_t region)
{
    if (vmcs.current == region.value)
        vmcs.current = 0;
    vmcs.launches_lost++;
    return !vmcs.refuse_clear;
}

bool vmcs_load(hpa_t region)
{
    vmcs.current = region.value;
    return !vmcs.refuse_load;
}

void invept(uint64_t type, uint64_t pointer)
{
    vmcs.invept_type = type;
    vmcs.invept = pointer;
    vmcs.invalidations++;
}

void invvpid(uint64_t type, uint64_t vpid)
{
    vmcs.invvpid_type = type;
    vmcs.invvpid = vpid;
    vmcs.invalidations++;
}

static uint64_t *msr(uint32_t index)
{
    for (unsigned i = 0; i < msr_count; i++) {
        if (msrs[i].index == index)
            return &msrs[i].value;
    }
    msrs[msr_count].index = index;
    msrs[msr_count].value = 0;
    return &msrs[msr_count++].value;
}

uint64_t rdmsr(uint32_t index)
{
    unsigned before = msr_count;
    uint64_t value = *msr(index);
    if (msr_count != before) {
        printf("read of MSR %#x\n", index);
        unit_failed_checks++;
    }
    return value;
}

/* FEATURE_CONTROL alone, and only while it is not locked: [SDM-2023-09] Vol 3C 24.7. */
void wrmsr(uint32_t index, uint64_t value)
{
    CHECK_EQ(index, 0x3a);
    CHECK_EQ(*msr(0x3a) & 1, 0);
    *msr(0x3a) = value;
    fake.feature_writes++;
}

struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    CHECK(leaf == 1 && subleaf == 0);
    return (struct cpuid){.ecx = fake.features};
}

void xsetbv(uint32_t index, uint64_t value)
{
    CHECK_EQ(index, 0);
    fake.xcr0 = value;
    fake.xcr0_writes++;
}

struct cpu *cpu_self(void)
{
    return &cpu_block[0];
}

void gdt_load(const void *table)
{
    CHECK(table == &cpu_block[0].gdt_limit);
    fake.gdt_loads++;
}

void fpu_init(struct fpu *fpu)
{
    fpu->area[0] = 1;
}
void fpu_switch(struct cpu *cpu, struct fpu *next)
{
    cpu->fpu = next;
}
void fpu_forget(struct cpu *cpu, struct fpu *fpu)
{
    if (cpu->fpu == fpu)
        cpu->fpu = NULL;
}

/* What the processor says of controls: bits that must be 1 in the lower half, bits that may be 1 in the upper. */
static void offer(uint32_t index, uint32_t must, uint32_t may)
{
    *msr(index) = (uint64_t)may << 32 | must;
}

/* A processor that has everything; values of the reserved bits as of an Ice Lake. */
static void fresh_processor(void)
{
    static const uint32_t zero[] = {0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, 0xc0000102};

    memset(&fake, 0, sizeof fake);
    memset(&vmcs, 0, sizeof vmcs);
    memset(&cpu_block[0], 0, sizeof cpu_block[0]);
    memset(&vmcs.value, 0xa5, sizeof vmcs.value);
    FOR_EACH_KNOWN(row)
    {
        CHECK_EQ(row->name, row->encoding);
        for (unsigned i = 0; i < row->count; i++)
            vmcs.exists[row->encoding + 2 * i] = true;
    }
    cpu_block[0].self = cpu_block;
    cpu_block[0].xcr0 = 7;
    cpu_block[0].cr3 = 0x1000;
    cpu_block[0].timer_set = UINT64_MAX;
    fake.features = 1 << 5;
    fake.xcr0 = 7;
    fake.cr0 = 0x80010013;
    fake.cr4 = 0x3406e0;
    msr_count = lackings = 0;
    lacking[0] = 0;
    *msr(0x3a) = 5;
    *msr(0x277) = 0x0007040600070406;
    *msr(0x480) = 1ull << 55 | 0x11;
    *msr(0x485) = 1ull << 5 | 3;
    *msr(0x486) = 0x80000021;
    *msr(0x488) = 0x2000;
    *msr(0x489) = 0x3767ff;
    *msr(0x48c) = 0xf0106734141;
    *msr(0xc0000080) = 0xd01;
    offer(0x48d, 0x16, 0xff);
    offer(0x48e, 0x4006172, 0xfff9fffe);
    offer(0x48b, 0, 0x1378ff);
    offer(0x48f, 0x36dfb, 0x7fffff);
    offer(0x490, 0x11fb, 0x3ffff);
    for (unsigned i = 0; i < sizeof zero / sizeof zero[0]; i++)
        *msr(zero[i]) = i + 1;
}

/* A vCPU on it, in the state of reset. */
static void fresh(void)
{
    fresh_processor();
    CHECK(hvm_init_cpu(&cpu_block[0]));
    memset(pages, 0, sizeof pages);
    memset(&hvm, 0, sizeof hvm);
    hvm.control = pages[0];
    hvm.control_pa = (hpa_t){CONTROL_PA};
    hvm.state = &page;
    if (setjmp(panic_return) == 0)
        hvm_init(&hvm);
    CHECK_TEXT(panicked, NULL);
    hvm.host_xcr0 = fake.xcr0;
    fake.gdt_loads = 0;
    vmcs.launches_lost = 0;
}

#endif
