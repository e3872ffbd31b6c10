/* What of the address space is devices' and can be given away. */
#pragma once

#include "hw/boot.h"

/* Learn where RAM ends from @boot. */
void iomem_init(const struct boot *boot);
/* A page of registers that the kernel keeps; panics when there are too many. */
void iomem_withhold(uint64_t base);
