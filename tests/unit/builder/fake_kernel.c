#define _GNU_SOURCE
#include "fake_kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_OBJECTS 4096u

enum error ipc_invoke(uint64_t rax, uint64_t rdi, struct message *message);

enum error (*fake_wait)(bool reply, uint64_t deadline, struct message *message);

static struct {
    int file;
    uint8_t *memory;
    uint64_t next_module;
    struct fake_object *object[MAX_OBJECTS];
    uint32_t object_count;
    struct fake_object *root; /* builder's table */
    const struct boot_info *boot;
    uint32_t fail_after;
    bool failed;
} fake;

enum error ipc_brief(uint64_t rax, uint64_t rdi, uint64_t *word);

enum error ipc_brief(uint64_t rax, uint64_t rdi, uint64_t *word)
{
    struct message message = {.word = {*word}};
    enum error error = ipc_invoke(rax, rdi, &message);
    *word = message.word[0];
    return error;
}

static void must(bool condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "fake kernel: %s\n", what);
        abort();
    }
}

/* ---- set-up --------------------------------------------------------------------------------------------------- */

static struct fake_object *object_new(uint8_t type)
{
    struct fake_object *object = calloc(1, sizeof *object);
    must(fake.object_count < MAX_OBJECTS && object != NULL, "too many objects");
    object->type = type;
    fake.object[fake.object_count++] = object;
    return object;
}

static struct fake_object *table_new(uint32_t slots, uint8_t flags)
{
    struct fake_object *table = object_new(OBJECT_TYPE_CAPTAB);
    table->slots = slots;
    table->flags = flags;
    table->slot = calloc(slots, sizeof *table->slot);
    return table;
}

static void install(uint32_t slot, struct fake_capability capability)
{
    capability.rights = UINT8_MAX;
    capability.original = true;
    capability.mask = UINT32_MAX;
    fake.root->slot[slot] = capability;
}

void fake_start(struct boot_info *boot)
{
    memset(&fake, 0, sizeof fake);
    fake.fail_after = UINT32_MAX;
    fake.boot = boot;
    fake.file = memfd_create("ram", 0);
    must(fake.file >= 0 && ftruncate(fake.file, (off_t)FAKE_RAM_BYTES) == 0, "no memory file");
    fake.memory = mmap(NULL, FAKE_RAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fake.file, 0);
    must(fake.memory != MAP_FAILED, "no memory");
    fake.root = table_new(FAKE_SLOTS, 0);
    install(1, (struct fake_capability){.type = OBJECT_TYPE_CAPTAB, .object = fake.root});
    install(2, (struct fake_capability){.type = OBJECT_TYPE_SPACE, .object = object_new(OBJECT_TYPE_SPACE)});
    install(3,
            (struct fake_capability){.type = OBJECT_TYPE_THREAD, .object = object_new(OBJECT_TYPE_THREAD)});
    install(4, (struct fake_capability){.type = OBJECT_TYPE_SCHED, .object = object_new(OBJECT_TYPE_SCHED)});
    install(5,
            (struct fake_capability){.type = OBJECT_TYPE_CONTROL, .object = object_new(OBJECT_TYPE_CONTROL)});
    *boot = (struct boot_info){.magic = UINT64_C(0x3130544f4f424842),
                               .tsc_khz = 1000000,
                               .captab_slots = FAKE_SLOTS,
                               .untyped_first = 16,
                               .untyped_count = 1,
                               .module_first = 80,
                               .console_port = 0x3f8,
                               .iommu = 1,
                               .msi_address = 0xfee00010,
                               .msi_address_step = 32,
                               .msi_data = 7,
                               .msi_data_step = 1};
    /* The region starts off any large boundary; modules stand behind it. */
    boot->region[0] = (struct boot_region){.base = 0x103000, .bytes = UINT64_C(40) << 20, .slot = 16};
    install(16, (struct fake_capability){
                    .type = OBJECT_TYPE_UNTYPED, .base = 0x103000, .bytes = UINT64_C(40) << 20});
    memset(fake.memory + 0x103000, 0xaa, UINT64_C(40) << 20); /* retype must not hand out what was there */
    fake.next_module = UINT64_C(48) << 20;
}

