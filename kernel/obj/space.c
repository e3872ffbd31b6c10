#include "obj/space.h"

#include "base/panic.h"
#include "hw/memory.h"
#include "hw/paging.h"
#include "hw/x86.h"
#include "obj/vcpu.h"
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
    space->format = &formats[(flags & SPACE_GUEST) ? hvm_nested_format() : 0];
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

/* Walk down towards the entry of @leaf, as far as the tables go. */
static enum walk_entry space_walk(const struct space *space, uint64_t address, uint32_t leaf, struct space_entry *at)
{
    const struct walk_format *format = space->format;
    uint64_t *table = space->root;
    enum walk_entry kind;

    at->level = WALK_LEVELS - 1;
    if (leaf == 0 && space->leaf_table && address / walk_span(1) == space->leaf_region) {
        at->level = 0;
        table = space->leaf_table;
    }
    while ((kind = walk_step(format, table, address, at->level, &at->entry)) == WALK_TABLE && at->level > leaf) {
        table = phys_to_ptr((hpa_t){walk_target(*at->entry)});
        at->level--;
    }
    return kind;
}

enum error space_map_check(
    struct space *space, const struct slot *frame, uint64_t address, uint8_t access, struct space_entry *place)
{
    uint64_t bytes = frame->cap.extra;
    uint32_t leaf = walk_leaf_level(bytes);

    if (!(access & MAP_READ) || ((access & MAP_WRITE) && (access & MAP_EXEC) && !(space->flags & SPACE_GUEST))) return ERR_ARGUMENT;
    if (address % bytes != 0) return ERR_ALIGN;
    if (address > ADDRESS_END - bytes) return ERR_RANGE;
    if (frame->cap.badge != 0 && space_find(frame->cap.space_index, frame->cap.space_epoch)) return ERR_STATE;
    if (space_walk(space, address, leaf, place) != WALK_EMPTY) return ERR_OCCUPIED;
    return place->level - leaf <= space->tables - space->used ? OK : ERR_MEMORY;
}

void space_map(struct space *space, struct slot *frame, uint64_t address, uint8_t access, struct space_entry place)
{
    bool page = frame->cap.type == OBJECT_TYPE_VCPU;
    uint64_t pa = page ? ptr_to_phys(cap_object(frame)).value + VCPU_STATE_OFFSET : frame->cap.object;
    const struct walk_format *format = space->format;
    uint32_t leaf = walk_leaf_level(frame->cap.extra);

    for (; place.level > leaf; place.level--) {
        hpa_t table = {space->root_pa.value + ++space->used * PAGE_BYTES};

        ASSERT(space->used <= space->tables);
        *place.entry = walk_table_entry(format, table.value);
        walk_step(format, phys_to_ptr(table), address, place.level - 1, &place.entry);
    }
    if (leaf == 0) {
        space->leaf_table = place.entry - walk_index(address, 0);
        space->leaf_region = address / walk_span(1);
    }
    *place.entry = walk_leaf_entry(format, pa, leaf, access);
    frame->cap.badge = address | 1;
    frame->cap.space_index = space->index;
    frame->cap.space_epoch = space->epoch;
}

void space_unmap(struct cpu *cpu, struct slot *frame)
{
    struct space *space = frame->cap.badge ? space_find(frame->cap.space_index, frame->cap.space_epoch) : NULL;
    uint64_t address = frame->cap.badge & ~(uint64_t)(PAGE_BYTES - 1);
    enum walk_entry kind;
    struct space_entry at;

    frame->cap.badge = 0;
    if (!space) return;
    kind = space_walk(space, address, walk_leaf_level(frame->cap.extra), &at);
    ASSERT(kind == WALK_LEAF);
    *at.entry = 0;
    space->generation++;
    if (space->flags & SPACE_IO) iospace_unmapped(space, at.entry);
    if (cpu->cr3 == space->root_pa.value) write_cr3(cpu->cr3);
}
