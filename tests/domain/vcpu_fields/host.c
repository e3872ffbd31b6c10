#include "host.h"

#include <string.h>

#include "log.h"

void code_extended(void);
void code_fs(void);

static volatile uint64_t watched_word = 0x1234567;
static __attribute__((noinline)) uint64_t watched_code(uint64_t value)
{
    __asm__ volatile("" : "+r"(value));
    return value + watched_word;
}

void host_watch(uint64_t dr[4])
{
    dr[0] = (uint64_t)&watched_word;
    dr[1] = (uint64_t)watched_code;
    dr[2] = LAB_STACK;
    dr[3] = LAB_CODE;
}

static uint64_t flags_now(void)
{
    const uint64_t arithmetic = 0x8d5; /* CF PF AF ZF SF OF */
    uint64_t flags;

    __asm__ volatile("pushfq; popq %0" : "=r"(flags));
    return flags & ~arithmetic;
}

static uint64_t xcr0_now(void)
{
    uint32_t low, high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static uint64_t selectors_now(void)
{
    uint16_t cs, ss, ds, es, fs, gs;

    __asm__ volatile(
        "movw %%cs, %0; movw %%ss, %1; movw %%ds, %2; movw %%es, %3; movw %%fs, %4; movw %%gs, %5"
        : "=r"(cs), "=r"(ss), "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
    return (uint64_t)cs | (uint64_t)ss << 8 | (uint64_t)ds << 16 | (uint64_t)es << 24 | (uint64_t)fs << 32 |
           (uint64_t)gs << 48;
}

const char *host_changed(struct host *host)
{
    const uint64_t tsc = lab_tsc();
    uint64_t fs, gs;

    __asm__ volatile("movq %%fs:0, %0" : "=r"(fs));
    __asm__ volatile("movq %%gs:%1, %0" : "=r"(gs) : "m"(watched_word));
    if (fs != HOST_FS_WORD)
        return "the FS base";
    if (gs != 0x1234567 || watched_code(1) != 0x1234568)
        return "the GS base";
    if (flags_now() != host->flags)
        return "RFLAGS";
    if (xcr0_now() != host->xcr0)
        return "XCR0";
    if (selectors_now() != host->selectors)
        return "a selector";
    /* A second of the processor's own time, whatever its speed, is no value of a TSC offset that is tried. */
    if (tsc < host->tsc || tsc - host->tsc > 1ull << 33)
        return "the TSC";
    host->tsc = tsc;
    return NULL;
}

/* Each ends with #UD at the latest; rdi points to data. What it faults with and what it leaves there is the signature. */
#define CODE(...)                                       \
    {                                                   \
        sizeof((uint8_t[]){__VA_ARGS__, UD2_0, UD2_1}), \
        {                                               \
            __VA_ARGS__, UD2_0, UD2_1                   \
        }                                               \
    }
static const struct {
    uint8_t bytes, code[23];
} probes[] = {
    CODE(0x0f, 0x01, 0x27),                               /* smsw (%rdi) */
    CODE(0x0f, 0x00, 0x0f),                               /* str (%rdi) */
    CODE(0x0f, 0x00, 0x07),                               /* sldt (%rdi) */
    CODE(0x0f, 0x01, 0x07),                               /* sgdt (%rdi) */
    CODE(0x0f, 0x01, 0x0f),                               /* sidt (%rdi) */
    CODE(0x31, 0xc9, 0x0f, 0x33),                         /* rdpmc: CR4.PCE */
    CODE(0x0f, 0x31),                                     /* rdtsc: CR4.TSD */
    CODE(0x0f, 0x01, 0xf9, 0x89, 0x0f),                   /* rdtscp; mov %ecx, (%rdi) */
    CODE(0xf3, 0x48, 0x0f, 0xae, 0xc0, 0x48, 0x89, 0x07), /* rdfsbase: CR4.FSGSBASE */
    CODE(0xf3, 0x48, 0x0f, 0xae, 0xc8, 0x48, 0x89, 0x07), /* rdgsbase */
    CODE(0x31, 0xc9, 0x0f, 0x01, 0xee, 0x89, 0x07),       /* rdpkru: CR4.PKE */
    CODE(0x31, 0xc9, 0x0f, 0x01, 0xd0, 0x89, 0x07),       /* xgetbv: CR4.OSXSAVE */
    CODE(0x0f, 0x01, 0xd8),                               /* vmrun: EFER.SVME */
    CODE(0x0f, 0x01, 0xdc),                               /* stgi */
    CODE(0x0f, 0x01, 0xd9),                               /* vmmcall */
    CODE(0x0f, 0x01, 0xc1),                               /* vmcall: CR4.VMXE */
    CODE(0x0f, 0x21, 0xf8),                               /* mov %dr7, %rax */
    CODE(0x0f, 0x20, 0xe0),                               /* mov %cr4, %rax */
    CODE(0xf4),                                           /* hlt */
    CODE(0xfa),                                           /* cli: RFLAGS.IOPL */
    CODE(0xe4, 0x80),                                     /* in $0x80, %al: the TSS's bitmap */
    CODE(0x0f, 0x34),                                     /* sysenter */
    CODE(0xcd, 0x81),                                     /* int $0x81: the IDT */
    CODE(0x31, 0xc0, 0x0f, 0x05, 0x48, 0x89, 0x07),       /* syscall, the null call: STAR, LSTAR, EFER.SCE */
    CODE(0xff, 0xe7),                                     /* jmp *%rdi: EFER.NXE */
    CODE(0x48, 0x89, 0x05, 0, 0, 0, 0),                   /* mov %rax, (%rip) */
    CODE(0x48, 0x8b, 0x04, 0x25, 0x00, 0x00, 0x10, 0x80), /* a word of the kernel's */
    CODE(0x48, 0xb8, 0, 0, 0, 0, 0, 0x80, 0, 0, 0x48, 0x8b, 0), /* a word that is not canonical: CR4.LA57 */
    CODE(0x9c, 0x81, 0x0c, 0x24, 0, 0, 4, 0, 0x9d, 0x8b, 0x47, 1), /* a misaligned word under AC: CR0.AM */
    CODE(0xd9, 0xd0),                                              /* fnop: CR0.EM, CR0.TS */
    CODE(0x0f, 0x28, 0xc0),                                        /* movaps: CR4.OSFXSR */
    CODE(0x0f, 0x01, 0xf8),                                        /* swapgs */
};
_Static_assert(sizeof(probes) / sizeof(probes[0]) == HOST_PROBES, "each has its place in struct host");

static void run_probe(struct probe *probe, uint32_t index, struct fault *fault, uint64_t data[2])
{
    probe->data[0] = probe->data[1] = 0;
    *fault = probe_run_at(probe, probes[index].code, probes[index].bytes, 0, 0, __LINE__);
    fault->rflags &= ~0x8d5ull;
    if (fault->vector != VECTOR_PF)
        fault->address = 0; /* CR2 says nothing then */
    data[0] = probe->data[0];
    data[1] = probe->data[1];
}

void host_open(struct host *host, struct probe *probe)
{
    *host = (struct host){
        .flags = flags_now(), .xcr0 = xcr0_now(), .selectors = selectors_now(), .tsc = lab_tsc()};
    for (uint32_t i = 0; i < HOST_PROBES; i++)
        run_probe(probe, i, &host->fault[i], host->data[i]);
}

const char *host_signature_changed(const struct host *host, struct probe *probe)
{
    for (uint32_t i = 0; i < HOST_PROBES; i++) {
        struct fault fault;
        uint64_t data[2];

        run_probe(probe, i, &fault, data);
        if (memcmp(&fault, &host->fault[i], sizeof fault) == 0 &&
            memcmp(data, host->data[i], sizeof data) == 0)
            continue;
        log_line(
            "vcpu_fields: probe %u: vector %llu code %llx data %llx, was vector %llu code %llx data %llx", i,
            (unsigned long long)fault.vector, (unsigned long long)fault.code, (unsigned long long)data[0],
            (unsigned long long)host->fault[i].vector, (unsigned long long)host->fault[i].code,
            (unsigned long long)host->data[i][0]);
        return "what a probe meets";
    }
    return NULL;
}

static void start(struct lab *lab, struct worker *worker, void (*code)(void), uint64_t fs, uint32_t fault,
                  uint32_t compartment, uint8_t flags)
{
    const struct worker_options options = {.priority = PRIORITY_HIGH,
                                           .budget_us = 200,
                                           .period_us = 2000,
                                           .fault = fault,
                                           .compartment = compartment,
                                           .flags = flags};
    void *page;

    (void)lab_page(lab, &page);
    worker->thread = worker_thread_for(lab, (uint64_t)code, (uint64_t)page + 4096, (uint64_t)worker, options,
                                       &worker->sched);
    EXPECT(thread_write(worker->thread, REGISTER_GROUP_CONTROL, (uint64_t)code, (uint64_t)page + 4096, 0, fs,
                        0, 0, 0, 0),
           OK);
    EXPECT(thread_resume(worker->thread), OK);
}

void watchers_start(struct lab *lab, struct watchers *watchers)
{
    void *page;

    (void)lab_page(lab, &page);
    *(uint64_t *)page = 0x53544159;
    watchers->fault = lab_make(lab, OBJECT_TYPE_ENDPOINT, 0, 1024);
    watchers->extended.argument[1] = 0x4b454550;
    watchers->extended.argument[2] = xcr0_now() & 4;
    start(lab, &watchers->extended, code_extended, 0, watchers->fault, 71, THREAD_FPU);
    watchers->fs.argument[0] = UINT64_MAX;
    watchers->fs.argument[1] = 0x53544159;
    start(lab, &watchers->fs, code_fs, (uint64_t)page, watchers->fault, 72, 0);
}

static void check_one(const struct worker *worker)
{
    uint64_t r[8];

    EXPECT(thread_suspend(worker->thread), OK);
    EXPECT(thread_read(worker->thread, REGISTER_GROUP_LOW, &r[0], &r[1], &r[2], &r[3], &r[4], &r[5], &r[6],
                       &r[7]),
           OK);
    CHECK(r[1] > 100); /* it has looked */
}

void watchers_check(struct lab *lab, struct watchers *watchers)
{
    struct message message;

    EXPECT(endpoint_wait(watchers->fault, after_us(lab, 5000), &message),
           ERR_TIMEOUT); /* neither has stopped */
    check_one(&watchers->extended);
    check_one(&watchers->fs);
}
