#include "obj/untyped.h"

#include "base/panic.h"
#include "base/string.h"
#include "hw/memory.h"
#include "obj/endpoint.h"
#include "obj/vcpu.h"
#include "obj/walker.h"

/* Offsets stay below the size of physical memory: no overflow. */
static uint64_t page_up(uint64_t offset) { return (offset + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES; }

static bool power_of_two(uint64_t value) { return value != 0 && (value & (value - 1)) == 0; }

/* docs/architecture.md 2 */
uint64_t untyped_object_bytes(uint8_t type, uint64_t size)
{
    switch ((enum object_type)type) {
    case OBJECT_TYPE_UNTYPED: return size % PAGE_BYTES == 0 ? size : 0;
    case OBJECT_TYPE_CAPTAB:
        return power_of_two(size) && size >= CAPTAB_SLOTS_MIN && size <= CAPTAB_SLOTS_MAX ? size * sizeof(struct slot) : 0;
    case OBJECT_TYPE_FRAME: return walk_leaf_level(size) < WALK_LEVELS ? size : 0;
    case OBJECT_TYPE_SPACE:
    case OBJECT_TYPE_IOSPACE: return size > 0 && size <= SPACE_TABLES_MAX ? (size + 2) * PAGE_BYTES : 0;
    case OBJECT_TYPE_THREAD: return 4096;
    case OBJECT_TYPE_ENDPOINT: return 1024;
    case OBJECT_TYPE_SCHED:
    case OBJECT_TYPE_NOTIF: return 256;
    case OBJECT_TYPE_VCPU: return VCPU_BYTES;
    case OBJECT_TYPE_NONE:
    case OBJECT_TYPE_IRQ:
    case OBJECT_TYPE_IOPORT:
    case OBJECT_TYPE_CONTROL: return 0;
    }
    return 0;
}

enum error untyped_plan(const struct capability *untyped, uint8_t type, uint64_t each, uint64_t count, uint64_t *start)
{
    uint64_t align = type == OBJECT_TYPE_FRAME || each < PAGE_BYTES ? each : PAGE_BYTES;
    uint64_t address = untyped->object + untyped->badge;
    uint64_t aligned = address + (align - address % align) % align;
    uint64_t offset = aligned - untyped->object;

    if (offset > untyped->extra || (untyped->extra - offset) / each < count) return ERR_MEMORY;
    *start = offset;
    return OK;
}

bool untyped_zero_step(struct capability *untyped, uint64_t end)
{
    uint64_t done = page_up(untyped->badge) + (uint64_t)untyped->mask * PAGE_BYTES;

    if (untyped->flags & CAP_KEEP) return true;
    /* In whole pages, from the first that begins at or after the used part: the page before was zeroed with that. */
    for (uint32_t pages = 0; done < end && pages < ZERO_STEP_PAGES; pages++, done += PAGE_BYTES)
        zero_page(phys_to_ptr((hpa_t){untyped->object + done}));
    untyped->mask = (uint32_t)((done - page_up(untyped->badge)) / PAGE_BYTES);
    return done >= end;
}

/* What an object needs beyond zeroes. */
static void object_init(uint8_t type, uint8_t flags, uint64_t size, void *object)
{
    if (type == OBJECT_TYPE_CAPTAB) captab_init(object, size, flags);
    else if (type == OBJECT_TYPE_SPACE) space_init(object, (uint32_t)size, flags);
    else if (type == OBJECT_TYPE_IOSPACE) iospace_init(object, (uint32_t)size);
    else if (type == OBJECT_TYPE_THREAD) thread_init(object);
    else if (type == OBJECT_TYPE_SCHED) ((struct sched *)object)->timer.kind = TIMER_SCHED;
    else if (type == OBJECT_TYPE_VCPU) vcpu_init(object);
}

static struct capability object_capability(const struct capability *untyped, uint8_t type, uint64_t bytes, hpa_t pa)
{
    bool memory = type == OBJECT_TYPE_UNTYPED || type == OBJECT_TYPE_FRAME;
    struct capability cap = {.type = type, .rights = UINT8_MAX, .flags = CAP_ORIGINAL};

    if (memory) cap.flags |= untyped->flags & CAP_KEEP;
    cap.mask = type == OBJECT_TYPE_UNTYPED ? 0 : UINT32_MAX;
    cap.object = memory ? pa.value : (uint64_t)phys_to_ptr(pa);
    cap.extra = type == OBJECT_TYPE_VCPU ? PAGE_BYTES : bytes;
    return cap;
}

void untyped_commit(struct slot *untyped, uint8_t type, uint8_t flags, uint64_t size, uint64_t start, struct captab *table,
    uint64_t first, uint64_t count)
{
    uint64_t each = untyped_object_bytes(type, size), end = start + each * count;
    uint64_t zeroed = page_up(untyped->cap.badge) + (uint64_t)untyped->cap.mask * PAGE_BYTES;

    ASSERT(each != 0);
    for (uint64_t i = 0; i < count; i++) {
        hpa_t pa = {untyped->cap.object + start + i * each};
        struct capability cap = object_capability(&untyped->cap, type, each, pa);

        object_init(type, flags, size, phys_to_ptr(pa));
        cap_install(captab_slot(table, first + i), untyped, &cap);
    }
    untyped->cap.badge = end;
    end = page_up(end);
    untyped->cap.mask = zeroed > end ? (uint32_t)((zeroed - end) / PAGE_BYTES) : 0;
}
