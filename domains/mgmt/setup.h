/* Turns the description's resources into mgmt's state. */
#ifndef BULKHEAD_MGMT_SETUP_H
#define BULKHEAD_MGMT_SETUP_H

#include "mgmt.h"

/* What mgmt cannot do without ends it with a line in its log (resource_required). */
void setup(struct mgmt *mgmt, const struct domain_info *info);
/* Waits until builder has realised everything, then tells the operator and the link. */
void setup_announce(struct mgmt *mgmt);

#endif