void fake_add_module(struct boot_info *boot, const char *name, const void *bytes, uint64_t len_bytes)
{
    uint64_t rounded = (len_bytes + 4095) & ~UINT64_C(4095);
    struct boot_module *module = &boot->module[boot->module_count];
    *module = (struct boot_module){
        .base = fake.next_module, .bytes = len_bytes, .slot = boot->module_first + boot->module_count};
    (void)name; /* for the reader of a test: the order alone counts */
    install(module->slot,
            (struct fake_capability){
                .type = OBJECT_TYPE_UNTYPED, .keep = true, .base = module->base, .bytes = rounded});
    memcpy(fake.memory + module->base, bytes, len_bytes);
    fake.next_module += rounded;
    boot->module_count++;
}

void fake_stop(void)
{
    munmap((void *)0x40000000, 0x40000000); /* builder's windows */
    munmap(fake.memory, FAKE_RAM_BYTES);
    close(fake.file);
    for (uint32_t i = 0; i < fake.object_count; i++) {
        free(fake.object[i]->slot);
        free(fake.object[i]);
    }
}

/* ---- what tests ask ---------------------------------------------------------------------------------------------- */

struct fake_capability *fake_slot(uint32_t slot)
{
    return &fake.root->slot[slot];
}

const uint8_t *fake_memory(uint64_t physical)
{
    return fake.memory + physical;
}

void fake_fail_after(uint32_t calls)
{
    fake.fail_after = calls;
    fake.failed = false;
}

bool fake_failed(void)
{
    return fake.failed;
}

static void each_slot(void (*act)(struct fake_capability *slot, void *context), void *context)
{
    for (uint32_t i = 0; i < fake.object_count; i++) {
        for (uint32_t s = 1; s < fake.object[i]->slots; s++) {
            if (fake.object[i]->slot[s].type != OBJECT_TYPE_NONE) {
                act(&fake.object[i]->slot[s], context);
            }
        }
    }
}

static void count(struct fake_capability *slot, void *context)
{
    (void)slot;
    ++*(uint32_t *)context;
}

uint32_t fake_capabilities(void)
{
    uint32_t total = 0;
    each_slot(count, &total);
    return total;
}

struct query {
    const struct fake_object *space;
    uint64_t address;
    struct fake_capability *found;
};

static uint64_t mapped_bytes(const struct fake_capability *slot)
{
    return slot->type == OBJECT_TYPE_VCPU ? 4096 : slot->bytes;
}

static void match(struct fake_capability *slot, void *context)
{
    struct query *query = context;
    if (slot->space == query->space && query->address - slot->address < mapped_bytes(slot)) {
        query->found = slot;
    }
}

static struct fake_capability *mapping_in(const struct fake_object *space, uint64_t address)
{
    struct query query = {.space = space, .address = address};
    each_slot(match, &query);
    return query.found;
}

const struct fake_capability *fake_mapping(uint32_t space_slot, uint64_t address)
{
    return mapping_in(fake.root->slot[space_slot].object, address);
}

/* ---- taking away --------------------------------------------------------------------------------------------------- */

static void unmap(struct fake_capability *slot)
{
    if (slot->space != NULL && slot->space == fake.root->slot[2].object) {
        munmap((void *)slot->address, mapped_bytes(slot));
    }
    slot->space = NULL;
}

static void unmap_from(struct fake_capability *slot, void *context)
{
    if (slot->space == context) {
        unmap(slot);
    }
}

static void revoke_below(struct fake_capability *root);

