/* The first domain: builder, with everything that the kernel does not keep for itself. docs/architecture.md 3. */
#include "base/panic.h"
#include "base/sha256.h"
#include "entry/entry.h"
#include "hw/apic.h"
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

/* SHA-256 of builder and of the CBOR; the tool fills the section in. Weak: the compiler must not take the zeros for granted. */
__attribute__((section(".trust"), weak)) const uint8_t trust[2][DIGEST_BYTES] = {0};

/* Memory that nobody gets: from the end of the last region that has enough, zeroed. */
static void *take(struct boot_info *boot, uint64_t bytes)
{
    for (uint32_t i = boot->untyped_count; i-- > 0;) {
        struct boot_region *region = &boot->region[i];
        if (region->bytes < bytes) continue;
        region->bytes -= bytes;
        void *taken = phys_to_ptr((hpa_t){region->base + region->bytes});
        zero_words(taken, bytes);
        return taken;
    }
    panic("not enough memory for the first domain");
}

static void check_trust(const struct boot_info *boot)
{
    static const char *const reason[] = {"builder is not the one that this kernel was made for",
        "the system description is not the one that this kernel was made for"};
    uint8_t digest[DIGEST_BYTES];

    if (boot->module_count < 2) panic("boot modules missing: builder and the system description");
    for (uint32_t i = 0; i < 2; i++) {
        sha256(phys_to_ptr((hpa_t){boot->module[i].base}), boot->module[i].bytes, digest);
        if (memcmp(digest, trust[i], DIGEST_BYTES) != 0) panic(reason[i]);
    }
}

static void map_pages(struct space *space, uint64_t address, uint64_t pa, uint64_t bytes, uint8_t access)
{
    for (uint64_t offset = 0; offset < bytes; offset += PAGE_BYTES) {
        struct slot page = {.cap = {.type = OBJECT_TYPE_FRAME, .object = pa + offset, .extra = PAGE_BYTES}};
        struct space_entry place;

        if (space_map_check(space, &page, address + offset, access, &place) != OK) panic("builder's image is too large");
        space_map(space, &page, address + offset, access, place);
    }
}

/* Text and data are mapped in place; returns the entry point. */
static uint64_t map_image(struct space *space, struct boot_info *boot)
{
    const struct boot_module *module = &boot->module[MODULE_BUILDER];
    struct image_header header;
    memcpy(&header, phys_to_ptr((hpa_t){module->base}), sizeof header); /* a module is whole pages of memory */
    const uint64_t end = header.text_bytes + header.data_bytes;
    if (header.magic != IMAGE_MAGIC || (header.text_bytes | header.data_bytes | header.bss_bytes) % PAGE_BYTES ||
        header.text_bytes > module->bytes || header.data_bytes > module->bytes || end > page_up(module->bytes) ||
        header.bss_bytes > INFO_BASE / 2)
        panic("builder's image is truncated or has no valid header");
    const uint64_t bss = ptr_to_phys(take(boot, header.bss_bytes)).value;
    map_pages(space, IMAGE_BASE, module->base, header.text_bytes, MAP_READ | MAP_EXEC);
    map_pages(space, IMAGE_BASE + header.text_bytes, module->base + header.text_bytes, header.data_bytes, MAP_READ | MAP_WRITE);
    map_pages(space, IMAGE_BASE + end, bss, header.bss_bytes, MAP_READ | MAP_WRITE);
    return header.entry;
}

static void install(struct captab *table, uint32_t index, enum object_type type, uint8_t flags, uint64_t object, uint64_t extra)
{
    const struct capability cap = {
        .type = (uint8_t)type, .rights = UINT8_MAX, .flags = CAP_ORIGINAL | flags, .object = object, .extra = extra};
    cap_install(captab_slot(table, index), NULL, &cap);
}

/* What is left of memory, and the modules, as untypeds. */
static void give_memory(struct captab *table, struct boot_info *boot)
{
    boot->untyped_first = SLOT_UNTYPED;
    boot->module_first = SLOT_UNTYPED + BOOT_REGIONS;
    for (uint32_t i = 0; i < boot->untyped_count; i++) {
        struct boot_region *region = &boot->region[i];
        if (region->bytes == 0) continue;
        region->slot = boot->untyped_first + i;
        install(table, region->slot, OBJECT_TYPE_UNTYPED, 0, region->base, region->bytes);
    }
    for (uint32_t i = 0; i < boot->module_count; i++) {
        struct boot_module *module = &boot->module[i];
        module->slot = boot->module_first + i;
        install(table, module->slot, OBJECT_TYPE_UNTYPED, CAP_KEEP, module->base, page_up(module->bytes));
    }
}

static void start(struct cpu *cpu, struct captab *table, struct thread *thread, struct sched *sched, uint64_t entry)
{
    struct slot *const parts[THREAD_PLACES] = {[PLACE_SPACE] = captab_slot(table, SLOT_SPACE),
        [PLACE_CAPTAB] = captab_slot(table, SLOT_CAPTAB),
        [PLACE_SCHED] = captab_slot(table, SLOT_SCHED)};
    sched->timer.kind = TIMER_SCHED;
    sched->budget = sched->period = sched->remaining = clock_tsc_khz() * ROOT_PERIOD_MS;
    sched->start = rdtsc();
    sched->priority = ROOT_PRIORITY;
    sched->configured = true;
    cpu->scheds++;
    thread_configure(cpu, thread, parts, true, 0);
    thread->regs.rip = entry;
    thread->regs.rdi = INFO_BASE;
    thread_ready(cpu, thread);
}

void root_create(struct cpu *cpu, struct boot_info *boot)
{
    check_trust(boot);
    struct captab *const table = take(boot, ROOT_SLOTS * sizeof(struct slot));
    struct space *const space = take(boot, (ROOT_TABLES + 2) * PAGE_BYTES);
    struct thread *const thread = take(boot, PAGE_BYTES);
    struct sched *const sched = take(boot, PAGE_BYTES);
    struct boot_info *const page = take(boot, PAGE_BYTES);
    captab_init(table, ROOT_SLOTS, 0);
    space_init(space, ROOT_TABLES, 0);
    thread_init(thread);
    install(table, SLOT_CAPTAB, OBJECT_TYPE_CAPTAB, 0, (uint64_t)table, 0);
    install(table, SLOT_SPACE, OBJECT_TYPE_SPACE, 0, (uint64_t)space, 0);
    install(table, SLOT_THREAD, OBJECT_TYPE_THREAD, 0, (uint64_t)thread, 0);
    install(table, SLOT_SCHED, OBJECT_TYPE_SCHED, 0, (uint64_t)sched, 0);
    install(table, SLOT_CONTROL, OBJECT_TYPE_CONTROL, 0, 0, 0);
    const uint64_t entry = map_image(space, boot);
    map_pages(space, INFO_BASE, ptr_to_phys(page).value, PAGE_BYTES, MAP_READ);
    give_memory(table, boot);
    boot->magic = INFO_MAGIC;
    boot->tsc_khz = clock_tsc_khz();
    boot->captab_slots = ROOT_SLOTS;
    boot->vendor = hvm_nested_format() + 1;
    boot->console_port = CONSOLE_PORT;
    memcpy(page, boot, sizeof *page);
    start(cpu, table, thread, sched, entry);
}
