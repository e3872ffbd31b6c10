#include "table.h"

#include <stddef.h>

#include <checked.h>

void table_init(struct table *table)
{
    table->used = table->sent = 0;
    table->free = 0;
    for (uint32_t i = 0; i < TABLE_ENTRIES; i++) {
        table->entry[i] = (struct entry){.state = ENTRY_FREE};
        table->entry[i].next = i + 1 < TABLE_ENTRIES ? (uint16_t)(i + 1) : (uint16_t)ENTRY_NONE;
    }
    for (uint32_t i = 0; i < TENANTS_MAX; i++) {
        table->list[i] = (struct entry_list){.first = ENTRY_NONE, .last = ENTRY_NONE};
    }
}

static uint16_t index_of(const struct table *table, const struct entry *entry)
{
    return (uint16_t)(entry - table->entry);
}

struct entry *table_add(struct table *table, uint8_t tenant, enum block_op op)
{
    struct entry_list *list = &table->list[tenant];
    uint16_t index = table->free;
    if (index == ENTRY_NONE) {
        return NULL;
    }
    struct entry *entry = &table->entry[index];
    table->free = entry->next;
    table->used++;
    entry->state = ENTRY_QUEUED;
    entry->next = ENTRY_NONE;
    entry->prev = list->last;
    entry->bucket[0] = BUCKET_NONE;
    entry->tenant = tenant;
    entry->op = (uint8_t)op;
    entry->flags = 0;
    entry->sectors = 0;
    entry->sector = entry->data = 0;
    if (list->last == ENTRY_NONE) {
        list->first = index;
    } else {
        table->entry[list->last].next = index;
    }
    list->last = index;
    list->count++;
    list->writes = (uint16_t)(list->writes + op_writes(entry->op));
    return entry;
}

_Static_assert(2 * BLOCK_LIMITS_SLOTS <= UINT8_MAX, "a bucket counts every end of a tenant's writes");

void table_place(struct table *table, struct entry *entry)
{
    struct entry_list *list = &table->list[entry->tenant];
    if (!op_writes(entry->op)) {
        return;
    }
    const uint64_t first = entry->sector / BUCKET_SECTORS;
    const uint64_t last = (entry->sector + entry->sectors - 1) / BUCKET_SECTORS;
    if (last - first > 1) {
        entry->bucket[0] = BUCKET_WIDE;
        list->wide++;
        return;
    }
    entry->bucket[0] = (uint16_t)(first % BUCKETS);
    entry->bucket[1] = (uint16_t)(last % BUCKETS);
    list->bucket[entry->bucket[0]]++;
    list->bucket[entry->bucket[1]]++;
}

static void displace(struct entry_list *list, const struct entry *entry)
{
    if (entry->bucket[0] == BUCKET_WIDE) {
        list->wide--;
    } else if (entry->bucket[0] != BUCKET_NONE) {
        list->bucket[entry->bucket[0]]--;
        list->bucket[entry->bucket[1]]--;
    }
}

/* Is no other write in the entry's buckets? Then none has a sector of it; otherwise one may. */
static bool alone(const struct entry_list *list, const struct entry *entry)
{
    if (entry->bucket[0] >= BUCKETS || list->wide != 0) {
        return false;
    }
    const uint8_t own = entry->bucket[0] == entry->bucket[1] ? 2 : 1;
    return list->bucket[entry->bucket[0]] == own && list->bucket[entry->bucket[1]] == own;
}

void table_remove(struct table *table, struct entry *entry)
{
    struct entry_list *list = &table->list[entry->tenant];
    table_state(table, entry, ENTRY_FREE);
    displace(list, entry);
    if (entry->prev == ENTRY_NONE) {
        list->first = entry->next;
    } else {
        table->entry[entry->prev].next = entry->next;
    }
    if (entry->next == ENTRY_NONE) {
        list->last = entry->prev;
    } else {
        table->entry[entry->next].prev = entry->prev;
    }
    list->count--;
    list->writes = (uint16_t)(list->writes - op_writes(entry->op));
    entry->generation++;
    entry->next = table->free;
    table->free = index_of(table, entry);
    table->used--;
}

uint16_t table_handle(const struct table *table, const struct entry *entry)
{
    _Static_assert(TABLE_ENTRIES == 256, "a handle is the generation above eight bits of index");
    return (uint16_t)(entry->generation << 8 | index_of(table, entry));
}

struct entry *table_find(struct table *table, uint16_t handle)
{
    struct entry *entry = &table->entry[handle % TABLE_ENTRIES];
    return is_sent(entry->state) && entry->generation == handle >> 8 ? entry : NULL;
}

/* DESIGN 6: a write that overlaps an unacknowledged one waits. Otherwise a replay of the earlier one, which the
 * device may have carried out before the driver died, could land on top of the later one. */
bool table_must_wait(const struct table *table, const struct entry *entry)
{
    const struct entry_list *list = &table->list[entry->tenant];
    if (!op_writes(entry->op) || list->writes < 2 || alone(list, entry)) {
        return false;
    }
    for (const struct entry *earlier = &table->entry[list->first]; earlier != entry;
         earlier = &table->entry[earlier->next]) {
        if (op_writes(earlier->op) &&
            ranges_overlap(earlier->sector, earlier->sectors, entry->sector, entry->sectors)) {
            return true;
        }
    }
    return false;
}