static void remove_slot(struct fake_capability *slot)
{
    revoke_below(slot);
    unmap(slot);
    if (slot->original && slot->object != NULL) {
        each_slot(unmap_from, slot->object);
        for (uint32_t s = 1; s < slot->object->slots; s++) {
            if (slot->object->slot[s].type != OBJECT_TYPE_NONE) {
                remove_slot(&slot->object->slot[s]);
            }
        }
        slot->object->slots = 0;
    }
    *slot = (struct fake_capability){.type = OBJECT_TYPE_NONE};
}

static void child_of(struct fake_capability *slot, void *context)
{
    struct query *query = context;
    if (slot->parent == (struct fake_capability *)(uintptr_t)query->address) {
        query->found = slot;
    }
}

static void revoke_below(struct fake_capability *root)
{
    struct query query;
    do {
        query = (struct query){.address = (uint64_t)(uintptr_t)root};
        each_slot(child_of, &query);
        if (query.found != NULL) {
            remove_slot(query.found);
        }
    } while (query.found != NULL);
    root->used = 0;
}

/* ---- calls ------------------------------------------------------------------------------------------------------------ */

static struct fake_capability *find(uint64_t slot, uint8_t type, enum error *error)
{
    if (slot == 0 || slot >= FAKE_SLOTS || fake.root->slot[slot].type == OBJECT_TYPE_NONE) {
        *error = ERR_SLOT;
        return NULL;
    }
    *error = fake.root->slot[slot].type == type ? OK : ERR_TYPE;
    return *error == OK ? &fake.root->slot[slot] : NULL;
}

struct shape {
    uint64_t bytes, align;
};

static struct shape shape_of(uint8_t type, uint64_t size)
{
    switch (type) {
    case OBJECT_TYPE_UNTYPED:
        return (struct shape){size % 4096 == 0 ? size : 0, 4096};
    case OBJECT_TYPE_CAPTAB:
        return (struct shape){size >= 64 && (size & (size - 1)) == 0 ? size * 64 : 0, 4096};
    case OBJECT_TYPE_FRAME:
        return (struct shape){size == 4096 || size == 0x200000 ? size : 0, size};
    case OBJECT_TYPE_IOSPACE:
    case OBJECT_TYPE_SPACE:
        return (struct shape){size > 0 && size <= 4096 ? (size + 2) * 4096 : 0, 4096};
    case OBJECT_TYPE_THREAD:
        return (struct shape){4096, 4096};
    case OBJECT_TYPE_SCHED:
    case OBJECT_TYPE_NOTIF:
        return (struct shape){256, 256};
    case OBJECT_TYPE_ENDPOINT:
        return (struct shape){1024, 1024};
    case OBJECT_TYPE_VCPU:
        return (struct shape){16384, 4096};
    default:
        return (struct shape){0, 1};
    }
}

static struct fake_object *object_for(uint8_t type, uint8_t flags, uint64_t size)
{
    if (type == OBJECT_TYPE_UNTYPED || type == OBJECT_TYPE_FRAME) {
        return NULL;
    }
    struct fake_object *object =
        type == OBJECT_TYPE_CAPTAB ? table_new((uint32_t)size, flags) : object_new(type);
    object->flags = flags;
    return object;
}

