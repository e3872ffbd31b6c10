/* The rows that only a guest can measure, printed for tools/bulkhead/bench.py. Under -icount shift=0 a tick is an instruction. */
#include <call.h>

enum { ROUNDS = 1000, PORT_RTC_DATA = 0x71 };

static uint64_t samples[ROUNDS];

static uint64_t overhead(void)
{
    uint64_t least = UINT64_MAX;

    for (unsigned i = 0; i < ROUNDS; i++) {
        const uint64_t start = rdtsc();
        const uint64_t ticks = rdtsc() - start;
        least = ticks < least ? ticks : least;
    }
    return least;
}

static void sort(void)
{
    for (unsigned i = 1; i < ROUNDS; i++) {
        const uint64_t value = samples[i];
        unsigned at = i;

        for (; at > 0 && samples[at - 1] > value; at--)
            samples[at] = samples[at - 1];
        samples[at] = value;
    }
}

static void report(const char *name, uint64_t less, const char *how)
{
    sort();
    print("bench: ");
    print(name);
    print(" rounds=");
    print_number(ROUNDS);
    print(" min=");
    print_number(samples[0] - less);
    print(" median=");
    print_number(samples[ROUNDS / 2] - less);
    print(" how=");
    print(how);
    print("\n");
}

static void measure_cpuid(uint64_t less)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint32_t eax = 0, ebx, ecx = 0, edx;
        const uint64_t start = rdtsc();

        __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
        samples[i] = rdtsc() - start;
    }
    report("exit.cpuid", less, "CPUID in the guest, answered from the VMM's policy, back in the guest");
}

static void measure_pio(uint64_t less)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        const uint64_t start = rdtsc();

        (void)in8(PORT_RTC_DATA);
        samples[i] = rdtsc() - start;
    }
    report("exit.pio", less,
           "IN from the RTC's data port in the guest, answered by the VMM's device, back in the guest");
}

enum { SLOT_BENCH = 2 };

/* One hypercall with its registers loaded by hand: what the mechanism costs, without a stub on either side. */
static uint64_t call_registers(bool amd, uint64_t deadline)
{
    uint64_t rax = HYPERCALL_BIT | SLOT_BENCH, label = label_make(INTERFACE_BENCH, BENCH_NULL, 0);

    if (amd)
        __asm__ volatile("push %%rbx; push %%rbp; vmmcall; pop %%rbp; pop %%rbx"
                         : "+a"(rax), "+D"(deadline), "+S"(label)
                         :
                         : "rdx", "r8", "r9", "r10", "r12", "r13", "r14", "r15", "memory");
    else
        __asm__ volatile("push %%rbx; push %%rbp; vmcall; pop %%rbp; pop %%rbx"
                         : "+a"(rax), "+D"(deadline), "+S"(label)
                         :
                         : "rdx", "r8", "r9", "r10", "r12", "r13", "r14", "r15", "memory");
    return rax;
}

static void measure_hypercall(uint64_t less)
{
    const uint64_t deadline = rdtsc() + (1ull << 40);
    const bool amd = call_on_amd();

    for (unsigned i = 0; i < ROUNDS; i++) {
        const uint64_t start = rdtsc();
        const uint64_t error = call_registers(amd, deadline);

        samples[i] = rdtsc() - start;
        expect_equal(error, OK, "bench.null answers");
    }
    report("hypercall.service", less,
           "registers loaded, VMMCALL, a service domain in a compartment of its own that answers from its "
           "registers, guest; finite "
           "deadline, slot, type, interface, method and length checked, FPU and XCR0 kept apart");
}

static void measure_stub(uint64_t less)
{
    const uint64_t deadline = rdtsc() + (1ull << 40);
    hypercall_invoke *const entry = call_on_amd() ? hypercall_vmmcall : hypercall_vmcall;

    for (unsigned i = 0; i < ROUNDS; i++) {
        const uint64_t start = rdtsc();
        const enum error error = bench_null(entry, SLOT_BENCH, deadline);

        samples[i] = rdtsc() - start;
        expect_equal(error, OK, "bench.null answers");
    }
    report("hypercall.stub", less, "the same through the guest's generated stub");
}

static void measure_tenant(uint64_t less)
{
    const uint64_t deadline = rdtsc() + (1ull << 40);
    hypercall_invoke *const entry = call_on_amd() ? hypercall_vmmcall : hypercall_vmcall;

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint16_t major, minor, version;
        const uint64_t start = rdtsc();
        const enum error error = tenant_version(entry, SLOT_TENANT, deadline, &major, &minor, &version);

        samples[i] = rdtsc() - start;
        expect_equal(error, OK, "tenant.version answers");
    }
    report("hypercall.tenant_version", less,
           "tenant.version through the generated stub: guest, mgmt and its work, guest");
}

/* What Linux does: turn on all that the processor offers, so that XCR0 is the host's. */
static void enable_xsave(void)
{
    enum { CR4_OSXSAVE = 1 << 18, FEATURE_XSAVE = 1 << 26, SUPPORTED = 7 };
    uint32_t eax = 1, ebx, ecx = 0, edx;

    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    if ((ecx & FEATURE_XSAVE) == 0)
        return;
    write_cr4(read_cr4() | CR4_OSXSAVE);
    eax = 0xd, ecx = 0;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    xsetbv(0, eax & SUPPORTED);
}

void test(void)
{
    enable_xsave();

    const uint64_t less = overhead();

    measure_cpuid(less);
    measure_pio(less);
    measure_hypercall(less);
    measure_stub(less);
    measure_tenant(less);
    print("bench: end\n");
}
