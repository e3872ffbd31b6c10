/* The kinds of device that the system drives: what each must look like, and where its regions go. */
#ifndef PCI_KIND_H
#define PCI_KIND_H

#include <stddef.h>
#include <stdint.h>

enum { BARS = 6, BAR_WINDOW_BYTES = 0x200000 };

/* A memory region: its size, 0 where the device must have none, and its place in the device's window. */
struct kind_bar {
    uint32_t bytes;
    uint32_t offset;
};

struct kind {
    const char *name;    /* as in the description */
    uint32_t class_code; /* class, subclass, programming interface */
    uint32_t identity;   /* vendor, device << 16; 0: any */
    struct kind_bar bar[BARS];
    /* What MSIX_TABLE and MSIX_PENDING must say: offset | number of the BAR. */
    uint32_t msix_table;
    uint32_t msix_pending;
};

/* NULL: no such kind. */
const struct kind *kind_find(const char *name, size_t len);

#endif
