#include "obj/irq.h"

#include "hw/ioapic.h"

static struct irq irqs[IRQS];

struct irq *irq_get(uint64_t gsi) { return gsi < IRQS ? &irqs[gsi % IRQS] : NULL; }

void irq_make(struct cpu *cpu, struct irq *irq, uint8_t flags)
{
    irq->gsi = (uint32_t)(irq - irqs);
    irq->made = true;
    ioapic_route(irq->gsi, flags, cpu->apic_id);
}

void irq_bind(struct cpu *cpu, struct irq *irq, struct slot *notif, uint64_t bits)
{
    if (irq->notif) cap_forget(cpu, &irq->hidden); /* an earlier holder's, who has been restarted */
    cap_hide(&irq->hidden, notif, PLACE_IRQ_NOTIF);
    irq->notif = cap_object(notif);
    irq->bits = bits;
    irq_ack(cpu, irq);
}

void irq_ack(struct cpu *cpu, struct irq *irq)
{
    if (irq->notif && ioapic_unmask(irq->gsi)) irq_fire(cpu, irq->gsi);
}

void irq_fire(struct cpu *cpu, uint32_t gsi)
{
    struct irq *irq = irq_get(gsi);

    if (!irq) return;
    ioapic_mask(gsi);
    if (irq->notif) notif_signal(cpu, irq->notif, irq->bits);
}

void irq_lost(struct slot *slot)
{
    struct irq *irq = (struct irq *)(void *)((uint8_t *)slot - offsetof(struct irq, hidden));

    ioapic_mask(irq->gsi);
    irq->notif = NULL;
}

void irq_retire(struct cpu *cpu, struct irq *irq)
{
    if (irq->notif) cap_forget(cpu, &irq->hidden);
    irq->made = false;
}
