/* In this room rather than base: it prints, and stops the machine. */
#include "base/panic.h"
#include "hw/cpu.h"
#include "hw/serial.h"
#include "hw/x86.h"

void trace(struct cpu *cpu, uint32_t kind, uint32_t argument, uint64_t value)
{
    const uint32_t slot = cpu->trace_next++ % TRACE_EVENTS;
    cpu->trace[slot] = (struct trace_event){rdtsc(), (uint16_t)kind, (uint16_t)cpu->index, argument, value};
}

static void trace_dump(const struct cpu *cpu)
{
    for (uint32_t i = 0; i < TRACE_EVENTS; i++) {
        const struct trace_event *entry = &cpu->trace[(cpu->trace_next + i) % TRACE_EVENTS];
        const uint64_t field[] = {entry->tsc, entry->kind, entry->argument, entry->value};
        for (uint32_t j = 0; entry->kind != TRACE_NONE && j < 4; j++) console_hex(j ? " " : "\r\ntrace: ", field[j]);
    }
    console_text("\r\n");
}

NORETURN void panic(const char *reason)
{
    console_line("FATAL: ", reason);
    if (rdmsr(MSR_GS_BASE) != 0) trace_dump(cpu_self());
    for (;;) cpu_halt();
}
