/* In the place of domains/lib/mmio.h: registers are the model's. */
#ifndef FAKE_MMIO_H
#define FAKE_MMIO_H

#include <stdint.h>

uint32_t model_read32(const void *address);
void model_write32(void *address, uint32_t value);
uint64_t model_read64(const void *address);
void model_write64(void *address, uint64_t value);

#define mmio_read32(address) model_read32(address)
#define mmio_write32(address, value) model_write32(address, value)
#define mmio_read64(address) model_read64(address)
#define mmio_write64(address, value) model_write64(address, value)

#endif
