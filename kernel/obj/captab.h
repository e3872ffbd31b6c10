/* A table of capability slots: one flat table per domain. */
#ifndef OBJ_CAPTAB_H
#define OBJ_CAPTAB_H

#include "obj/cap.h"

enum { CAPTAB_SLOTS_MIN = 64, CAPTAB_SLOTS_MAX = 65536, CAPTAB_SCAN = 32 };

/* The header takes the place of slot 0, which is never used. */
struct captab {
    uint32_t mask;              /* slots - 1 */
    uint8_t flags;              /* enum captab_flags */
    bool retired;
    uint32_t drain_index;
    struct captab *drain_next;  /* tables whose slots are still to be emptied */
    uint64_t reserved[5];
    struct slot slot[];         /* slot[i] is number i + 1 */
};
_Static_assert(sizeof(struct captab) == sizeof(struct slot), "takes the place of slot 0");

/* The slot numbered @index, or NULL; the index is masked against speculation. */
static inline struct slot *captab_slot(struct captab *table, uint64_t index)
{
    if (UNLIKELY(index == 0 || index > table->mask)) return NULL;
    return &table->slot[(index & table->mask) - 1];
}

/* The capability in slot @index, of @type, with all of @rights. */
MUST_CHECK static inline enum error captab_find(struct captab *table, uint64_t index, uint8_t type, uint8_t rights, struct slot **out)
{
    struct slot *slot = captab_slot(table, index);
    if (UNLIKELY(!slot || slot->cap.type == OBJECT_TYPE_NONE)) return ERR_SLOT;
    if (UNLIKELY(slot->cap.type != type)) return ERR_TYPE;
    if (UNLIKELY((slot->cap.rights & rights) != rights)) return ERR_RIGHTS;
    if (UNLIKELY(cap_retiring != 0) && cap_under_retirement(slot)) return ERR_RETIRED;
    *out = slot;
    return OK;
}

void captab_init(struct captab *table, uint64_t slots, uint8_t flags);
/* Refuse look-ups and queue the table's slots for emptying. */
void captab_retire(struct captab *table);
/* Empty up to CAPTAB_SCAN slots of the tables that were retired; true when none is left. */
bool captab_drain_step(struct cpu *cpu);

#endif
