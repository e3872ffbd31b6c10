/* What a realisation works with; every function of it gets one. */
#ifndef BUILDER_SITE_H
#define BUILDER_SITE_H

#include "builder.h"

struct site {
    struct builder *builder;
    const struct spec *spec;
    const struct plan *plan;
    const struct spec_domain *described;
    struct domain *domain;
    uint32_t id;
    struct refusal *why;
};

static inline uint32_t slot_of(const struct site *site, uint16_t object)
{
    return object == SPEC_NONE ? 0 : site->plan->object_slot[object];
}

/* A slot of builder's table for a capability that serves this domain; the plan counted them. */
static inline uint32_t next_transient(const struct site *site)
{
    return site->plan->domain[site->id].transient_first + site->domain->transients_used++;
}

/* A fresh copy of frame @index of @mapping, with the rights that its access needs: a capability maps once.
 * 0: refused. */
uint32_t copy_frame(const struct site *site, const struct spec_mapping *mapping, uint32_t index);

/* What a device is to call the frame in @slot: *@address as it is, where it lies if there is no IOMMU. */
bool devices_address(const struct site *site, uint32_t slot, uint64_t *address);
/* The domain's iospaces with their mappings, and its message-signalled interrupts. */
bool devices_realise(const struct site *site);

#endif
