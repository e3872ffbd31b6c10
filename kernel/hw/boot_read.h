/* The part of boot.c that needs no machine. */
#ifndef HW_BOOT_READ_H
#define HW_BOOT_READ_H

#include "hw/boot.h"
#include "hw/window.h"

/* Fill @boot from the loader's structures in @memory, all of it hostile; [0, image_end) is never free.
 * Returns NULL or the reason for refusal. */
MUST_CHECK const char *boot_read(struct boot *boot, const struct window *memory, uint32_t magic, uint64_t info, uint64_t image_end);

#endif
