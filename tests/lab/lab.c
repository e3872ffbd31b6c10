#include "lab.h"

#include "log.h"
#include "panic.h"
#include "resource.h"
#include "stubs.h"
#include <bulkhead/message.h>
#include "error_name.h"
#include <string.h>

#define WINDOW 0x100000000000ull
#define PAGE 4096u

void lab_require_ok(enum error error, const char *what, int line)
{
    if (error != OK)
        panic("line %d: %s: %s", line, what, error_name(error));
}

void lab_open(struct lab *lab, const struct domain_info *info)
{
    const struct resource *captab = resource_required(info, "captab", RESOURCE_KIND_CAPTAB);

    *lab = (struct lab){
        .untyped = resource_slot(info, "untyped", RESOURCE_KIND_NUMBER),
        .captab = captab->slot,
        .space = resource_slot(info, "space", RESOURCE_KIND_SPACE),
        .control = resource_slot(info, "control", RESOURCE_KIND_NUMBER),
        .first = (uint32_t)captab->extra,
        .next = (uint32_t)captab->extra,
        .end = (uint32_t)captab->extra + captab->count,
        .window = WINDOW,
        .tsc_khz = info->tsc_khz,
    };
}

void lab_reset(struct lab *lab)
{
    lab_require(captab_revoke(lab->captab, lab->untyped));
    lab->next = lab->first;
}

uint32_t lab_slot(struct lab *lab)
{
    if (lab->next == lab->end)
        panic("the laboratory's table is full");
    return lab->next++;
}

uint32_t lab_make(struct lab *lab, enum object_type type, uint8_t flags, uint64_t size)
{
    uint32_t slot = lab_slot(lab);

    lab_require(untyped_retype(lab->untyped, type, flags, size, lab->captab, slot, 1));
    return slot;
}

uint32_t lab_copy(struct lab *lab, uint32_t captab, uint32_t to, uint32_t source, uint8_t rights,
                  uint16_t interface, uint32_t mask, uint64_t badge)
{
    if (captab == 0) {
        captab = lab->captab;
        to = lab_slot(lab);
    }
    lab_require(captab_copy(captab, to, lab->captab, source, rights, 0, interface, mask, badge));
    return to;
}

uint32_t lab_page(struct lab *lab, void **address)
{
    uint32_t frame = lab_make(lab, OBJECT_TYPE_FRAME, 0, PAGE);

    lab_require(space_map(lab->space, frame, lab->window, MAP_READ | MAP_WRITE));
    *address = (void *)lab->window;
    lab->window += PAGE;
    return frame;
}

uint32_t lab_sched(struct lab *lab, uint64_t budget, uint64_t period, uint8_t priority)
{
    uint32_t sched = lab_make(lab, OBJECT_TYPE_SCHED, 0, 256);

    lab_require(sched_configure(sched, lab->control, budget, period, priority, 0));
    return sched;
}

struct lab_thread lab_thread(struct lab *lab, const void *code, size_t code_bytes, uint32_t sched,
                             uint32_t reserve, uint32_t fault, uint32_t notif, uint32_t compartment)
{
    struct lab_thread made = {.sched = sched};
    void *page;

    if (code_bytes > PAGE)
        panic("code larger than a page");
    made.code = lab_page(lab, &page);
    memcpy(page, code, code_bytes);
    lab_require(space_unmap(lab->space, made.code));
    made.space = lab_make(lab, OBJECT_TYPE_SPACE, 0, 8);
    made.captab = lab_make(lab, OBJECT_TYPE_CAPTAB, 0, LAB_SLOTS);
    made.stack = lab_make(lab, OBJECT_TYPE_FRAME, 0, PAGE);
    lab_require(space_map(made.space, made.code, LAB_CODE, MAP_READ | MAP_EXEC));
    lab_require(space_map(made.space, made.stack, LAB_STACK, MAP_READ | MAP_WRITE));
    made.thread = lab_make(lab, OBJECT_TYPE_THREAD, 0, PAGE);
    lab_require(
        thread_configure(made.thread, made.space, made.captab, sched, reserve, fault, notif, 0, compartment));
    lab_require(
        thread_write(made.thread, REGISTER_GROUP_CONTROL, LAB_CODE, LAB_STACK + PAGE, 0, 0, 0, 0, 0, 0));
    return made;
}

void lab_start(const struct lab_thread *thread)
{
    lab_require(thread_resume(thread->thread));
}

uint64_t lab_call(uint64_t rax, struct lab_words *words)
{
    struct message message = {.label = words->rsi};
    uint64_t status;

    memcpy(message.word, words->word, sizeof message.word);
    status = ipc_invoke(rax, words->rdi, &message);
    words->rsi = message.label;
    words->rdi = message.badge;
    memcpy(words->word, message.word, sizeof message.word);
    return status;
}
