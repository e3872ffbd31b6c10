/* How the guest's code is to be read at this exit: mode, paging, segments, copied once. */
#ifndef VMM_CONTEXT_H
#define VMM_CONTEXT_H

#include "decode.h"
#include "vm.h"
#include "walk.h"

enum segment_index { SEGMENT_ES, SEGMENT_CS, SEGMENT_SS, SEGMENT_DS, SEGMENT_FS, SEGMENT_GS };

struct context {
    enum code_mode mode;
    struct paging paging;
    uint64_t base[6];
    unsigned user; /* WALK_USER or 0 */
    uint8_t bytes[INSTRUCTION_MAX];
    size_t len; /* bytes that could be fetched */
};

/* False: the guest is over, or its instruction cannot be fetched and it has a fault to take. */
bool context_fetch(struct vm *vm, struct context *context);
/* Of the code segment and EFER that the page holds. */
enum code_mode context_code_mode(const struct vcpu_state *state);
/* Linear address of @offset in @segment. */
uint64_t context_linear(const struct context *context, unsigned segment, uint64_t offset);

#endif
