/* Page tables of AMD-Vi: [AMD-IOMMU-3.08] 2.2.3. What an entry is says its next level: 0 for a leaf of its own level's size. The walker's mark
 * of a large leaf is a bit that hardware ignores. */
#include "obj/iospace.h"
#include "hw/memory.h"
#include "obj/walker.h"

#define READ (1ull << 61)
#define WRITE (1ull << 62)

const struct walk_format io_format = {
    .present = 1, .table = 1 | READ | WRITE, .leaf = 1 | 1ull << 60 | READ, .write = WRITE, .large = 1u << 1};

void io_tables_mark(struct iospace *io, uint64_t address, uint32_t leaf)
{
    uint64_t *table = io->space.root, *entry;

    for (uint32_t level = WALK_LEVELS - 1; level > leaf; level--) {
        if (walk_step(&io_format, table, address, level, &entry) != WALK_TABLE) return;
        *entry |= (uint64_t)level << 9;
        table = phys_to_ptr((hpa_t){walk_target(*entry)});
    }
}
