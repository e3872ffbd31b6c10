/* Second-stage tables of VT-d: [VT-d-4.1] 9.8. */
#include "obj/iospace.h"
#include "obj/walker.h"

const struct walk_format io_format = {.present = 3, .table = 3, .leaf = 1, .write = 2, .large = 1u << 7};
void io_tables_mark(struct iospace *io, uint64_t address, uint32_t leaf) { (void)io, (void)address, (void)leaf; }
