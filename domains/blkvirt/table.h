/* The requests in flight, in a table that the driver cannot map. Each tenant's requests hang on a list in the order
 * in which they came, which is the order of their replay. */
#ifndef BLKVIRT_TABLE_H
#define BLKVIRT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/block.h>

enum {
    TABLE_ENTRIES = BLOCK_LIMITS_RING, /* so that the driver's ring has room for every one */
    TENANTS_MAX = 8,
    ENTRY_NONE = 0xffff,
    /* Where writes are, coarsely: a write of at most this many sectors lies in one or two buckets. */
    BUCKET_SECTORS = BLOCK_LIMITS_SLOT_BYTES / BLOCK_LIMITS_SECTOR_BYTES,
    BUCKETS = 512,
    BUCKET_NONE = 0xffff, /* no write */
    BUCKET_WIDE = 0xfffe, /* in more buckets than two */
};

enum entry_state {
    ENTRY_FREE,
    ENTRY_WAITING, /* behind an earlier write to one of its sectors */
    ENTRY_QUEUED,  /* for a driver that is not ready */
    ENTRY_SENT,
    ENTRY_ORPHAN, /* sent; nobody waits for the answer any more */
};

struct entry {
    enum entry_state state;
    uint16_t next, prev; /* in its tenant's list; @next also links free entries */
    uint16_t id;         /* the tenant's */
    uint16_t bucket[2];  /* or one of the two above in the first */
    uint8_t tenant;
    uint8_t generation; /* tells a late or doubled completion from that of the entry's next use */
    uint8_t op;         /* enum block_op */
    uint8_t flags;      /* enum block_flags */
    uint32_t sectors;
    uint64_t sector; /* the device's */
    uint64_t data;   /* the device's address */
};

struct entry_list {
    uint16_t first, last;
    uint16_t count;
    uint16_t writes;         /* entries that change sectors */
    uint16_t waiting;        /* entries that wait */
    uint16_t wide;           /* entries in more buckets than two */
    uint8_t bucket[BUCKETS]; /* ends of entries in each: two for each entry */
};

struct table {
    struct entry entry[TABLE_ENTRIES];
    struct entry_list list[TENANTS_MAX];
    uint16_t free;
    uint16_t used;
    uint16_t sent; /* sent and orphans */
};

void table_init(struct table *table);

/* An entry at the end of the tenant's list, in state queued, its request to be filled in by the caller; NULL: none is free. */
struct entry *table_add(struct table *table, uint8_t tenant, enum block_op op);

/* Notes where the request writes, once, when it is filled in. */
void table_place(struct table *table, struct entry *entry);

void table_remove(struct table *table, struct entry *entry);

static inline bool is_sent(enum entry_state state)
{
    return state == ENTRY_SENT || state == ENTRY_ORPHAN;
}

/* States decide what is counted, so they are changed here. */
static inline void table_state(struct table *table, struct entry *entry, enum entry_state state)
{
    struct entry_list *list = &table->list[entry->tenant];
    list->waiting = (uint16_t)(list->waiting + (state == ENTRY_WAITING) - (entry->state == ENTRY_WAITING));
    table->sent = (uint16_t)(table->sent + is_sent(state) - is_sent(entry->state));
    entry->state = state;
}

/* What the driver is told, and what it says: NULL for what was never sent, or is answered already. */
uint16_t table_handle(const struct table *table, const struct entry *entry);
struct entry *table_find(struct table *table, uint16_t handle);

/* Does an earlier request of its tenant write one of the sectors that @entry writes? */
bool table_must_wait(const struct table *table, const struct entry *entry);

static inline struct entry *table_first(struct table *table, uint8_t tenant)
{
    uint16_t index = table->list[tenant].first;
    return index == ENTRY_NONE ? (struct entry *)0 : &table->entry[index];
}

static inline struct entry *table_next(struct table *table, const struct entry *entry)
{
    return entry->next == ENTRY_NONE ? (struct entry *)0 : &table->entry[entry->next];
}

static inline bool op_writes(uint8_t op)
{
    return op == BLOCK_OP_WRITE || op == BLOCK_OP_DISCARD || op == BLOCK_OP_WRITE_ZEROES;
}

static inline bool op_has_data(uint8_t op)
{
    return op == BLOCK_OP_READ || op == BLOCK_OP_WRITE;
}

#endif
