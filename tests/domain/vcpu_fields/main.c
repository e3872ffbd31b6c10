/* A VMM writes a vCPU's page. Whatever stands in any field, the kernel refuses the run or ends it with a reason that exists; what it shows
 * afterwards is legal; the deadline holds; the next legal state runs; and nothing of the value reaches the processor outside the guest: not
 * this thread's registers, FS base, flags, XCR0 and clock, not what a probe meets at privileged and optional instructions, not the extended
 * state and FS base of threads that run at the same time. The same on every vendor. */
#include "engine.h"

#include <string.h>

#include "format.h"
#include "log.h"

enum { RANDOM_STATES = 3000, SEED = 20231115, CODE_MAX = 0x7fff };

static void try_value(struct walk_state *state, const struct field *field, enum mode mode, uint64_t value)
{
    const uint64_t moved = value ^ field_read(&state->legal[mode], field);
    const bool legal = (moved & field->moves) == 0 || ((field->flags & FIELD_NULL) != 0 && value == 0);
    const bool inert = mode == MODE_LONG && (field->flags & FIELD_INERT) != 0 && legal;

    (void)format_text(state->what, sizeof state->what, "mode %u, %s = 0x%llx", (unsigned)mode, field->name,
                      (unsigned long long)value);
    state->values++;
    state->written = state->legal[mode];
    field_write(&state->written, field, value);
    EXPECT(apply(state), OK);
    read_back(state);
    const bool ended = run(state, mode, inert);
    const bool refused =
        state->guest.page->exit_reason == EXIT_REASON_INVALID_STATE && (field->flags & FIELD_CHECKED) != 0;
    if (inert && !ended && !refused)
        fail(__LINE__, "%s: the guest stopped at 0x%llx, exit %u", state->what,
             (unsigned long long)state->guest.page->rip, (unsigned)state->guest.page->exit_reason);
    recover(state);
}

static void walk_field(struct walk_state *state, const struct field *field, enum mode mode)
{
    const bool whole = mode == MODE_LONG || field->walk == WALK_CONTROL || field->walk == WALK_ACCESS;
    const uint64_t legal = field_read(&state->legal[mode], field);
    const char *changed;
    uint64_t value;

    for (uint32_t index = 0; (whole || index < 4) && hostile_value(field, legal, index, &value); index++)
        try_value(state, field, mode, value);
    changed = host_signature_changed(&state->host, &state->probe);
    if (changed)
        fail(__LINE__, "%s: %s has changed", state->what, changed);
}

static void walk_fields(struct walk_state *state)
{
    for (uint32_t mode = MODE_LONG; mode <= MODE_REAL; mode++)
        for (size_t i = 0; i < field_count; i++)
            if (fields[i].walk != WALK_EVENT)
                walk_field(state, &fields[i], (enum mode)mode);
}

/* A word of vcpu_state.inject that exists: [APM2] 15.20; and one that both vendors deliver in any state that allows it ([SDM-2023-09]
 * Vol 3C 27.2.1.3: an error code exactly where the exception has one, of 15 bits; [APM2] 15.20: no #OF and no #BR in 64-bit mode). */
static bool event_exists(uint64_t word, uint64_t code, bool *everywhere)
{
    const uint32_t vector = word & 0xff, type = word >> 8 & 7;
    const bool error = (word >> 11 & 1) != 0, may_error = vector < 32 && (0x60227d00u >> vector & 1) != 0;

    *everywhere = type == INJECT_TYPE_NMI ||
                  (error == may_error && code <= CODE_MAX && vector < 21 && vector != 4 && vector != 5);
    if (type == INJECT_TYPE_NMI)
        return vector == 2 && !error;
    return type == INJECT_TYPE_EXCEPTION && vector < 32 && vector != 2 && (!error || may_error);
}

/* The guest is at the stub of this vector, with this error code on its stack, and came from its first instruction. */
static bool delivered(const struct walk_state *state, uint32_t vector, bool error, uint64_t code)
{
    const volatile struct vcpu_state *page = state->guest.page;
    uint64_t stack[2];

    if (guest_stub_at(page->rip) != vector || page->gpr[4] >= GUEST_STACK - 16)
        return false;
    memcpy(stack, state->guest.memory + page->gpr[4], sizeof stack);
    return error ? (uint32_t)stack[0] == (uint32_t)code && stack[1] == GUEST_LONG : stack[0] == GUEST_LONG;
}