static enum error call_retype(uint32_t slot, const uint64_t *word)
{
    enum error error;
    struct fake_capability *untyped = find(slot, OBJECT_TYPE_UNTYPED, &error);
    struct shape shape = shape_of((uint8_t)word[0], word[2]);
    if (untyped == NULL)
        return error;
    struct fake_capability *table = find(word[3], OBJECT_TYPE_CAPTAB, &error);
    if (table == NULL)
        return error;
    if (shape.bytes == 0 || word[5] == 0 || word[5] > 64)
        return ERR_RANGE;
    if (untyped->keep && word[0] != OBJECT_TYPE_FRAME)
        return ERR_TYPE;
    uint64_t at = untyped->base + untyped->used;
    at = (at + shape.align - 1) / shape.align * shape.align;
    if (at + shape.bytes * word[5] > untyped->base + untyped->bytes)
        return ERR_MEMORY;
    for (uint64_t i = 0; i < word[5]; i++) {
        if (word[4] + i >= table->object->slots)
            return ERR_SLOT;
        if (table->object->slot[word[4] + i].type != OBJECT_TYPE_NONE)
            return ERR_OCCUPIED;
    }
    if (!untyped->keep && word[0] != OBJECT_TYPE_UNTYPED)
        memset(fake.memory + at, 0, shape.bytes * word[5]);
    for (uint64_t i = 0; i < word[5]; i++) {
        table->object->slot[word[4] + i] =
            (struct fake_capability){.type = (uint8_t)word[0],
                                     .rights = UINT8_MAX,
                                     .flags = (uint8_t)word[1],
                                     .original = true,
                                     .mask = UINT32_MAX,
                                     .base = at + i * shape.bytes,
                                     .bytes = shape.bytes,
                                     .parent = untyped,
                                     .object = object_for((uint8_t)word[0], (uint8_t)word[1], word[2])};
    }
    untyped->used = at + shape.bytes * word[5] - untyped->base;
    return OK;
}

static enum error check_copy(const struct fake_object *table, const struct fake_capability *from,
                             const uint64_t *word)
{
    bool message = from->type == OBJECT_TYPE_ENDPOINT || from->type == OBJECT_TYPE_NOTIF;
    if (from->type == OBJECT_TYPE_UNTYPED || from->sealed)
        return ERR_SEALED;
    if ((word[3] & ~(uint64_t)from->rights) != 0)
        return ERR_RIGHTS;
    if (!message && (word[5] | word[6] | word[7]) != 0)
        return ERR_ARGUMENT;
    if ((table->flags & CAPTAB_TERMINAL) != 0 && (!message || (word[4] & COPY_SEALED) == 0))
        return ERR_SEALED;
    return OK;
}

static enum error call_copy(uint32_t slot, const uint64_t *word)
{
    enum error error;
    struct fake_capability *table_slot = find(slot, OBJECT_TYPE_CAPTAB, &error);
    if (table_slot == NULL)
        return error;
    struct fake_object *table = table_slot->object;
    if (word[1] != 1 || word[2] >= FAKE_SLOTS || word[0] == 0 || word[0] >= table->slots)
        return ERR_SLOT;
    struct fake_capability *from = &fake.root->slot[word[2]], *to = &table->slot[word[0]];
    if (from->type == OBJECT_TYPE_NONE)
        return ERR_SLOT;
    if (to->type != OBJECT_TYPE_NONE)
        return ERR_OCCUPIED;
    error = check_copy(table, from, word);
    if (error != OK)
        return error;
    *to = *from;
    to->parent = from;
    to->original = false;
    to->space = NULL;
    to->rights = (uint8_t)word[3];
    to->sealed = (word[4] & COPY_SEALED) != 0;
    to->interface = (uint16_t)word[5];
    to->mask = (uint32_t)word[6];
    to->badge = word[7];
    return OK;
}

static enum error call_remove(uint32_t slot, const uint64_t *word, bool itself)
{
    must(slot == 1, "builder takes away from its own table only");
    if (word[0] == 0 || word[0] >= FAKE_SLOTS || fake.root->slot[word[0]].type == OBJECT_TYPE_NONE)
        return ERR_SLOT;
    if (itself)
        remove_slot(&fake.root->slot[word[0]]);
    else
        revoke_below(&fake.root->slot[word[0]]);
    return OK;
}

static enum error call_inspect(uint32_t slot, uint64_t *word)
{
    if (slot != 1 || word[0] == 0 || word[0] >= FAKE_SLOTS)
        return ERR_SLOT;
    const struct fake_capability *found = &fake.root->slot[word[0]];
    memset(word, 0, 8 * sizeof *word);
    word[0] = found->type;
    word[1] = found->rights;
    word[4] = found->mask;
    word[6] = found->base;
    return OK;
}

