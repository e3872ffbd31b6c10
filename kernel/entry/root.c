/* The first domain: builder, with everything that the kernel does not keep for itself. docs/architecture.md 3. */
#include "base/panic.h"
#include "base/sha256.h"
#include "base/string.h"
#include "entry/entry.h"
#include "hw/apic.h"
#include "hw/hvm.h"
#include "hw/memory.h"
#include "hw/serial.h"
#include "hw/x86.h"
#include "obj/thread.h"
#include "obj/untyped.h"

#define IMAGE_BASE 0x400000u
#define INFO_BASE 0x10000000u
#define IMAGE_MAGIC 0x31444c4955424842ull /* "BHBUILD1" */
#define INFO_MAGIC 0x3130544f4f424842ull  /* "BHBOOT01" */

enum { ROOT_SLOTS = 4096, ROOT_TABLES = 256, ROOT_PRIORITY = 40, ROOT_PERIOD_MS = 10 };
enum { SLOT_CAPTAB = 1, SLOT_SPACE, SLOT_THREAD, SLOT_SCHED, SLOT_CONTROL, SLOT_UNTYPED = 16 };
enum { MODULE_BUILDER, MODULE_CBOR, DIGEST_BYTES = 32 };

struct image_header {
    uint64_t magic, text_bytes, data_bytes, bss_bytes, entry, reserved[3];
};

/* SHA-256 of builder and of the CBOR; the tool fills the section in. */
__attribute__((section(".trust"), used)) const volatile uint8_t trust[2 * DIGEST_BYTES] = {0};

struct root {
    struct boot boot;
    struct captab *captab;
    struct space *space;
    struct thread *thread;
    struct sched *sched;
};
static struct root root;

/* Memory that nobody gets: from the end of the last range that has enough, zeroed. */
static hpa_t take(struct boot *boot, uint64_t bytes)
{
    for (uint32_t i = boot->free_count; i-- > 0;) {
        struct boot_range *range = &boot->free[i];

        if (range->bytes < bytes) continue;
        range->bytes -= bytes;
        zero_words(phys_to_ptr((hpa_t){range->base + range->bytes}), bytes);
        return (hpa_t){range->base + range->bytes};
    }
    panic("not enough memory for the first domain");
}

static void check_trust(const struct boot *boot)
{
    static const char *const reason[] = {"builder is not the one that this kernel was made for",
        "the system description is not the one that this kernel was made for"};
    uint8_t digest[DIGEST_BYTES];

    if (boot->module_count < 2) panic("boot modules missing: builder and the system description");
    for (uint32_t i = 0; i < 2; i++) {
        uint8_t difference = 0;

        sha256(phys_to_ptr((hpa_t){boot->module[i].base}), boot->module[i].bytes, digest);
        for (uint32_t b = 0; b < DIGEST_BYTES; b++) difference |= digest[b] ^ trust[i * DIGEST_BYTES + b];
        if (difference) panic(reason[i]);
    }
}

static void map_pages(uint64_t address, uint64_t pa, uint64_t bytes, uint8_t access)
{
    for (uint64_t offset = 0; offset < bytes; offset += PAGE_BYTES) {
        struct slot page = {.cap = {.type = OBJECT_TYPE_FRAME, .object = pa + offset, .extra = PAGE_BYTES}};

        if (space_map_check(root.space, &page, address + offset, access) != OK) panic("builder's image is too large");
        space_map(root.space, &page, address + offset, access);
    }
}

