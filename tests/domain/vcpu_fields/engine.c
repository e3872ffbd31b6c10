#include "engine.h"

#include <string.h>

#include "log.h"

enum { RUN_TICKS = 20000, LONG_TICKS = 20000000, LATE_TICKS = 30000000, ENTRIES = 6 };

static void check_host(struct walk_state *state)
{
    const char *changed = host_changed(&state->host);

    if (changed)
        fail(__LINE__, "%s: %s of the VMM's thread has changed", state->what, changed);
}

static uint32_t enter_for(struct walk_state *state, uint64_t ticks)
{
    const uint64_t deadline = lab_tsc() + ticks;
    enum run_reason reason;
    uint32_t bits;

    state->entries++;
    EXPECT(vcpu_run(state->guest.vcpu, deadline, &reason, &bits), OK);
    if (lab_tsc() > deadline + LATE_TICKS)
        FAIL(state, "the run did not end at its deadline");
    check_host(state);
    if (reason == RUN_REASON_DEADLINE)
        return END_DEADLINE;
    if (reason != RUN_REASON_EXIT)
        FAIL(state, "the run ended for no reason that exists");
    const uint32_t exit = state->guest.page->exit_reason;
    if (exit == EXIT_REASON_NONE || exit > EXIT_REASON_DR_ACCESS)
        FAIL(state, "an exit reason that does not exist");
    if (state->guest.page->shadow > 1 || state->guest.page->cpl > 3)
        FAIL(state, "an interrupt shadow or a CPL that does not exist");
    return exit;
}

uint32_t enter(struct walk_state *state, bool to_exit)
{
    const uint32_t end = enter_for(state, RUN_TICKS);

    return to_exit && end == END_DEADLINE ? enter_for(state, LONG_TICKS) : end;
}

/* To the next instruction, after CPUID and HLT. */
static bool skip(const struct walk_state *state, uint32_t exit)
{
    volatile struct vcpu_state *page = state->guest.page;

    if (exit != EXIT_REASON_CPUID && exit != EXIT_REASON_HLT)
        return false;
    page->rip += exit == EXIT_REASON_CPUID ? 2 : 1;
    page->dirty = 0;
    page->shadow = 0;
    return true;
}

enum error apply(struct walk_state *state)
{
    enum run_reason reason;
    uint32_t bits;
    enum error error;

    guest_write(&state->guest, &state->written);
    error = vcpu_run(state->guest.vcpu, DEADLINE_NOW, &reason, &bits);
    if (error == OK && reason != RUN_REASON_DEADLINE)
        FAIL(state, "a run of no time did not end at once");
    check_host(state);
    return error;
}

void read_back(struct walk_state *state)
{
    const volatile uint64_t *from = (const volatile uint64_t *)state->guest.page;
    struct vcpu_state got;

    state->shown = state->written.dirty == GROUPS_ALL;
    if (!state->shown)
        return;
    EXPECT(vcpu_read(state->guest.vcpu, GROUPS_ALL), OK);
    for (size_t i = 0; i < offsetof(struct vcpu_state, unused_) / 8; i++)
        ((uint64_t *)&got)[i] = from[i];
    for (size_t i = 0; i < field_count; i++) {
        const char *wrong = field_refuses(&fields[i], &state->written, &got);

        if (wrong)
            fail(__LINE__, "%s: %s 0x%llx %s: 0x%llx", state->what, fields[i].name,
                 (unsigned long long)field_read(&state->written, &fields[i]), wrong,
                 (unsigned long long)field_read(&got, &fields[i]));
    }
    state->guest.page->dirty = 0; /* what runs is what was taken over, not what was read */
}

static void see(const struct walk_state *state, const char *name, uint64_t seen, uint64_t expected)
{
    if (seen != expected)
        fail(__LINE__, "%s: the guest sees %s 0x%llx, not 0x%llx", state->what, name,
             (unsigned long long)seen, (unsigned long long)expected);
}

