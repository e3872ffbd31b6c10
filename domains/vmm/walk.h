/* From a guest's linear address to its physical one, through the guest's own page tables. */
#ifndef VMM_WALK_H
#define VMM_WALK_H

#include "memory.h"

/* What decides a walk, copied from the vCPU page once. */
struct paging {
    uint64_t cr0, cr3, cr4, efer;
};

enum walk_access {
    WALK_READ = 0,
    WALK_WRITE = 2,
    WALK_USER = 4,
    WALK_FETCH = 16
}; /* as in a #PF error code */

/* False: the access is a page fault with *code. Sets accessed (and for writes dirty) bits as the processor does. */
bool walk(struct memory *memory, const struct paging *paging, uint64_t linear, unsigned access,
          gpa_t *address, uint32_t *code);

/* Copies over page borders. On a fault *linear_fault and *code say where and why; *code is WALK_NOT_RAM where
 * there is no fault but nothing to read either. */
#define WALK_NOT_RAM UINT32_MAX
bool walk_read(struct memory *memory, const struct paging *paging, uint64_t linear, unsigned access,
               void *out, uint64_t len, uint64_t *linear_fault, uint32_t *code);
bool walk_write(struct memory *memory, const struct paging *paging, uint64_t linear, unsigned access,
                const void *data, uint64_t len, uint64_t *linear_fault, uint32_t *code);

#endif
