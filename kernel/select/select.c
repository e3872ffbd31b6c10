#include "select.h"

enum { TAG_END = 0, TAG_MODULE = 3, TAG_MEMORY_MAP = 6, TAG_RSDP_OLD = 14, TAG_RSDP_NEW = 15, TAG_STRUCK = 0x42480000 };
enum { MEMORY_RAM = 1, RSDP_OLD_BYTES = 20 };
enum { XSDT = 0x54445358, RSDT = 0x54445352, DMAR = 0x52414d44, IVRS = 0x53525649 }; /* four letters each */
enum { ELF_X86_64 = 62, SEGMENT_LOAD = 1, SEGMENT_EXECUTABLE = 1 };
#define ELF_64 0x00010102464c457full /* magic number, 64-bit, little-endian, version 1, [ELF64] 3 */

const char *const cpu_name[CPU_KINDS] = {"none", "svm", "vmx"}, *const iommu_name[IOMMU_KINDS] = {"none", "vtd", "amdvi"};

/* [MB2] 3.6, 3.6.6, 3.6.8: any tag; a module, or the memory map with the stride of its entries. */
struct tag {
    uint32_t type, bytes;
};
struct module_tag {
    uint32_t type, bytes, start, end;
};
struct map_tag {
    uint32_t type, bytes, stride, version;
};
struct map_entry {
    uint64_t base, bytes;
    uint32_t type;
} __attribute__((packed));

/* [ACPI-6.5] 5.2.5.3 and 5.2.6 */
struct rsdp {
    uint8_t signature_and_more[15], revision;
    uint32_t rsdt, length;
    uint64_t xsdt;
    uint32_t checksum_and_more;
} __attribute__((packed));
struct table {
    uint32_t signature, bytes, more[7];
} __attribute__((packed));

/* [ELF64] 3 and 6 */
struct elf {
    uint64_t ident[2];
    uint16_t type, machine, version[2];
    uint64_t entry, segments_at, sections_at;
    uint16_t flags[2], bytes, segment_bytes, segments, sections[3];
} __attribute__((packed));
struct segment {
    uint32_t type, flags;
    uint64_t offset, virtual, physical, file_bytes, bytes, alignment;
} __attribute__((packed));
_Static_assert(
    sizeof(struct rsdp) == 36 && sizeof(struct table) == 36 && sizeof(struct elf) == 64 && sizeof(struct segment) == 56, "");

/* Where [at, at + bytes) is, or NULL if it is not all memory. */
static void *memory_at(const struct memory *memory, uint64_t at, uint64_t bytes)
{
    return at > memory->bytes || bytes > memory->bytes - at ? NULL : memory->base + (uintptr_t)at;
}

static void copy_up(uint8_t *to, const uint8_t *from, uint64_t bytes)
{
    while (bytes-- > 0) *to++ = *from++;
}

static void wipe(uint8_t *at, uint64_t bytes)
{
    while (bytes-- > 0) *at++ = 0;
}

static bool sum_good(const void *table, uint32_t bytes)
{
    uint8_t sum = 0;
    for (const uint8_t *at = table; bytes-- > 0; at++) sum = (uint8_t)(sum + *at);
    return sum == 0;
}

static bool overlaps(uint64_t start, uint64_t end, uint64_t other, uint64_t other_end) { return start < other_end && other < end; }

/* If what is left at @text starts with @word, step over it. */
static bool take(const char **text, const char *end, const char *word)
{
    const char *at = *text;
    for (; *word; word++)
        if (at == end || *at++ != *word) return false;
    *text = at;
    return true;
}

/* Step over @key and the name of a kind; @kinds if they are not there. */
static uint32_t take_kind(const char **text, const char *end, const char *key, const char *const name[], uint32_t kinds)
{
    uint32_t kind = take(text, end, key) ? 0 : kinds;
    while (kind < kinds && !take(text, end, name[kind])) kind++;
    return kind;
}

