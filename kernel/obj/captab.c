#include "obj/captab.h"

/* Tables that were retired and still hold capabilities; under the kernel lock. */
static struct captab *drain_head;

void captab_init(struct captab *table, uint64_t slots, uint8_t flags)
{
    table->mask = (uint32_t)(slots - 1);
    table->flags = flags;
}

void captab_retire(struct captab *table)
{
    if (table->retired) return;
    table->retired = true;
    table->drain_index = 1;
    table->drain_next = drain_head;
    drain_head = table;
}

bool captab_drain_step(struct cpu *cpu)
{
    struct captab *table = drain_head;

    for (uint32_t scanned = 0; table && scanned < CAPTAB_SCAN; scanned++) {
        struct slot *slot = captab_slot(table, table->drain_index);

        if (!slot) { /* all slots are empty */
            drain_head = table->drain_next;
            return !drain_head;
        }
        if (slot->cap.type != OBJECT_TYPE_NONE) {
            cap_free_leaf(cpu, slot);
            return false;
        }
        table->drain_index++;
    }
    return !table;
}