static enum error call_map(uint32_t slot, uint8_t type, const uint64_t *word)
{
    enum error error;
    struct fake_capability *space = find(slot, type, &error);
    if (space == NULL)
        return error;
    struct fake_capability *frame = find(word[0], OBJECT_TYPE_FRAME, &error);
    if (frame == NULL)
        frame = find(word[0], OBJECT_TYPE_VCPU, &error);
    if (frame == NULL)
        return error;
    uint64_t bytes = mapped_bytes(frame);
    if ((word[2] & 7 & ~(uint64_t)frame->rights) != 0)
        return ERR_RIGHTS;
    if ((word[2] & MAP_READ) == 0 || (word[2] & 6) == 6 || (type == OBJECT_TYPE_IOSPACE && word[2] > 3))
        return ERR_ARGUMENT;
    if (((word[2] & MAP_UNCACHED) != 0) != (frame->base >= FAKE_RAM_BYTES))
        return ERR_DENIED;
    if (word[1] % bytes != 0)
        return ERR_ALIGN;
    if (type == OBJECT_TYPE_IOSPACE && fake.boot->iommu == 3 && word[1] != frame->base)
        return ERR_RANGE;
    if (frame->space != NULL)
        return ERR_STATE;
    if (mapping_in(space->object, word[1]) != NULL)
        return ERR_OCCUPIED;
    if (slot == 2) {
        int access = PROT_READ | ((word[2] & MAP_WRITE) != 0 ? PROT_WRITE : 0);
        void *at =
            mmap((void *)word[1], bytes, access, MAP_SHARED | MAP_FIXED, fake.file, (off_t)frame->base);
        must(at == (void *)word[1], "cannot map a window");
    }
    frame->space = space->object;
    frame->address = word[1];
    frame->access = (uint8_t)word[2];
    return OK;
}

static enum error call_unmap(uint32_t slot, const uint64_t *word)
{
    enum error error;
    struct fake_capability *space = find(slot, OBJECT_TYPE_SPACE, &error);
    struct fake_capability *frame = space != NULL ? find(word[0], OBJECT_TYPE_FRAME, &error) : NULL;
    if (frame == NULL)
        return error;
    if (frame->space != space->object)
        return ERR_STATE;
    unmap(frame);
    return OK;
}

static struct fake_object *part(uint64_t slot, uint8_t type, enum error *error)
{
    enum error found = OK;
    struct fake_capability *capability = slot != 0 ? find(slot, type, &found) : NULL;
    *error = *error != OK ? *error : found;
    return capability != NULL ? capability->object : NULL;
}

static enum error call_configure(struct fake_object *thread, const uint64_t *word)
{
    enum error error = OK;
    if (thread->configured)
        return ERR_STATE;
    thread->space = part(word[0], OBJECT_TYPE_SPACE, &error);
    thread->captab = part(word[1], OBJECT_TYPE_CAPTAB, &error);
    thread->sched = part(word[2], OBJECT_TYPE_SCHED, &error);
    thread->reserve = part(word[3], OBJECT_TYPE_SCHED, &error);
    thread->fault = part(word[4], OBJECT_TYPE_ENDPOINT, &error);
    thread->notif = part(word[5], OBJECT_TYPE_NOTIF, &error);
    if (error != OK || thread->space == NULL || thread->captab == NULL)
        return error != OK ? error : ERR_SLOT;
    thread->fault_badge = word[4] != 0 ? fake.root->slot[word[4]].badge : 0;
    thread->configured = true;
    return thread->sched != NULL && thread->sched->period == 0 ? ERR_STATE : OK;
}