/* Text and data are mapped in place; returns the entry point. */
static uint64_t map_image(struct boot *boot)
{
    const struct boot_image *module = &boot->module[MODULE_BUILDER];
    struct image_header header;
    uint64_t end;

    if (module->bytes < sizeof header) panic("builder's image is truncated");
    memcpy(&header, phys_to_ptr((hpa_t){module->base}), sizeof header);
    if (header.magic != IMAGE_MAGIC || header.text_bytes % PAGE_BYTES || header.data_bytes % PAGE_BYTES ||
        header.bss_bytes % PAGE_BYTES)
        panic("builder's image has no valid header");
    if (header.text_bytes > module->bytes || header.data_bytes > module->bytes || header.bss_bytes > INFO_BASE / 2 ||
        header.text_bytes + header.data_bytes > (module->bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES)
        panic("builder's image is truncated");
    end = header.text_bytes + header.data_bytes;
    map_pages(IMAGE_BASE, module->base, header.text_bytes, MAP_READ | MAP_EXEC);
    map_pages(IMAGE_BASE + header.text_bytes, module->base + header.text_bytes, header.data_bytes, MAP_READ | MAP_WRITE);
    if (header.bss_bytes) map_pages(IMAGE_BASE + end, take(boot, header.bss_bytes).value, header.bss_bytes, MAP_READ | MAP_WRITE);
    return header.entry;
}

static void install(uint32_t index, struct capability cap)
{
    cap.rights = UINT8_MAX;
    cap.flags |= CAP_ORIGINAL;
    cap_install(captab_slot(root.captab, index), NULL, &cap);
}

static void make_objects(struct boot *boot)
{
    root.captab = phys_to_ptr(take(boot, ROOT_SLOTS * sizeof(struct slot)));
    root.space = phys_to_ptr(take(boot, (ROOT_TABLES + 2) * PAGE_BYTES));
    root.thread = phys_to_ptr(take(boot, PAGE_BYTES));
    root.sched = phys_to_ptr(take(boot, PAGE_BYTES));
    captab_init(root.captab, ROOT_SLOTS, 0);
    space_init(root.space, ROOT_TABLES, 0);
    thread_init(root.thread);
    root.sched->timer.kind = TIMER_SCHED;
    install(SLOT_CAPTAB, (struct capability){.type = OBJECT_TYPE_CAPTAB, .object = (uint64_t)root.captab});
    install(SLOT_SPACE, (struct capability){.type = OBJECT_TYPE_SPACE, .object = (uint64_t)root.space});
    install(SLOT_THREAD, (struct capability){.type = OBJECT_TYPE_THREAD, .object = (uint64_t)root.thread});
    install(SLOT_SCHED, (struct capability){.type = OBJECT_TYPE_SCHED, .object = (uint64_t)root.sched});
    install(SLOT_CONTROL, (struct capability){.type = OBJECT_TYPE_CONTROL});
}

static void give_modules(const struct boot *boot, struct boot_info *info)
{
    info->module_count = boot->module_count;
    info->module_first = SLOT_UNTYPED + BOOT_REGIONS;
    for (uint32_t i = 0; i < boot->module_count; i++) {
        const struct boot_image *module = &boot->module[i];
        uint64_t pages = (module->bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;

        install(info->module_first + i,
            (struct capability){.type = OBJECT_TYPE_UNTYPED, .flags = CAP_KEEP, .object = module->base, .extra = pages});
        info->module[i] = (struct boot_module){.base = module->base, .bytes = module->bytes, .slot = info->module_first + i};
        memcpy(info->module[i].name, module->name, BOOT_NAME_BYTES);
    }
}

static void give_memory(const struct boot *boot, struct boot_info *info)
{
    info->untyped_count = boot->free_count;
    info->untyped_first = SLOT_UNTYPED;
    for (uint32_t i = 0; i < boot->free_count; i++) {
        const struct boot_range *range = &boot->free[i];

        if (range->bytes == 0) continue;
        install(SLOT_UNTYPED + i, (struct capability){.type = OBJECT_TYPE_UNTYPED, .object = range->base, .extra = range->bytes});
        info->region[i] = (struct boot_region){.base = range->base, .bytes = range->bytes, .slot = SLOT_UNTYPED + i};
    }
}

static void start(struct cpu *cpu, uint64_t entry)
{
    struct slot *const parts[THREAD_PLACES] = {
        [PLACE_SPACE] = captab_slot(root.captab, SLOT_SPACE),
        [PLACE_CAPTAB] = captab_slot(root.captab, SLOT_CAPTAB),
        [PLACE_SCHED] = captab_slot(root.captab, SLOT_SCHED),
    };
    uint64_t period = clock_tsc_khz() * ROOT_PERIOD_MS;

    *root.sched = (struct sched){.timer.kind = TIMER_SCHED,
        .budget = period,
        .period = period,
        .remaining = period,
        .start = rdtsc(),
        .priority = ROOT_PRIORITY,
        .configured = true};
    cpu->scheds++;
    thread_configure(cpu, root.thread, parts, true, 0);
    root.thread->regs.rip = entry;
    root.thread->regs.rdi = INFO_BASE;
    thread_ready(cpu, root.thread);
}

void root_create(struct cpu *cpu, const struct boot *boot)
{
    struct boot_info *info;
    uint64_t entry;

    root.boot = *boot;
    check_trust(&root.boot);
    make_objects(&root.boot);
    entry = map_image(&root.boot);
    info = phys_to_ptr(take(&root.boot, PAGE_BYTES));
    map_pages(INFO_BASE, ptr_to_phys(info).value, PAGE_BYTES, MAP_READ);
    give_memory(&root.boot, info);
    give_modules(&root.boot, info);
    info->magic = INFO_MAGIC;
    info->tsc_khz = clock_tsc_khz();
    info->captab_slots = ROOT_SLOTS;
    info->processors = 1;
    info->kernel_text_bytes = (uint64_t)(kernel_text_end - kernel_text_start);
    info->kernel_bytes = (uint64_t)kernel_end - KERNEL_VIRTUAL - 0x100000u;
    info->rsdp = boot->rsdp;
    info->vendor = hvm_nested_format() + 1;
    info->console_port = CONSOLE_PORT;
    start(cpu, entry);
}
