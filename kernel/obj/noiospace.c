/* Without an IOMMU an iospace is memory that nothing reads. */
#include "obj/space.h"

void iospace_init(struct space *space, uint32_t tables) { (void)space, (void)tables; }
void iospace_retire(struct cpu *cpu, struct space *space) { (void)cpu, (void)space; }
void iospace_unmapped(struct space *space, const uint64_t *entry) { (void)space, (void)entry; }
void iospace_faults(struct cpu *cpu) { (void)cpu; }
