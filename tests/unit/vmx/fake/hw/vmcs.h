/* A VMCS of memory; machine.h says what it refuses. */
#ifndef HW_VMCS_H
#define HW_VMCS_H

#include "base/types.h"
#include "hw/vmcs_fields.h"

uint64_t vmcs_read(uint64_t field);
void vmcs_write(uint64_t field, uint64_t value);
MUST_CHECK bool vmx_on(hpa_t region);
MUST_CHECK bool vmcs_clear(hpa_t region);
MUST_CHECK bool vmcs_load(hpa_t region);

enum { INVALIDATE_SINGLE = 1, INVALIDATE_ALL = 2 };
void invept(uint64_t type, uint64_t pointer);
void invvpid(uint64_t type, uint64_t vpid);

#endif
