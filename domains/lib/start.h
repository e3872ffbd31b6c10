/* What a domain's program provides. */
#ifndef LIB_START_H
#define LIB_START_H

#include <stdint.h>

struct domain_info;

/* Runs on every thread of the domain, @thread counting from 0 in the description's order. A domain has no
 * exit: returning is a mistake and ends it with a fault. */
void domain_main(const struct domain_info *info, uint32_t thread);

/* Called from start.S. */
_Noreturn void domain_start(const struct domain_info *info, uint32_t thread);

#endif
