#include "obj/untyped.h"

#include "base/panic.h"
#include "base/string.h"
#include "hw/memory.h"
#include "obj/endpoint.h"
#include "obj/vcpu.h"

/* Offsets stay below the size of physical memory: no overflow. */
static uint64_t page_up(uint64_t offset) { return (offset + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES; }

static bool power_of_two(uint64_t value) { return value != 0 && (value & (value - 1)) == 0; }

/* docs/architecture.md 2 */
struct object_size untyped_object_size(uint8_t type, uint64_t size)
{
    const struct object_size refused = {0, 0};

    switch ((enum object_type)type) {
    case OBJECT_TYPE_UNTYPED:
        return size >= PAGE_BYTES && size % PAGE_BYTES == 0 ? (struct object_size){size, PAGE_BYTES} : refused;
    case OBJECT_TYPE_CAPTAB:
        if (!power_of_two(size) || size < CAPTAB_SLOTS_MIN || size > CAPTAB_SLOTS_MAX) return refused;
        return (struct object_size){size * sizeof(struct slot), PAGE_BYTES};
    case OBJECT_TYPE_FRAME:
        if (size != PAGE_BYTES && size != 1ull << 21 && size != 1ull << 30) return refused;
        return (struct object_size){size, size};
    case OBJECT_TYPE_SPACE:
        if (size == 0 || size > SPACE_TABLES_MAX) return refused;
        return (struct object_size){(size + 2) * PAGE_BYTES, PAGE_BYTES};
    case OBJECT_TYPE_THREAD: return (struct object_size){4096, 4096};
    case OBJECT_TYPE_SCHED: return (struct object_size){256, 256};
    case OBJECT_TYPE_ENDPOINT: return (struct object_size){1024, 1024};
    case OBJECT_TYPE_NOTIF: return (struct object_size){256, 256};
    case OBJECT_TYPE_VCPU: return (struct object_size){VCPU_BYTES, PAGE_BYTES};
    case OBJECT_TYPE_NONE:
    case OBJECT_TYPE_IOSPACE:
    case OBJECT_TYPE_IRQ:
    case OBJECT_TYPE_IOPORT:
    case OBJECT_TYPE_CONTROL: return refused;
    }
    return refused;
}

enum error untyped_plan(const struct capability *untyped, struct object_size size, uint64_t count, uint64_t *start)
{
    uint64_t address = untyped->object + untyped->badge;
    uint64_t aligned = address + (size.align - address % size.align) % size.align;
    uint64_t offset = aligned - untyped->object;

    if (offset > untyped->extra || (untyped->extra - offset) / size.bytes < count) return ERR_MEMORY;
    *start = offset;
    return OK;
}

bool untyped_zero_step(struct capability *untyped, uint64_t end)
{
    uint64_t done = page_up(untyped->badge) + (uint64_t)untyped->mask * PAGE_BYTES;
    uint64_t pages = 0;

    if (untyped->flags & CAP_KEEP) return true;
    /* In whole pages, from the first that begins at or after the used part: the page before was zeroed with that. */
    while (done < end && pages < ZERO_STEP_PAGES) {
        zero_page(phys_to_ptr((hpa_t){untyped->object + done}));
        done += PAGE_BYTES;
        pages++;
    }
    untyped->mask = (uint32_t)((done - page_up(untyped->badge)) / PAGE_BYTES);
    return done >= end;
}

static void object_init(uint8_t type, uint8_t flags, uint64_t size, hpa_t pa)
{
    void *object = phys_to_ptr(pa);

    switch ((enum object_type)type) {
    case OBJECT_TYPE_CAPTAB: captab_init(object, size, flags); return;
    case OBJECT_TYPE_SPACE: space_init(object, (uint32_t)size, flags); return;
    case OBJECT_TYPE_THREAD: thread_init(object); return;
    case OBJECT_TYPE_SCHED: ((struct sched *)object)->timer.kind = TIMER_SCHED; return;
    case OBJECT_TYPE_VCPU: vcpu_init(object); return;
    case OBJECT_TYPE_ENDPOINT:
    case OBJECT_TYPE_NOTIF:
    case OBJECT_TYPE_UNTYPED:
    case OBJECT_TYPE_FRAME: return;
    case OBJECT_TYPE_NONE:
    case OBJECT_TYPE_IOSPACE:
    case OBJECT_TYPE_IRQ:
    case OBJECT_TYPE_IOPORT:
    case OBJECT_TYPE_CONTROL: panic("retype of a type that untyped_object_size refuses");
    }
}

static struct capability object_capability(const struct capability *untyped, uint8_t type, uint64_t bytes, hpa_t pa)
{
    struct capability cap = {.type = type, .rights = UINT8_MAX, .flags = CAP_ORIGINAL, .mask = UINT32_MAX};

    if (type == OBJECT_TYPE_UNTYPED || type == OBJECT_TYPE_FRAME) {
        cap.flags |= untyped->flags & CAP_KEEP;
        cap.object = pa.value;
        cap.extra = bytes;
    } else {
        cap.object = (uint64_t)phys_to_ptr(pa);
    }
    if (type == OBJECT_TYPE_UNTYPED) cap.mask = 0;
    return cap;
}

void untyped_commit(struct slot *untyped, uint8_t type, uint8_t flags, uint64_t size, struct object_size each, uint64_t start,
    struct captab *table, uint64_t first, uint64_t count)
{
    uint64_t end = start + each.bytes * count;
    uint64_t zeroed = page_up(untyped->cap.badge) + (uint64_t)untyped->cap.mask * PAGE_BYTES;

    for (uint64_t i = 0; i < count; i++) {
        hpa_t pa = {untyped->cap.object + start + i * each.bytes};
        struct capability cap = object_capability(&untyped->cap, type, each.bytes, pa);

        object_init(type, flags, size, pa);
        cap_install(captab_slot(table, first + i), untyped, &cap);
    }
    untyped->cap.badge = end;
    end = page_up(end);
    untyped->cap.mask = zeroed > end ? (uint32_t)((zeroed - end) / PAGE_BYTES) : 0;
}

void untyped_reset(struct capability *untyped)
{
    untyped->badge = 0;
    untyped->mask = 0;
}
