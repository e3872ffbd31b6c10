/* The book of what devices are to reach where no IOMMU sees to it: the walker alone reads it. */
#include "obj/iospace.h"
#include "obj/walker.h"

const struct walk_format io_format = {.present = 1, .table = 3, .leaf = 1, .write = 2, .large = 1u << 7, .direct = 1};
void io_tables_mark(struct iospace *io, uint64_t address, uint32_t leaf) { (void)io, (void)address, (void)leaf; }