static enum error call_thread(enum call call, uint32_t slot, uint64_t *word)
{
    enum error error;
    struct fake_capability *found = find(slot, OBJECT_TYPE_THREAD, &error);
    if (found == NULL)
        return error;
    struct fake_object *thread = found->object;
    if (call == CALL_THREAD_CONFIGURE)
        return call_configure(thread, word);
    if (call == CALL_THREAD_WRITE)
        memcpy(thread->registers[word[0]], &word[1], 64);
    if (call == CALL_THREAD_READ) {
        uint64_t group = word[0];
        memcpy(word, thread->registers[group], 64);
        word[4] = group == REGISTER_GROUP_CONTROL ? thread->state : word[4];
    }
    if (call == CALL_THREAD_RESUME) {
        if (!thread->configured ||
            (thread->state != THREAD_STATE_INACTIVE && thread->state != THREAD_STATE_STOPPED)) {
            return ERR_STATE;
        }
        thread->state = THREAD_STATE_READY;
    }
    if (call == CALL_THREAD_SUSPEND) {
        if (thread->state == THREAD_STATE_INACTIVE)
            return ERR_STATE;
        thread->state = THREAD_STATE_STOPPED;
    }
    return OK;
}

static enum error call_sched(uint32_t slot, const uint64_t *word)
{
    enum error error;
    struct fake_capability *sched = find(slot, OBJECT_TYPE_SCHED, &error);
    if (sched == NULL)
        return error;
    if (word[0] != 5 || sched->object->period != 0 || word[1] == 0 || word[1] > word[2])
        return ERR_RANGE;
    sched->object->budget = word[1];
    sched->object->period = word[2];
    return OK;
}

static enum error call_control(uint32_t slot, uint8_t type, const uint64_t *word)
{
    enum error error;
    struct fake_capability *table = find(word[0], OBJECT_TYPE_CAPTAB, &error);
    if (table == NULL)
        return error;
    if (slot != 5)
        return ERR_TYPE;
    if (word[1] == 0 || word[1] >= table->object->slots)
        return ERR_SLOT;
    if (table->object->slot[word[1]].type != OBJECT_TYPE_NONE)
        return ERR_OCCUPIED;
    table->object->slot[word[1]] = (struct fake_capability){.type = type,
                                                            .rights = UINT8_MAX,
                                                            .original = true,
                                                            .badge = word[2] | word[3] << 16,
                                                            .parent = &fake.root->slot[5],
                                                            .object = object_new(type)};
    return OK;
}

static enum error call_control_msi(uint32_t slot, const uint64_t *word)
{
    enum error error = call_control(slot, OBJECT_TYPE_IRQ, word);
    if (error == OK) {
        struct fake_object *msi = fake.root->slot[word[0]].object->slot[word[1]].object;
        msi->handle = (uint32_t)word[2];
        msi->source = (uint16_t)word[3];
    }
    return error;
}

static enum error call_control_device(uint32_t slot, const uint64_t *word)
{
    if (word[2] < FAKE_RAM_BYTES || word[2] % 4096 != 0 || word[3] % 4096 != 0 || word[3] == 0)
        return ERR_DENIED;
    enum error error = call_control(slot, OBJECT_TYPE_UNTYPED, word);
    if (error == OK) {
        struct fake_capability *untyped = &fake.root->slot[word[0]].object->slot[word[1]];
        untyped->keep = true;
        untyped->base = word[2];
        untyped->bytes = word[3];
    }
    return error;
}

static enum error call_event(uint32_t slot, uint8_t type, const uint64_t *word)
{
    enum error error;
    struct fake_capability *source = find(slot, type, &error);
    struct fake_capability *notif = source != NULL ? find(word[0], OBJECT_TYPE_NOTIF, &error) : NULL;
    if (notif == NULL)
        return error;
    source->object->event = notif->object;
    source->object->event_bits = (uint32_t)word[1];
    return OK;
}

