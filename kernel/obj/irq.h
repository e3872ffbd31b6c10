/* Device interrupts as notifications; masked from delivery until acknowledged. */
#pragma once

#include "hw/vectors.h"
#include "obj/notif.h"

/* The IOAPIC's lines, then messages. */
enum { IRQS = GSI_COUNT + MSI_COUNT };

struct irq {
    struct slot hidden; /* PLACE_IRQ_NOTIF */
    struct notif *notif;
    uint64_t bits;
    uint32_t gsi;
    bool made;
};

/* The object of @gsi, or of a message, or NULL if it is out of range. */
struct irq *irq_get(uint64_t gsi);
void irq_make(struct cpu *cpu, struct irq *irq, uint8_t flags);
void irq_bind(struct cpu *cpu, struct irq *irq, struct slot *notif, uint64_t bits);
/* Unmask it; signals again if a message may have been lost. */
void irq_ack(struct cpu *cpu, struct irq *irq);
void irq_fire(struct cpu *cpu, uint32_t gsi);
void irq_lost(struct slot *slot);
void irq_retire(struct cpu *cpu, struct irq *irq);
