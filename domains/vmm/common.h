/* What every file of the VMM may use. */
#ifndef VMM_COMMON_H
#define VMM_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A guest-physical address; guests supply these, so it is a type of its own. */
typedef struct {
    uint64_t value;
} gpa_t;

#define TIME_NEVER UINT64_MAX
#define ARRAY_COUNT(a) (sizeof(a) / sizeof((a)[0]))

static inline gpa_t gpa(uint64_t value)
{
    return (gpa_t){value};
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The low @len_bytes bytes, 1..8; larger lengths keep all. */
static inline uint64_t mask_bytes(unsigned len_bytes)
{
    return len_bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << (8 * len_bytes)) - 1;
}

#endif
