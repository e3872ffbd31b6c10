/* A table of capability slots: one flat table per domain. */
#pragma once

#include "obj/cap.h"

enum { CAPTAB_SLOTS_MIN = 64, CAPTAB_SLOTS_MAX = 65536, CAPTAB_SCAN = 32 };

/* The header takes the place of slot 0, which is never used. */
struct captab {
    uint32_t mask; /* slots - 1 */
    uint8_t flags; /* enum captab_flags */
    bool retired;
    uint32_t drain_index;
    struct captab *drain_next; /* tables whose slots are still to be emptied */
    uint64_t reserved[5];
    struct slot slot[]; /* slot[i] is number i + 1 */
};
_Static_assert(sizeof(struct captab) == sizeof(struct slot), "takes the place of slot 0");

/*@ predicate low_bits(integer mask) = (mask & (mask + 1)) == 0; // a power of two less one

    axiomatic masks {
        // Listed in tests/proof/trusted.txt, proved there in 64-bit vectors: tests/proof/mask_keeps.smt2.
        axiom mask_keeps: \forall integer mask, index;
            0 <= index <= mask <= UINT32_MAX && low_bits(mask) ==> (index & mask) == index;
    }

    // The slots are there; with the header they are as many as a power of two.
    predicate table{L}(struct captab *table) =
        \valid_read(&table->mask) && low_bits(table->mask) &&
        \valid(table->slot + (0 .. table->mask - 1));

    predicate in_table{L}(struct captab *table, integer index) = 1 <= index <= table->mask;
 */

/* The slot numbered @index, or NULL; the index is masked against speculation. */
/*@ requires table(table);
    assigns \nothing;
    ensures in_table(table, index) ==> \result == &table->slot[index - 1];
    ensures !in_table(table, index) ==> \result == \null;
 */
static inline struct slot *captab_slot(struct captab *table, uint64_t index)
{
    if (UNLIKELY(index == 0 || index > table->mask)) return NULL;
    return &table->slot[(index & table->mask) - 1];
}

/* The capability in slot @index, of @type, with all of @rights. */
/*@ requires table(table) && \valid(out) && \separated(out, table->slot + (0 .. table->mask - 1));
    requires in_table(table, index) ==> path(&table->slot[index - 1]);
    assigns *out;
    behavior empty:
        assumes !in_table(table, index) || table->slot[index - 1].cap.type == OBJECT_TYPE_NONE;
        ensures \result == ERR_SLOT && *out == \old(*out);
    behavior other_type:
        assumes in_table(table, index) && table->slot[index - 1].cap.type != OBJECT_TYPE_NONE;
        assumes table->slot[index - 1].cap.type != type;
        ensures \result == ERR_TYPE && *out == \old(*out);
    behavior too_few_rights:
        assumes in_table(table, index) && table->slot[index - 1].cap.type != OBJECT_TYPE_NONE;
        assumes table->slot[index - 1].cap.type == type;
        assumes (table->slot[index - 1].cap.rights & rights) != rights;
        ensures \result == ERR_RIGHTS && *out == \old(*out);
    behavior retired:
        assumes in_table(table, index) && table->slot[index - 1].cap.type != OBJECT_TYPE_NONE;
        assumes table->slot[index - 1].cap.type == type;
        assumes (table->slot[index - 1].cap.rights & rights) == rights;
        assumes cap_retiring != 0 && under_retirement(&table->slot[index - 1]);
        ensures \result == ERR_RETIRED && *out == \old(*out);
    behavior found:
        assumes in_table(table, index) && table->slot[index - 1].cap.type != OBJECT_TYPE_NONE;
        assumes table->slot[index - 1].cap.type == type;
        assumes (table->slot[index - 1].cap.rights & rights) == rights;
        assumes cap_retiring == 0 || !under_retirement(&table->slot[index - 1]);
        ensures \result == OK && *out == &table->slot[index - 1];
    complete behaviors;
    disjoint behaviors;
 */
MUST_CHECK static inline enum error captab_find(
    struct captab *table, uint64_t index, uint8_t type, uint8_t rights, struct slot **out)
{
    struct slot *slot = captab_slot(table, index);
    if (UNLIKELY(!slot || slot->cap.type == OBJECT_TYPE_NONE)) return ERR_SLOT;
    if (UNLIKELY(slot->cap.type != type)) return ERR_TYPE;
    if (UNLIKELY((slot->cap.rights & rights) != rights)) return ERR_RIGHTS;
    if (UNLIKELY(cap_retiring != 0) && cap_under_retirement(slot)) return ERR_RETIRED;
    *out = slot;
    return OK;
}

/*@ requires \valid(&table->mask) && \valid(&table->flags) && 1 <= slots <= CAPTAB_SLOTS_MAX;
    assigns table->mask, table->flags;
    ensures table->mask == slots - 1 && table->flags == flags;
 */
void captab_init(struct captab *table, uint64_t slots, uint8_t flags);
/* Refuse look-ups and queue the table's slots for emptying. */
void captab_retire(struct captab *table);
/* Empty up to CAPTAB_SCAN slots of the tables that were retired; true when none is left. */
bool captab_drain_step(struct cpu *cpu);
