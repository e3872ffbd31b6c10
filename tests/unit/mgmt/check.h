/* A check that says what failed and where, and makes the program fail. */
#ifndef TEST_MGMT_CHECK_H
#define TEST_MGMT_CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                \
    do {                                                                                                \
        if (!(condition)) {                                                                             \
            fprintf(stderr, "%s:%d: %s: CHECK(%s) failed\n", __FILE__, __LINE__, __func__, #condition); \
            exit(1);                                                                                    \
        }                                                                                               \
    } while (0)

#define RUN(test) (test(), printf("ok %s\n", #test))

#endif
