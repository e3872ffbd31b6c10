/* Memory size, and mappings beyond the first 4 GiB. [Multiboot1] 3.3. */
#include "guest.h"

enum { TABLES = 32, ENTRIES = 512, MULTIBOOT_HAS_MEMORY = 1 };

static const uint64_t ADDRESS_MASK = 0x000ffffffffff000;

struct multiboot_info {
    uint32_t flags;
    uint32_t lower_kib;
    uint32_t upper_kib; /* from 1 MiB to the first hole */
};

extern uint64_t multiboot_info;
extern uint64_t page_map_level_4[ENTRIES];

static uint64_t tables[TABLES][ENTRIES] __attribute__((aligned(4096)));
static unsigned tables_used;

uint64_t memory_end(void)
{
    const struct multiboot_info *const info = (const struct multiboot_info *)multiboot_info;
    expect((info->flags & MULTIBOOT_HAS_MEMORY) != 0, "multiboot tells the memory's size");
    return 0x100000 + (uint64_t)info->upper_kib * 1024;
}

static uint64_t *table_below(uint64_t *entry)
{
    if ((*entry & PAGE_PRESENT) == 0) {
        expect(tables_used < TABLES, "the library has page tables left");
        *entry = (uint64_t)tables[tables_used++] | PAGE_PRESENT | PAGE_WRITE | PAGE_USER;
    }
    return (uint64_t *)(*entry & ADDRESS_MASK);
}

void page_map(uint64_t virtual_address, uint64_t physical_address, uint64_t flags)
{
    uint64_t *const pointers = table_below(&page_map_level_4[virtual_address >> 39 & 511]);
    uint64_t *const directory = table_below(&pointers[virtual_address >> 30 & 511]);
    directory[virtual_address >> 21 & 511] = physical_address | flags | PAGE_LARGE;
    __asm__ volatile("invlpg (%0)" : : "r"(virtual_address) : "memory");
}
