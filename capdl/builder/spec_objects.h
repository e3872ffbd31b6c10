/* What the checks of a description share: objects and references to them. */
#ifndef BUILDER_SPEC_OBJECTS_H
#define BUILDER_SPEC_OBJECTS_H

#include "spec.h"

enum whose { OWN, OWN_OR_SHARED, SHARED, DEVICE };

/* Every object is of a type and size that retype makes, and fits into its owner's memory; fills the ranges of
 * objects by owner. */
bool spec_check_objects(struct spec *spec, struct refusal *why);

/* The object @number as seen from domain @id, if it is of @type and its owner fits; NULL otherwise. */
const struct spec_object *spec_find(const struct spec *spec, uint32_t id, uint32_t number, uint8_t type,
                                    enum whose whose);

/* The same with a refusal that says @what it should have been; the optional one may be SPEC_NONE. */
bool spec_check_reference(const struct spec *spec, uint32_t id, const char *what, uint32_t number,
                          uint8_t type, enum whose whose, struct refusal *why);
bool spec_check_optional(const struct spec *spec, uint32_t id, const char *what, uint32_t number,
                         uint8_t type, struct refusal *why);

#endif
