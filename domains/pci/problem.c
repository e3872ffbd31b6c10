#include "problem.h"

#include <log.h>

static const char *const texts[PROBLEM_COUNT] = {
    [PROBLEM_NONE] = "nothing",
    [PROBLEM_DESCRIPTION] = "the text `devices` is wrong in line",
    [PROBLEM_RESOURCE] = "a page that the description promises is missing",
    [PROBLEM_BRIDGES] = "more bridges than can be kept in mind",
    [PROBLEM_STILL_ON] = "an undescribed function keeps memory decoding or bus mastering on",
    [PROBLEM_ECAM] = "memory-mapped configuration space is not where the description has it",
    [PROBLEM_ABSENT] = "nothing there",
    [PROBLEM_NOT_READY] = "not ready",
    [PROBLEM_HEADER] = "wrong header type",
    [PROBLEM_CLASS] = "wrong class",
    [PROBLEM_IDENTITY] = "wrong vendor and device",
    [PROBLEM_LIST] = "the list of capabilities does not end, or leads astray",
    [PROBLEM_CAPABILITY] = "lacks a capability",
    [PROBLEM_ROOT_PORT] = "not a root port",
    [PROBLEM_ACS] = "access control services are incomplete",
    [PROBLEM_NOT_ALONE] = "another function behind the same root port",
    [PROBLEM_BAR] = "a base address register of another size",
    [PROBLEM_BAR_UNDESCRIBED] = "a memory region that the description does not know",
    [PROBLEM_MSIX_TABLE] = "the MSI-X table or pending bits are not where the description has them",
    [PROBLEM_MSIX_COUNT] = "the MSI-X table is larger than its page",
    [PROBLEM_REGISTER] = "a register does not keep what was written",
    [PROBLEM_CHANGED] = "not the device that was there at the boot",
};

enum problem problem_report(const char *who, enum problem problem, uint64_t found, uint64_t expected)
{
    log_line("%s: %s: found %llx, expected %llx", who, texts[problem], (unsigned long long)found,
             (unsigned long long)expected);
    return problem;
}
