/* A unit test is a function per claim; main runs them in order. A failed CHECK names its place. */
#ifndef UNIT_H
#define UNIT_H

#include <stdio.h>
#include <string.h>

static int unit_failed_checks, unit_failed_tests;

#define CHECK(condition)                                           \
    do {                                                           \
        if (!(condition)) {                                        \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            unit_failed_checks++;                                  \
        }                                                          \
    } while (0)

#define CHECK_EQ(a, b)                                                                               \
    do {                                                                                             \
        const unsigned long long unit_a = (unsigned long long)(a), unit_b = (unsigned long long)(b); \
        if (unit_a != unit_b) {                                                                      \
            printf("%s:%d: %s is %#llx, %s is %#llx\n", __FILE__, __LINE__, #a, unit_a, #b, unit_b); \
            unit_failed_checks++;                                                                    \
        }                                                                                            \
    } while (0)

/* Both NULL, or equal text. */
#define CHECK_TEXT(a, b)                                                             \
    do {                                                                             \
        const char *unit_a = (a), *unit_b = (b);                                     \
        if ((!unit_a) != (!unit_b) || (unit_a && strcmp(unit_a, unit_b) != 0)) {     \
            printf("%s:%d: %s is \"%s\", expected \"%s\"\n", __FILE__, __LINE__, #a, \
                   unit_a ? unit_a : "(null)", unit_b ? unit_b : "(null)");          \
            unit_failed_checks++;                                                    \
        }                                                                            \
    } while (0)

#define RUN(test)                                                     \
    do {                                                              \
        unit_failed_checks = 0;                                       \
        test();                                                       \
        printf("%s %s\n", unit_failed_checks ? "FAIL" : "ok", #test); \
        unit_failed_tests += unit_failed_checks != 0;                 \
    } while (0)

#define UNIT_RESULT() (unit_failed_tests != 0)

#endif