/* A module: one of the chosen kernel's own, or an image, whose words are "kernel cpu=… iommu=…". */
static const char *module_read(struct selection *s, const struct memory *memory, struct module_tag *tag)
{
    const uint64_t start = tag->start, last = tag->end;
    if (start >= last || !memory_at(memory, start, last - start)) return "a module is outside memory";
    if (overlaps(start, last, LOW_END, SELECTOR_END) || overlaps(start, last, s->info, s->info_end))
        return "a module lies where the kernel goes or in the multiboot information";
    if (last <= LOW_END) {
        copy_up(memory->base + start + LOW_TO, memory->base + start, last - start);
        wipe(memory->base + start, last - start);
        tag->start += LOW_TO;
        tag->end += LOW_TO;
    }
    const char *text = (const char *)(tag + 1), *const end = (const char *)tag + tag->bytes;
    if (!take(&text, end, "kernel ")) return NULL;
    const uint32_t cpu = take_kind(&text, end, "cpu=", cpu_name, CPU_KINDS);
    const uint32_t iommu = take_kind(&text, end, " iommu=", iommu_name, IOMMU_KINDS);
    if (cpu == CPU_NONE || cpu == CPU_KINDS || iommu == IOMMU_KINDS || text == end || *text)
        return "a kernel does not say what it is for";
    if (s->count == IMAGES) return "more kernels than the selector can count";
    s->image[s->count++] = (struct image){tag, cpu, iommu};
    return NULL;
}

/* What the kernel and the selector cover must be in one piece of memory, and in no other piece; @found says that it is. */
static const char *map_read(const struct map_tag *tag, bool *found)
{
    if (tag->stride < sizeof(struct map_entry)) return "memory map entry is cut off";
    for (uint64_t at = sizeof *tag; at + sizeof(struct map_entry) <= tag->bytes; at += tag->stride) {
        const struct map_entry *entry = (const void *)((const uint8_t *)tag + at);
        const uint64_t end = entry->bytes < UINT64_MAX - entry->base ? entry->base + entry->bytes : UINT64_MAX;
        if (entry->type == MEMORY_RAM) *found |= entry->base <= LANDING_START && end >= SELECTOR_END;
        else if (overlaps(entry->base, end, LANDING_START, SELECTOR_END)) return "the kernel's place is not all memory";
    }
    return NULL;
}

/* An IOMMU shows by the presence of its table: [ACPI-6.5] 5.2.6. A table above 4 GiB is not seen. */
static const char *iommu_read(uint32_t *iommu, const struct memory *memory, const struct rsdp *rsdp, uint64_t bytes)
{
    if (bytes < RSDP_OLD_BYTES || !sum_good(rsdp, RSDP_OLD_BYTES)) return "ACPI: RSDP is malformed";
    const bool wide = rsdp->revision >= 2 && bytes >= sizeof *rsdp && rsdp->xsdt;
    const uint64_t root_at = wide ? rsdp->xsdt : rsdp->rsdt;
    const struct table *root = memory_at(memory, root_at, sizeof *root);
    if (!root || root->signature != (wide ? XSDT : RSDT) || root->bytes < sizeof *root ||
        !memory_at(memory, root_at, root->bytes) || !sum_good(root, root->bytes))
        return "ACPI: root table is malformed";
    for (uint64_t at = sizeof *root, width = wide ? 8 : 4; at + width <= root->bytes; at += width) {
        uint64_t table_at = 0;
        copy_up((uint8_t *)&table_at, (const uint8_t *)root + at, width);
        const struct table *table = memory_at(memory, table_at, sizeof *table);
        if (table && table->signature == DMAR) *iommu = IOMMU_VTD;
        if (table && table->signature == IVRS) *iommu = IOMMU_AMDVI;
    }
    return NULL;
}