static enum error call_iospace(enum call call, uint32_t slot, uint64_t *word)
{
    enum error error;
    struct fake_capability *found = find(slot, OBJECT_TYPE_IOSPACE, &error);
    if (found == NULL)
        return error;
    struct fake_object *iospace = found->object;
    if (call == CALL_IOSPACE_FAULT) {
        uint32_t faults = iospace->faults;
        iospace->faults = 0;
        word[0] = faults;
        word[1] = faults != 0 ? 6 : 0;
        word[2] = faults != 0 ? 0x1234000 : 0;
        word[3] = faults != 0 ? iospace->source : 0;
        return OK;
    }
    if (iospace->attached == (call == CALL_IOSPACE_ATTACH))
        return ERR_STATE;
    if (call == CALL_IOSPACE_ATTACH && word[0] != 5)
        return ERR_TYPE;
    iospace->attached = call == CALL_IOSPACE_ATTACH;
    iospace->source = call == CALL_IOSPACE_ATTACH ? (uint16_t)word[1] : iospace->source;
    return OK;
}

static enum error check_two(uint32_t slot, uint8_t type, uint64_t a, uint8_t a_type, uint64_t b,
                            uint8_t b_type)
{
    enum error error = OK;
    if (find(slot, type, &error) == NULL || find(a, a_type, &error) == NULL)
        return error;
    return b == 0 || find(b, b_type, &error) != NULL ? OK : error;
}

enum error ipc_invoke(uint64_t rax, uint64_t rdi, struct message *message)
{
    enum call call = (enum call)(rax >> CALL_SHIFT);
    uint32_t slot = (uint32_t)rax;
    uint64_t *word = message->word;
    bool taking = call == CALL_CAPTAB_DELETE || call == CALL_CAPTAB_REVOKE;
    taking = taking || call == CALL_IOSPACE_DETACH;
    if (!taking && fake.fail_after != UINT32_MAX && fake.fail_after-- == 0) {
        fake.fail_after = UINT32_MAX;
        fake.failed = true;
        return ERR_MEMORY;
    }
    switch ((unsigned)call) {
    case CALL_UNTYPED_RETYPE:
        return call_retype(slot, word);
    case CALL_CAPTAB_COPY:
        return call_copy(slot, word);
    case CALL_CAPTAB_DELETE:
        return call_remove(slot, word, true);
    case CALL_CAPTAB_REVOKE:
        return call_remove(slot, word, false);
    case CALL_CAPTAB_INSPECT:
        return call_inspect(slot, word);
    case CALL_SPACE_MAP:
        return call_map(slot, OBJECT_TYPE_SPACE, word);
    case CALL_SPACE_UNMAP:
        return call_unmap(slot, word);
    case CALL_THREAD_CONFIGURE:
    case CALL_THREAD_READ:
    case CALL_THREAD_WRITE:
    case CALL_THREAD_RESUME:
    case CALL_THREAD_SUSPEND:
        return call_thread(call, slot, word);
    case CALL_SCHED_CONFIGURE:
        return call_sched(slot, word);
    case CALL_CONTROL_IOPORT:
        return call_control(slot, OBJECT_TYPE_IOPORT, word);
    case CALL_CONTROL_IRQ:
        return call_control(slot, OBJECT_TYPE_IRQ, word);
    case CALL_CONTROL_MSI:
        return call_control_msi(slot, word);
    case CALL_CONTROL_DEVICE:
        return call_control_device(slot, word);
    case CALL_IRQ_BIND:
        return call_event(slot, OBJECT_TYPE_IRQ, word);
    case CALL_IOSPACE_WATCH:
        return call_event(slot, OBJECT_TYPE_IOSPACE, word);
    case CALL_IOSPACE_MAP:
        return call_map(slot, OBJECT_TYPE_IOSPACE, word);
    case CALL_IOSPACE_ATTACH:
    case CALL_IOSPACE_DETACH:
    case CALL_IOSPACE_FAULT:
        return call_iospace(call, slot, word);
    case CALL_VCPU_CONFIGURE:
        return check_two(slot, OBJECT_TYPE_VCPU, word[0], OBJECT_TYPE_SPACE, word[1], OBJECT_TYPE_CAPTAB);
    case CALL_ENDPOINT_WAIT:
        return fake_wait(false, rdi, message);
    case CALL_ENDPOINT_REPLY_WAIT:
        return fake_wait(true, rdi, message);
    default:
        return ERR_SYSCALL;
    }
}
