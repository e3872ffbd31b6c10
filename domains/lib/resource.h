/* What builder gave this domain, by name. */
#ifndef LIB_RESOURCE_H
#define LIB_RESOURCE_H

#include <stdint.h>

#include <bulkhead/domain.h>

/* The first resource called @name (at most 24 bytes), or NULL. */
const struct resource *resource_find(const struct domain_info *info, const char *name);

/* The same for what the domain cannot do without, of @kind (enum resource_kind): a domain that lacks it
 * ends with a line in its log. */
const struct resource *resource_required(const struct domain_info *info, const char *name, uint16_t kind);

/* Shorthands of resource_required. */
uint32_t resource_slot(const struct domain_info *info, const char *name, uint16_t kind);
void *resource_region(const struct domain_info *info, const char *name, uint64_t min_bytes);

/* The value of an optional number. */
uint64_t resource_number(const struct domain_info *info, const char *name, uint64_t otherwise);

/* The bytes of an optional text, not terminated; NULL and 0 where it is absent or lies outside the page. */
const char *resource_text(const struct domain_info *info, const char *name, uint64_t *len_bytes);

#endif
