#include "hw/paging.h"
#include "base/panic.h"
#include "hw/memory.h"
#include "hw/x86.h"

enum { ENTRIES = 512, DIRECT_SLOT = 256, KERNEL_SLOT = 511, KERNEL_PDPT_SLOT = 510, IMAGE_TABLES = 2 };

/* Bits of a table entry: [SDM-2023-09] Vol 3A 4.5.4, tables 4-15 to 4-20 */
enum { ENTRY_PRESENT = 1 << 0, ENTRY_WRITE = 1 << 1, ENTRY_ACCESSED = 1 << 5, ENTRY_DIRTY = 1 << 6, ENTRY_LARGE = 1 << 7 };
enum { ENTRY_GLOBAL = 1 << 8, ENTRY_UNCACHED = 3 << 3 }; /* PWT and PCD: PAT entry 3 is UC after reset */
#define ENTRY_NX (1ull << 63)

/* Written at boot only. */
static struct {
    uint64_t root[ENTRIES], direct[ENTRIES], kernel_pdpt[ENTRIES], kernel_pd[ENTRIES];
    uint64_t image[IMAGE_TABLES][ENTRIES], mmio[ENTRIES];
    uint32_t mmio_used;
} tables __attribute__((aligned(PAGE_BYTES)));

static uint64_t entry_table(const uint64_t *table) { return image_to_phys(table).value | ENTRY_PRESENT | ENTRY_WRITE; }

static uint64_t entry_leaf(uint64_t pa, uint64_t bits)
{
    return pa | ENTRY_PRESENT | ENTRY_ACCESSED | ENTRY_DIRTY | ENTRY_GLOBAL | bits;
}

static void image_map(const uint8_t *start, const uint8_t *end, uint64_t bits)
{
    const uint64_t first = image_to_phys(start).value / PAGE_BYTES, last = image_to_phys(end).value / PAGE_BYTES;
    ASSERT(last <= IMAGE_TABLES * ENTRIES);
    for (uint64_t page = first; page < last; page++)
        tables.image[page / ENTRIES][page % ENTRIES] = entry_leaf(page * PAGE_BYTES, bits);
}

void paging_init(uint64_t memory_end)
{
    ASSERT(memory_end <= DIRECT_MAP_BYTES);
    for (uint64_t i = 0; i < ENTRIES; i++)
        if (i < 4 || i << 30 < memory_end) tables.direct[i] = entry_leaf(i << 30, ENTRY_LARGE | ENTRY_WRITE | ENTRY_NX);
    image_map(kernel_text_start, kernel_text_end, 0);
    image_map(kernel_rodata_start, kernel_rodata_end, ENTRY_NX);
    image_map(kernel_data_start, kernel_end, ENTRY_NX | ENTRY_WRITE);
    for (uint32_t i = 0; i < IMAGE_TABLES; i++) tables.kernel_pd[i] = entry_table(tables.image[i]);
    tables.kernel_pd[ENTRIES - 1] = entry_table(tables.mmio);
    tables.kernel_pdpt[KERNEL_PDPT_SLOT] = entry_table(tables.kernel_pd);
    tables.root[DIRECT_SLOT] = entry_table(tables.direct);
    tables.root[KERNEL_SLOT] = entry_table(tables.kernel_pdpt);
}

void paging_init_cpu(void)
{
    const struct cpuid features = cpuid(7, 0); /* [SDM-2023-09] Vol 2A CPUID, leaf 7 */
    uint64_t cr4 = CR4_PAE | CR4_MCE | CR4_PGE;
    cr4 |= (features.ebx & 1u << 7) ? CR4_SMEP : 0;
    cr4 |= (features.ebx & 1u << 20) ? CR4_SMAP : 0;
    cr4 |= (features.ecx & 1u << 2) ? CR4_UMIP : 0;
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE | EFER_SCE);
    write_cr3(kernel_root().value);
    write_cr4(cr4);
    write_cr0((read_cr0() | CR0_WP | CR0_NE | CR0_MP) & ~(uint64_t)(CR0_EM | CR0_TS));
}

void *mmio_map(hpa_t pa, uint64_t bytes)
{
    const uint64_t offset = pa.value % PAGE_BYTES, first = tables.mmio_used;
    for (uint64_t at = pa.value - offset; at < pa.value + bytes; at += PAGE_BYTES) {
        ASSERT(tables.mmio_used < ENTRIES - 1);
        tables.mmio[tables.mmio_used++] = entry_leaf(at, ENTRY_WRITE | ENTRY_NX | ENTRY_UNCACHED);
    }
    return (void *)(MMIO_VIRTUAL + first * PAGE_BYTES + offset);
}

void kernel_root_entries(uint64_t *pml4)
{
    pml4[DIRECT_SLOT] = tables.root[DIRECT_SLOT];
    pml4[KERNEL_SLOT] = tables.root[KERNEL_SLOT];
}

hpa_t kernel_root(void) { return image_to_phys(tables.root); }