static void try_event(struct walk_state *state, uint64_t word, uint64_t code)
{
    bool everywhere;
    const bool exists = event_exists(word, code, &everywhere);

    (void)format_text(state->what, sizeof state->what, "inject = 0x%llx, error 0x%llx",
                      (unsigned long long)word, (unsigned long long)code);
    state->values++;
    state->written = state->legal[MODE_LONG];
    state->written.xcr0 = 1; /* not the host's: a refused entry puts that back as well */
    state->written.inject = word;
    state->written.inject_error = code;
    const enum error error = apply(state);
    if (error != OK) {
        EXPECT(error, ERR_ARGUMENT);
        if (exists && everywhere)
            FAIL(state, "an event that exists was refused");
        if (state->guest.page->inject != word)
            FAIL(state, "what was refused has changed");
        return;
    }
    if (!exists)
        FAIL(state, "an event that does not exist was taken");
    const uint32_t exit = enter(state, true);
    if (exit == EXIT_REASON_INVALID_STATE ? everywhere : exit != EXIT_REASON_HLT)
        fail(__LINE__, "%s: ended with exit %u at 0x%llx, address 0x%llx", state->what, exit,
             (unsigned long long)state->guest.page->rip, (unsigned long long)state->guest.page->exit_address);
    const uint32_t at = guest_stub_at(state->guest.page->rip);
    /* Whether an error code stands on the stack where none was given, or the other way round, differs among processors. */
    if (exit == EXIT_REASON_HLT &&
        (everywhere ? !delivered(state, word & 0xff, (word >> 11 & 1) != 0, code) : at != (word & 0xff)))
        FAIL(state, "was not delivered as it was asked for");
    if (state->guest.page->inject != 0)
        FAIL(state, "was delivered and still stands there");
    recover(state);
}

static void walk_events(struct walk_state *state)
{
    enum { ERROR = 1 << 11 };
    const uint64_t valid = 1ull << 31;
    uint64_t code = 0xfffffffe;

    for (uint64_t word = 0; word < 1 << 12; word++) {
        try_event(state, valid | word, code);
        if ((word >> 8 & 7) != INJECT_TYPE_NMI) /* a second one would wait for the guest's IRET */
            try_event(state, valid | word, code & CODE_MAX);
        code = code << 1 | code >> 63;
    }
    for (uint32_t bit = 12; bit < 64; bit++) /* reserved, but for the valid bit */
        try_event(state, valid | 1ull << bit | ERROR | INJECT_TYPE_EXCEPTION << 8 | VECTOR_GP, 1ull << bit);
}

static void run_interrupt(struct walk_state *state, uint64_t irq, uint64_t flags, uint64_t cr8)
{
    (void)format_text(state->what, sizeof state->what, "irq_vector = 0x%llx, rflags 0x%llx, cr8 %llu",
                      (unsigned long long)irq, (unsigned long long)flags, (unsigned long long)cr8);
    state->values++;
    state->written = state->legal[MODE_LONG];
    state->written.irq_vector = irq;
    state->written.rflags = flags;
    state->written.cr8 = cr8;
    state->written.shadow = (flags & 0x200) == 0; /* MOV SS's, for STI has not happened */
    EXPECT(apply(state), OK);
    read_back(state);
    const uint32_t exit = enter(state, true);
    /* No local APIC sends a vector below 32: it is the 8259's, which knows no TPR. */
    const bool masked = cr8 != 0 && (irq & 0xff) >= 32;
    const bool wanted = (irq & 0x100) != 0 && (flags & 0x200) != 0 && !masked;
    if (wanted ? exit != EXIT_REASON_HLT || !delivered(state, irq & 0xff, false, 0)
               : exit != EXIT_REASON_CPUID)
        fail(__LINE__, "%s: exit %u at 0x%llx", state->what, exit,
             (unsigned long long)state->guest.page->rip);
    if (((state->guest.page->irq_vector & 0x100) != 0) != ((irq & 0x100) != 0 && !wanted))
        FAIL(state, "the request stands, or does not stand, against what happened");
}

