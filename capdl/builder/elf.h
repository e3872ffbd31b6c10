/* Static ELF64 programs of domains: what builder accepts and nothing else ([ELF64]). */
#ifndef BUILDER_ELF_H
#define BUILDER_ELF_H

#include "spec.h"

#define ELF_ADDRESS_MIN UINT64_C(0x400000)
#define ELF_ADDRESS_END UINT64_C(0x20000000) /* the heap's place, docs/architecture.md §3 */

/* Fills entry, segment_count and segment of @found from the file. Refuses what is not a static x86-64
 * executable whose loadable segments are page-disjoint, ascending, inside the window and the file, and never
 * writable and executable. */
bool elf_parse(const uint8_t *file, uint64_t len_bytes, struct spec_image *found, struct refusal *why);

/* Whether the file is exactly what the description says it is. */
bool elf_matches(const struct spec_image *described, const struct spec_image *found, struct refusal *why);

#endif
