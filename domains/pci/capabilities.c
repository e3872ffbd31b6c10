#include "capabilities.h"

#include <stdbool.h>
#include <stddef.h>

#include "machine.h"
#include "registers.h"

struct place {
    uint16_t number;
    uint16_t bytes;
    size_t offset; /* of the member */
};

static const struct place standard[] = {
    {CAP_POWER, 8, offsetof(struct capabilities, power)},
    {CAP_MSI, 4, offsetof(struct capabilities, msi)},
    {CAP_PCIE, PCIE_BYTES, offsetof(struct capabilities, pcie)},
    {CAP_MSIX, 12, offsetof(struct capabilities, msix)},
};

static const struct place extended[] = {
    {EXT_AER, AER_BYTES, offsetof(struct capabilities, aer)},
    {EXT_ACS, 8, offsetof(struct capabilities, acs)},
    {EXT_ATS, 8, offsetof(struct capabilities, ats)},
    {EXT_SRIOV, 12, offsetof(struct capabilities, sriov)},
    {EXT_PRI, 8, offsetof(struct capabilities, pri)},
    {EXT_PASID, 8, offsetof(struct capabilities, pasid)},
};

/* As many as fit, each of one double word: a list that is longer goes round. */
enum {
    STANDARD_FIRST = 0x40,
    STANDARD_MOST = (CONFIG_BYTES - STANDARD_FIRST) / 4,
    EXTENDED_MOST = (CONFIG_PAGE_BYTES - EXT_FIRST) / 4,
    POINTER = 0xfc,
    EXTENDED_POINTER = 0xffc,
};

/* False: the structure at @at would end beyond @end. */
static bool note(const struct place *places, size_t count, uint32_t number, uint32_t at, uint32_t end,
                 struct capabilities *found)
{
    for (size_t index = 0; index < count; index++) {
        uint16_t *const member = (uint16_t *)(void *)((uint8_t *)found + places[index].offset);
        if (places[index].number != number)
            continue;
        if (at + places[index].bytes > end)
            return false;
        *member = *member == 0 ? (uint16_t)at : *member;
    }
    return true;
}

static enum problem find_standard(const char *who, volatile void *page, struct capabilities *found)
{
    if ((page_read(page, CONFIG_COMMAND) & STATUS_CAPABILITIES) == 0)
        return PROBLEM_NONE;
    uint32_t at = page_read(page, CONFIG_CAPABILITIES) & POINTER;
    for (unsigned count = 0; at != 0; count++) {
        if (count == STANDARD_MOST || at < STANDARD_FIRST)
            return problem_report(who, PROBLEM_LIST, at, STANDARD_FIRST);
        const uint32_t header = page_read(page, at);
        if (!note(standard, sizeof(standard) / sizeof(standard[0]), header & 0xff, at, CONFIG_BYTES, found))
            return problem_report(who, PROBLEM_LIST, at, CONFIG_BYTES);
        at = header >> 8 & POINTER;
    }
    return PROBLEM_NONE;
}

/* [PCIE-3.0] 7.9.1: no extended capability at all is a header of zeros; a device that has gone reads as ones. */
static enum problem find_extended(const char *who, volatile void *page, struct capabilities *found)
{
    uint32_t at = EXT_FIRST;
    for (unsigned count = 0; at != 0; count++) {
        if (count == EXTENDED_MOST || at < EXT_FIRST)
            return problem_report(who, PROBLEM_LIST, at, EXT_FIRST);
        const uint32_t header = page_read(page, at);
        if (header == UINT32_MAX)
            return problem_report(who, PROBLEM_ABSENT, header, 0);
        if (!note(extended, sizeof(extended) / sizeof(extended[0]), header & 0xffff, at, CONFIG_PAGE_BYTES,
                  found))
            return problem_report(who, PROBLEM_LIST, at, CONFIG_PAGE_BYTES);
        at = header >> 20 & EXTENDED_POINTER;
    }
    return PROBLEM_NONE;
}

enum problem capabilities_find(const char *who, volatile void *page, struct capabilities *found)
{
    *found = (struct capabilities){0};
    const enum problem problem = find_standard(who, page, found);
    return problem != PROBLEM_NONE ? problem : find_extended(who, page, found);
}
