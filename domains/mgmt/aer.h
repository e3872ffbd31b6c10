/* Errors of PCI Express in words. */
#ifndef BULKHEAD_MGMT_AER_H
#define BULKHEAD_MGMT_AER_H

#include "text.h"

/* The kinds that @bits stand for, as idl/pci.idl has them: "bad TLP, receiver". */
void aer_names(struct text *text, bool correctable, uint32_t bits);

#endif