/* What the guest sees at its CPUIDs is what was read back. */
static void check_view(struct walk_state *state, uint32_t step, uint64_t since)
{
    const volatile struct vcpu_state *page = state->guest.page;
    const volatile uint64_t *gpr = page->gpr;
    enum { CR0_ET = 1 << 4 }; /* always set: [APM2] 3.1.1 */

    if (step == 0) {
        const uint64_t clock = gpr[13] - page->tsc_offset;

        see(state, "CR0", gpr[8], page->cr0 | CR0_ET);
        if (state->loads_cr2)
            see(state, "CR2", gpr[9], page->cr2);
        see(state, "CR3", gpr[10], page->cr3);
        see(state, "CR4", gpr[11], page->cr4);
        see(state, "CR8", gpr[12], page->cr8);
        see(state, "XCR0", gpr[14], page->xcr0 & state->host.xcr0);
        see(state, "a clock of its own, that is", clock >= since && clock <= lab_tsc(), true);
    } else if (step == 1) {
        for (uint32_t i = 0; i < 4; i++)
            see(state, "a breakpoint", gpr[8 + i], page->dr[i]);
        see(state, "DR6", gpr[12], page->dr6);
        see(state, "DR7", gpr[13], page->dr7);
        see(state, "FS base", gpr[14], page->seg[4].base);
        see(state, "GS base", gpr[15], page->seg[5].base);
        see(state, "KERNEL_GS_BASE", gpr[3], page->kernel_gs_base);
    } else if (step == 2) {
        see(state, "STAR", gpr[8], page->star);
        see(state, "LSTAR", gpr[9], page->lstar);
        see(state, "CSTAR", gpr[10], page->cstar);
        see(state, "SFMASK", gpr[11], page->sfmask);
        see(state, "SYSENTER_CS", gpr[12], page->sysenter_cs);
        see(state, "SYSENTER_ESP", gpr[13], page->sysenter_esp);
        see(state, "SYSENTER_EIP", gpr[14], page->sysenter_eip);
    }
}

/* Whether the guest executes its code as the 64-bit code that it is, from the beginning. */
static bool reads_itself(const struct walk_state *state)
{
    const volatile struct vcpu_state *page = state->guest.page;
    enum { LMA = 1 << 10, LONG = 1 << 13, VM = 1 << 17 };

    return state->shown && (page->efer & LMA) != 0 && (page->seg[1].access & LONG) != 0 &&
           (page->rflags & VM) == 0 && page->rip == GUEST_LONG;
}

bool run(struct walk_state *state, enum mode mode, bool inert)
{
    const uint64_t since = lab_tsc();
    const bool wide = mode == MODE_LONG && reads_itself(state);

    for (uint32_t step = 0; step < ENTRIES; step++) {
        const uint32_t exit = enter(state, inert && step < 4);

        if (mode == MODE_LONG && step == 4)
            return exit == END_DEADLINE;
        if (wide && exit == EXIT_REASON_CPUID)
            check_view(state, step, since);
        if (mode == MODE_LONG && exit == EXIT_REASON_HLT &&
            (step != 3 || guest_stub_at(state->guest.page->rip) != 0x40))
            return false;
        if (!skip(state, exit))
            return false;
    }
    return false;
}

void recover(struct walk_state *state)
{
    guest_restore(&state->guest);
    for (uint32_t tries = 0; tries < 4; tries++) {
        state->written = state->legal[MODE_LONG];
        guest_write(&state->guest, &state->written);
        const uint32_t exit = enter(state, true);

        if (exit == EXIT_REASON_CPUID)
            return;
        if (exit != EXIT_REASON_HLT || guest_stub_at(state->guest.page->rip) > 255)
            break;
    }
    fail(__LINE__, "%s: the legal state no longer runs: exit %u at 0x%llx", state->what,
         (unsigned)state->guest.page->exit_reason, (unsigned long long)state->guest.page->rip);
}

void learn(struct walk_state *state)
{
    recover(state);
    /* Bochs 2.7: VMRUN reads the VMCB's CR2 and does not load it. Where the kernel loads CR2 itself nothing is overlooked. */
    state->loads_cr2 = !on_amd() || state->guest.page->gpr[9] == state->legal[MODE_LONG].cr2;
    if (!state->loads_cr2)
        log_line("vcpu_fields: VMRUN does not load CR2");
}
