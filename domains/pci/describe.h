/* What the domain was given, made into devices. */
#ifndef PCI_DESCRIBE_H
#define PCI_DESCRIBE_H

#include "device.h"

struct domain_info;

struct devices {
    struct device device[DEVICES_MAX];
    uint32_t count;
};

/* Reads the text `devices`, a line for each: NAME KIND PORT SOURCE WINDOW HANDLE, numbers in hexadecimal. Fills in all
 * but the pages. PROBLEM_DESCRIPTION names the line. */
enum problem describe_parse(struct devices *devices, const char *text, size_t len);

/* The text, each device's pages (`config-I`, `port-I`, `msix-I`) and its message, from `msi`. */
enum problem describe(struct devices *devices, const struct domain_info *info);

#endif
