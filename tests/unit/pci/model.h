/* A machine of PCI Express functions in software: configuration space by ports and by pages, base address registers,
 * bridges that route by bus number and window, MSI-X tables, resets that take their time. */
#ifndef TEST_PCI_MODEL_H
#define TEST_PCI_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "describe.h"
#include "registers.h"

enum { MODEL_FUNCTIONS = 80, MODEL_PAGES = 16, MODEL_ENTRIES = 256 };
#define MODEL_ECAM UINT32_C(0xb0000000)
#define MODEL_WINDOW UINT32_C(0xe0000000)

struct model_function {
    const struct model_function *parent; /* the bridge above; NULL: on bus 0 */
    uint8_t devfn;
    uint8_t space[CONFIG_PAGE_BYTES];
    uint8_t writable[CONFIG_PAGE_BYTES];
    uint8_t clears[CONFIG_PAGE_BYTES]; /* written ones clear */
    uint8_t power_on[CONFIG_PAGE_BYTES];
    uint32_t table[MODEL_ENTRIES][4];
    uint32_t table_words; /* that exist */
    unsigned pending;     /* looks until no transaction is left */
    uint64_t ready_us;    /* reads as ones before */
    uint64_t reset_us;    /* a bridge: when its bus went into reset */
    unsigned resets;      /* a device: how often */
    bool gone;
    bool wakes_slowly; /* reads as vendor 1 when it comes back */
};

struct model_page {
    uint16_t bdf;
    bool table;
    uint32_t address; /* of a table */
};

struct model {
    struct model_function functions[MODEL_FUNCTIONS];
    unsigned count;
    struct model_page pages[MODEL_PAGES];
    unsigned page_count;
    uint64_t now_us;
    unsigned hurried; /* accesses to a device in its mandated wait, resets too short */
    unsigned touched; /* writes to what nobody may change */
    unsigned accesses;
    struct machine machine;
    struct devices devices;
};

extern struct model model;

/* The functions of the usual machine, as the firmware leaves them. */
extern struct model_function *const model_host,
    *const model_lpc, *const model_sata, *const model_port_a,
                                             *const model_port_b,
                                                 *const model_nvme, *const model_nic, *const model_bridge,
                                                                                          *const model_stray;

/* A q35 with two described devices ("disk", an NVMe controller; "net", an e1000e) and three functions that are not. */
void model_start(void);

uint32_t model_get(const struct model_function *function, uint32_t offset);
void model_put(struct model_function *function, uint32_t offset, uint32_t value);
/* The bits of that double word that can be written. */
void model_allow(struct model_function *function, uint32_t offset, uint32_t bits);
/* Those that written ones clear. */
void model_clears(struct model_function *function, uint32_t offset, uint32_t bits);
/* Another bridge without anything behind it. */
void model_add_bridge(uint8_t devfn);
/* The offset of a capability, standard or extended; 0 = absent. */
uint32_t model_capability(const struct model_function *function, uint32_t number);
uint32_t model_extended(const struct model_function *function, uint32_t number);

#endif
