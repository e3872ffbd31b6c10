/* A token bucket: how often a tenant may do something that costs others. */
#ifndef BULKHEAD_MGMT_BUCKET_H
#define BULKHEAD_MGMT_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
    uint32_t burst;       /* most tokens at once */
    uint32_t tokens;      /* <= burst */
    uint64_t interval_ns; /* one token more for each */
    uint64_t counted_ns;  /* tokens are right as of then */
};

/* A full bucket of @burst tokens that gains one each @interval_ns (not zero). */
void bucket_init(struct bucket *bucket, uint32_t burst, uint64_t interval_ns, uint64_t now_ns);
/* Takes a token, if there is one. A clock that goes back yields nothing. */
bool bucket_take(struct bucket *bucket, uint64_t now_ns);

#endif