const char *select_read(struct selection *s, const struct memory *memory, uint32_t magic, uint32_t info)
{
    const struct tag *rsdp = NULL, *tag = memory_at(memory, info, sizeof *tag); /* first for the whole: bytes, reserved */
    const char *reason = NULL;
    bool found = false;
    *s = (struct selection){0};
    if (magic != LOADER_MAGIC) return "not started by a multiboot2 loader";
    if (info % 8 != 0 || !tag || !memory_at(memory, info, tag->type)) return "multiboot information is outside memory";
    s->info = info;
    s->info_end = info + (uint64_t)tag->type;
    if (overlaps(info, s->info_end, LANDING_START, SELECTOR_END)) return "multiboot information lies where the kernel goes";
    const struct memory tags = {memory->base, s->info_end};
    for (uint64_t at = info + 8; !reason; at += (tag->bytes + 7ull) / 8 * 8) {
        tag = memory_at(&tags, at, sizeof *tag);
        if (!tag || tag->bytes < sizeof *tag || !memory_at(&tags, at, tag->bytes)) return "multiboot tag is cut off";
        if (tag->type == TAG_END) break;
        if (tag->type == TAG_RSDP_OLD || tag->type == TAG_RSDP_NEW) rsdp = tag;
        if (tag->type != TAG_MODULE && tag->type != TAG_MEMORY_MAP) continue;
        if (tag->bytes < sizeof(struct module_tag)) return "multiboot tag is too short";
        void *const long_tag = memory->base + (uintptr_t)at;
        reason = tag->type == TAG_MODULE ? module_read(s, memory, long_tag) : map_read(long_tag, &found);
    }
    if (!reason && !found) reason = "the kernel's place is not all memory";
    if (!reason && !rsdp) reason = "the loader gave no ACPI tables";
    return reason ? reason : iommu_read(&s->iommu, memory, (const void *)(rsdp + 1), rsdp->bytes - sizeof *rsdp);
}

const struct image *select_choose(const struct selection *s, uint32_t cpu)
{
    const struct image *chosen = NULL;
    for (const struct image *image = s->image; image < s->image + s->count; image++)
        if (image->cpu == cpu && (image->iommu == s->iommu || (image->iommu == IOMMU_NONE && !chosen))) chosen = image;
    return chosen;
}

const char *select_check(struct selection *s, const struct memory *memory, const struct image *image)
{
    const struct memory file = {memory->base + image->tag->start, image->tag->end - image->tag->start};
    const struct elf *elf = memory_at(&file, 0, sizeof *elf);
    if (!elf || elf->ident[0] != ELF_64 || elf->machine != ELF_X86_64 || elf->segment_bytes != sizeof(struct segment))
        return "the kernel is not an ELF64 file";
    const struct segment *segment = memory_at(&file, elf->segments_at, elf->segments * sizeof *segment);
    if (!segment) return "the kernel's file is cut off";
    uint64_t free = LANDING_START;
    for (const struct segment *end = segment + elf->segments; segment < end; segment++) {
        if (segment->type != SEGMENT_LOAD) continue;
        if (segment->file_bytes > segment->bytes || !memory_at(&file, segment->offset, segment->file_bytes))
            return "the kernel's file is cut off";
        if (segment->physical < free || segment->physical > LANDING_END || segment->bytes > LANDING_END - segment->physical)
            return "a part of the kernel is outside its place";
        free = segment->physical + segment->bytes;
        const uint64_t offset = elf->entry - segment->virtual;
        if ((segment->flags & SEGMENT_EXECUTABLE) && offset < segment->file_bytes)
            s->entry = (uint32_t)(segment->physical + offset);
    }
    return s->entry ? NULL : "the kernel has no entry point";
}

void select_commit(const struct selection *s, const struct memory *memory, const struct image *image)
{
    const uint8_t *file = memory->base + image->tag->start;
    const struct elf *elf = (const void *)file;
    const struct segment *segment = (const void *)(file + elf->segments_at);
    wipe(memory->base + LANDING_START, LANDING_END - LANDING_START); /* what the file does not fill is zero */
    for (const struct segment *end = segment + elf->segments; segment < end; segment++)
        if (segment->type == SEGMENT_LOAD) copy_up(memory->base + segment->physical, file + segment->offset, segment->file_bytes);
    for (const struct image *one = s->image; one < s->image + s->count; one++) {
        wipe(memory->base + one->tag->start, one->tag->end - one->tag->start);
        one->tag->type = TAG_STRUCK;
    }
}
