/* What can be wrong with a device, with its root port, or with the description of them. */
#ifndef PCI_PROBLEM_H
#define PCI_PROBLEM_H

#include <stdint.h>

/* The numbers are in builder's message when a boot stops: docs/devices.md lists them. */
enum problem {
    PROBLEM_NONE = 0,
    PROBLEM_DESCRIPTION = 1,
    PROBLEM_RESOURCE = 2,
    PROBLEM_BRIDGES = 3,
    PROBLEM_STILL_ON = 4,
    PROBLEM_ECAM = 5,
    PROBLEM_ABSENT = 6,
    PROBLEM_NOT_READY = 7,
    PROBLEM_HEADER = 8,
    PROBLEM_CLASS = 9,
    PROBLEM_IDENTITY = 10,
    PROBLEM_LIST = 11,
    PROBLEM_CAPABILITY = 12,
    PROBLEM_ROOT_PORT = 13,
    PROBLEM_ACS = 14,
    PROBLEM_NOT_ALONE = 15,
    PROBLEM_BAR = 16,
    PROBLEM_BAR_UNDESCRIBED = 17,
    PROBLEM_MSIX_TABLE = 18,
    PROBLEM_MSIX_COUNT = 19,
    PROBLEM_REGISTER = 20,
    PROBLEM_CHANGED = 21,
    PROBLEM_COUNT,
};

/* Writes a line into the log and answers @problem. @who is what it is about, @found what the machine says and @expected
 * what was wanted. */
enum problem problem_report(const char *who, enum problem problem, uint64_t found, uint64_t expected);

#endif
