/* What a VMM may write: one row for each field of struct vcpu_state, and what the manuals let it become. The rows are written from the
 * manuals, not from the kernel's tables, and hold for both vendors. */
#ifndef FIELDS_H
#define FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bulkhead/abi.h>

/* What vcpu_read shows of a value. */
enum rule {
    RULE_NONE,    /* no group shows it */
    RULE_EXACT,   /* its bits of `mask`, and `ones` */
    RULE_ADDRESS, /* made canonical */
    RULE_POINTER, /* of PAE paging: Intel's processors take it from the page, without the bits that are reserved */
    RULE_CR0,
    RULE_CR4,
    RULE_EFER,
    RULE_XCR0,
    RULE_PAT,
    RULE_ACCESS,
    RULE_TASK, /* access of TR */
};
/* Which values are tried. */
enum walk {
    WALK_EDGES,   /* edges and patterns */
    WALK_WORD,    /* these and each bit */
    WALK_TOGGLE,  /* these and the legal value with each bit turned over */
    WALK_CONTROL, /* these and each pair of bits of `mask`; in every mode */
    WALK_ACCESS,  /* each type, DPL and presence; in every mode */
    WALK_EVENT,   /* by a walk of its own */
};
/* Flags */
enum {
    FIELD_INERT = 1,   /* whatever it is, the guest in 64-bit mode comes to its last instruction */
    FIELD_CHECKED = 2, /* or the processor refuses the entry: [SDM-2023-09] Vol 3C 27.3.1.2 */
    FIELD_NULL = 4,    /* a segment that may be absent: zero is legal */
};

struct field {
    const char *name;
    uint16_t offset;
    uint8_t bytes, rule, walk, flags;
    uint64_t mask, ones;
    uint64_t moves; /* of an inert field: bits that may nevertheless lead the guest elsewhere */
};
extern const struct field fields[];
extern const size_t field_count;

uint64_t field_read(const struct vcpu_state *state, const struct field *field);
void field_write(volatile struct vcpu_state *state, const struct field *field, uint64_t value);

/* The @index-th hostile value of @field, whose legal value is @legal; false beyond the last. */
bool hostile_value(const struct field *field, uint64_t legal, uint32_t index, uint64_t *value);
/* NULL, or what is wrong with @got, read back after @written. */
const char *field_refuses(const struct field *field, const struct vcpu_state *written,
                          const struct vcpu_state *got);

#endif
