/* Selectors of the guests' descriptor table. */
#ifndef GUEST_TABLES_H
#define GUEST_TABLES_H

#include <stdint.h>

enum segment {
    SEGMENT_CODE = 0x08,
    SEGMENT_DATA = 0x10,
    SEGMENT_USER_DATA = 0x20,
    SEGMENT_USER_CODE = 0x28,
    SEGMENT_COMPAT_CODE = 0x30,
    SEGMENT_TASK = 0x38,
};

void tables_init(void);

#endif
