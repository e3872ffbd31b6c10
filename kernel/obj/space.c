#include "obj/space.h"

#include "base/panic.h"
#include "hw/hvm.h"
#include "hw/memory.h"
#include "hw/paging.h"
#include "hw/x86.h"
#include "obj/walker.h"

/* The last page below the canonical hole stays free: SYSRET to the hole faults in the kernel on Intel ([SDM-2023-09] Vol 2B SYSRET). */
#define ADDRESS_END 0x00007ffffffff000u

static const struct walk_format formats[] = {
    {.present = 1, .table = 7, .leaf = 5, .write = 2, .no_exec = 1ull << 63, .large = 1u << 7, .uncached = 3u << 3},
    {.present = 7, .table = 7, .leaf = 1, .write = 2, .exec = 4, .large = 1u << 7, .cached = 6u << 3},
};

/* Live spaces by index; the epoch tells a successor from its predecessor. Under the kernel lock. */
static struct space *spaces[SPACES_MAX];
static uint32_t last_epoch;

static const struct walk_format *space_format(const struct space *space)
{
    return &formats[(space->flags & SPACE_GUEST) ? hvm_nested_format() : 0];
}

bool space_available(void)
{
    for (uint32_t i = 0; i < SPACES_MAX; i++)
        if (!spaces[i]) return true;
    return false;
}

void space_init(struct space *space, uint32_t tables, uint8_t flags)
{
    uint16_t index = 0;

    while (spaces[index]) index++;
    spaces[index] = space;
    space->root = (uint64_t *)((uint8_t *)space + PAGE_BYTES);
    space->root_pa = ptr_to_phys(space->root);
    space->tables = tables;
    space->epoch = ++last_epoch;
    space->index = index;
    space->flags = flags;
    if (!(flags & SPACE_GUEST)) kernel_root_entries(space->root);
}

void space_retire(struct cpu *cpu, struct space *space)
{
    spaces[space->index] = NULL;
    if (cpu->cr3 == space->root_pa.value) {
        cpu->cr3 = kernel_root().value;
        write_cr3(cpu->cr3);
    }
}

struct space *space_find(uint16_t index, uint32_t epoch)
{
    struct space *space = spaces[index % SPACES_MAX];

    return space && space->epoch == epoch ? space : NULL;
}

/* Walk down to the table of @level: returns it, or NULL with *missing = how many tables lack (0: a larger leaf is in the way). */
static uint64_t *space_walk(const struct space *space, uint64_t address, uint32_t level, uint32_t *missing)
{
    const struct walk_format *format = space_format(space);
    uint64_t *table = space->root;
    uint64_t entry;

    *missing = 0;
    if (level == 0 && space->leaf_table && address / walk_span(1) == space->leaf_region) return space->leaf_table;
    for (uint32_t at = WALK_LEVELS - 1; at > level; at--) {
        enum walk_entry kind = walk_step(format, table, address, at, &entry);

        if (kind != WALK_TABLE) {
            *missing = kind == WALK_EMPTY ? at - level : 0;
            return NULL;
        }
        table = phys_to_ptr((hpa_t){walk_target(entry)});
    }
    return table;
}

enum error space_map_check(struct space *space, const struct slot *frame, uint64_t address, uint8_t access)
{
    uint64_t bytes = frame->cap.type == OBJECT_TYPE_VCPU ? PAGE_BYTES : frame->cap.extra;
    uint32_t level = walk_leaf_level(bytes), missing;
    uint64_t *table, entry;

    if (!(access & MAP_READ) || ((access & MAP_WRITE) && (access & MAP_EXEC) && !(space->flags & SPACE_GUEST))) return ERR_ARGUMENT;
    if (address % bytes != 0) return ERR_ALIGN;
    if (address > ADDRESS_END - bytes) return ERR_RANGE;
    if (frame->cap.badge != 0 && space_find(frame->cap.space_index, frame->cap.space_epoch)) return ERR_STATE;
    table = space_walk(space, address, level, &missing);
    if (!table) return missing == 0 ? ERR_OCCUPIED : missing > space->tables - space->used ? ERR_MEMORY : OK;
    return walk_step(space_format(space), table, address, level, &entry) == WALK_EMPTY ? OK : ERR_OCCUPIED;
}

static uint64_t *space_grow(struct space *space, uint64_t address, uint32_t level)
{
    const struct walk_format *format = space_format(space);
    uint32_t missing;
    uint64_t *table = space_walk(space, address, level, &missing);

    if (table) return table;
    table = space->root;
    for (uint32_t at = WALK_LEVELS - 1; at > level; at--) {
        uint64_t entry;

        if (walk_step(format, table, address, at, &entry) == WALK_EMPTY) {
            ASSERT(space->used < space->tables);
            space->used++;
            entry = walk_table_entry(format, space->root_pa.value + (uint64_t)space->used * PAGE_BYTES);
            table[walk_index(address, at)] = entry;
        }
        table = phys_to_ptr((hpa_t){walk_target(entry)});
    }
    return table;
}

void space_map(struct space *space, struct slot *frame, uint64_t address, uint8_t access)
{
    bool page = frame->cap.type == OBJECT_TYPE_VCPU;
    uint32_t level = page ? 0 : walk_leaf_level(frame->cap.extra);
    uint64_t pa = page ? ptr_to_phys(cap_object(frame)).value + 2 * PAGE_BYTES : frame->cap.object;
    uint64_t *table = space_grow(space, address, level);

    if (level == 0) {
        space->leaf_table = table;
        space->leaf_region = address / walk_span(1);
    }
    table[walk_index(address, level)] = walk_leaf_entry(space_format(space), pa, level, access);
    frame->cap.badge = address | 1;
    frame->cap.space_index = space->index;
    frame->cap.space_epoch = space->epoch;
}

void space_unmap(struct cpu *cpu, struct slot *frame)
{
    struct space *space = frame->cap.badge ? space_find(frame->cap.space_index, frame->cap.space_epoch) : NULL;
    uint32_t level = frame->cap.type == OBJECT_TYPE_VCPU ? 0 : walk_leaf_level(frame->cap.extra), missing;
    uint64_t address = frame->cap.badge & ~(uint64_t)(PAGE_BYTES - 1);
    uint64_t *table;

    frame->cap.badge = 0;
    if (!space) return;
    table = space_walk(space, address, level, &missing);
    ASSERT(table);
    table[walk_index(address, level)] = 0;
    space->generation++;
    if (cpu->cr3 == space->root_pa.value) write_cr3(cpu->cr3);
}
