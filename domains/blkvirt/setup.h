#ifndef BLKVIRT_SETUP_H
#define BLKVIRT_SETUP_H

#include "blkvirt.h"

struct domain_info;

/* Fills in what the description gave this domain; ends it with a line in the log where that is not enough. */
void setup(struct blkvirt *blkvirt, const struct domain_info *info);

#endif