/* An interrupt comes if the guest takes interrupts and its priority is above TPR, waits if not, and is forgotten if withdrawn. */
static void walk_interrupts(struct walk_state *state)
{
    for (uint64_t vector = 0; vector < 256; vector++) {
        run_interrupt(state, 0x100 | vector, 0x202, 0);
        recover(state);
        run_interrupt(state, 0x100 | vector, 2, 0);
        run_interrupt(state, vector, 0x202, 0);
        recover(state);
        if (vector < 0xf0)
            run_interrupt(state, 0x100 | vector, 0x202, 15);
        recover(state);
    }
    for (uint32_t bit = 0; bit < 64; bit++) {
        run_interrupt(state, 1ull << bit, 0x202, 0);
        recover(state);
    }
}

/* A hypercall to a service that never answers: its deadline and the VMM's limits, whatever they are. */
static void try_hypercall(struct walk_state *state, uint64_t limit, uint64_t deadline, uint64_t offset)
{
    volatile struct vcpu_state *page = state->guest.page;

    (void)format_text(state->what, sizeof state->what, "call_limit 0x%llx, deadline 0x%llx, offset 0x%llx",
                      (unsigned long long)limit, (unsigned long long)deadline, (unsigned long long)offset);
    state->values++;
    state->written = state->legal[MODE_HYPERCALL];
    state->written.call_limit = limit;
    state->written.tsc_offset = offset;
    state->written.gpr[0] = HYPERCALL_BIT | 1;
    state->written.gpr[6] = label_make(INTERFACE_ANY, 0, 1);
    state->written.gpr[7] = deadline;
    EXPECT(apply(state), OK);
    const uint32_t exit = enter(state, false);
    if (exit != END_DEADLINE && exit != EXIT_REASON_HLT)
        fail(__LINE__, "%s: exit %u", state->what, exit);
    if (exit == EXIT_REASON_HLT && page->gpr[0] != ERR_TIMEOUT && page->gpr[0] != ERR_CANCELED)
        fail_error(__LINE__, state->what, (enum error)page->gpr[0], ERR_TIMEOUT);
    recover(state);
}

static void walk_hypercalls(struct walk_state *state)
{
    const struct field any = {.bytes = 8, .walk = WALK_EDGES};
    uint64_t limit, deadline, offset;

    for (uint32_t i = 0; hostile_value(&any, 0, i, &limit); i++)
        for (uint32_t j = 0; hostile_value(&any, 0, j, &deadline); j++)
            for (uint32_t k = 0; k < 4 && hostile_value(&any, 0, k, &offset); k++)
                try_hypercall(state, limit, deadline, offset);
}

/* Of a state that differs from the last one everywhere, only what stands in a dirty group is taken over. */
static void walk_dirty(struct walk_state *state)
{
    static const uint16_t group[] = {VCPU_GROUP_CONTROL, VCPU_GROUP_SEGMENT, VCPU_GROUP_TABLE, VCPU_GROUP_MSR,
                                     VCPU_GROUP_DEBUG,   VCPU_GROUP_TSC,     VCPU_GROUP_EFER};
    enum { SEVEN = sizeof(group) / sizeof(group[0]), NO_EXECUTE = 1 << 11 };

    for (uint32_t bit = 0; bit < 32; bit++) {
        (void)format_text(state->what, sizeof state->what, "dirty = 0x%x", 1u << bit);
        state->values++;
        state->written = state->legal[MODE_LONG];
        EXPECT(apply(state), OK);
        struct vcpu_state *to = &state->written;
        uint64_t *const word[SEVEN] = {&to->cr2,   &to->seg[0].base, &to->gdtr_limit, &to->star,
                                       &to->dr[0], &to->tsc_offset,  &to->efer};

        for (uint32_t i = 0; i < SEVEN; i++)
            *word[i] ^= NO_EXECUTE;
        to->dirty = 1u << bit;
        EXPECT(apply(state), OK);
        EXPECT(vcpu_read(state->guest.vcpu, GROUPS_ALL), OK);
        const volatile uint64_t *page = (const volatile uint64_t *)state->guest.page;
        for (uint32_t i = 0; i < SEVEN; i++) {
            const bool taken = page[word[i] - (uint64_t *)to] == *word[i];

            if (taken != (group[i] == 1u << bit))
                fail(__LINE__, "%s: group 0x%x was %s", state->what, group[i],
                     taken ? "taken over, but its group is not dirty" : "not taken over");
        }
        recover(state);
    }
}

