/* Builder's sign of life. Builder holds all memory, so nobody can build it again; when it ends everyone else runs on as they are, and
 * the one thing to do is to say so. */
#ifndef BULKHEAD_MGMT_HEART_H
#define BULKHEAD_MGMT_HEART_H

#include "mgmt.h"

/* Asks builder when it is time to; the time of the next look. */
uint64_t heart_work(struct mgmt *mgmt);
/* Asks now. NULL: builder answers, otherwise why nothing can be asked of it. */
const char *heart_check(struct mgmt *mgmt);

#endif
