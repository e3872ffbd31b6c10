/* The description's text `peers`: lines "FROM TO", who may speak to whom. */
#ifndef NETVIRT_PEERS_H
#define NETVIRT_PEERS_H

#include <stddef.h>

#include "netvirt.h"

/* Sets the tenants' peers. False: a line is none, or names nobody. */
bool peers_parse(const char *text, size_t len, struct tenant *tenants, uint32_t count);

#endif