static void walk_groups(struct walk_state *state)
{
    memcpy(state->what, "groups to read", 15);
    for (uint32_t bit = 0; bit < 32; bit++)
        EXPECT(vcpu_read(state->guest.vcpu, 1u << bit), bit < 9 ? OK : ERR_ARGUMENT);
    EXPECT(vcpu_read(state->guest.vcpu, UINT32_MAX), ERR_ARGUMENT);
    recover(state);
}

/* [Marsaglia 2003], 13-7-17 */
static uint64_t next_random(struct walk_state *state)
{
    state->random ^= state->random << 13;
    state->random ^= state->random >> 7;
    state->random ^= state->random << 17;
    return state->random;
}

/* Each field with a chance of 1 in 8 a hostile value. */
static enum mode random_state(struct walk_state *state)
{
    const enum mode mode = (enum mode)(next_random(state) % MODE_HYPERCALL);
    uint64_t value;

    state->written = state->legal[mode];
    for (size_t i = 0; i < field_count; i++) {
        const uint64_t dice = next_random(state);

        if (dice % 8 != 0 || (fields[i].walk == WALK_EVENT && dice % 64 != 0))
            continue;
        if (hostile_value(&fields[i], field_read(&state->written, &fields[i]), dice >> 8 & 0x1ff, &value))
            field_write(&state->written, &fields[i], value);
    }
    return mode;
}

static void walk_random(struct walk_state *state)
{
    state->random = SEED;
    for (uint32_t i = 0; i < RANDOM_STATES; i++) {
        bool everywhere;
        const char *changed;

        (void)format_text(state->what, sizeof state->what, "seed %u, state %u", (unsigned)SEED, i);
        state->values++;
        const enum mode mode = random_state(state);
        const uint64_t word = state->written.inject;
        const enum error error = apply(state);
        if (error != OK && ((word >> 31 & 1) == 0 || error != ERR_ARGUMENT))
            FAIL(state, "was refused");
        if (error == OK && (word >> 31 & 1) != 0 && !event_exists(word, 0, &everywhere))
            FAIL(state, "an event that does not exist was taken");
        if (error == OK) {
            read_back(state);
            (void)run(state, mode, false);
        }
        recover(state);
        changed = i % 256 == 0 ? host_signature_changed(&state->host, &state->probe) : NULL;
        if (changed)
            fail(__LINE__, "%s: %s has changed", state->what, changed);
    }
}

static void open(struct walk_state *state, struct lab *lab)
{
    state->lab = lab;
    probe_open(lab, &state->probe);
    host_open(&state->host, &state->probe);
    guest_open(lab, &state->guest);
    for (uint32_t mode = 0; mode < MODES; mode++)
        guest_state(&state->legal[mode], (enum mode)mode, state->host.xcr0);
    memcpy(state->what, "no value yet", 13);
}

static void walk(struct worker *self)
{
    static struct walk_state state;

    open(&state, self->lab);
    learn(&state);
    const uint64_t start = lab_tsc();
    walk_fields(&state);
    walk_events(&state);
    walk_interrupts(&state);
    walk_hypercalls(&state);
    walk_dirty(&state);
    walk_groups(&state);
    walk_random(&state);
    if (host_signature_changed(&state.host, &state.probe))
        FAIL(&state, "what a probe meets has changed");
    log_line("vcpu_fields: %llu values, %llu entries, %llu million ticks, seed %u",
             (unsigned long long)state.values, (unsigned long long)state.entries,
             (unsigned long long)(lab_tsc() - start) / 1000000, (unsigned)SEED);
}

void test(struct lab *lab)
{
    static struct watchers watchers;
    static struct worker worker;
    const struct worker_options options = {.priority = PRIORITY_TEST, .compartment = 70};
    uint64_t rip, rsp, rflags, fs, e, f, g, h;
    void *page;

    (void)lab_page(lab, &page);
    *(uint64_t *)page = HOST_FS_WORD;
    worker_make(lab, &worker, walk, options);
    EXPECT(thread_read(worker.thread, REGISTER_GROUP_CONTROL, &rip, &rsp, &rflags, &fs, &e, &f, &g, &h), OK);
    EXPECT(thread_write(worker.thread, REGISTER_GROUP_CONTROL, rip, rsp, 0, (uint64_t)page, 0, 0, 0, 0), OK);
    watchers_start(lab, &watchers);
    EXPECT(thread_resume(worker.thread), OK);
    while (!worker.done)
        sleep_us(lab, 10000);
    watchers_check(lab, &watchers);
}
