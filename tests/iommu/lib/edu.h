/* QEMU's teaching device, 00:10.0: registers in BAR 0 and a buffer that only its own DMA reaches, less than a page a time (docs/specs/edu in QEMU). */
#ifndef EDU_H
#define EDU_H

#include "hostile.h"

enum { EDU_SOURCE = 0x10 << 3, EDU_STATUS = 0x24, EDU_RAISE = 0x60, EDU_QUIET = 0x64, EDU_BUFFER = 0x40000 };

struct edu {
    struct lab *lab;
    uint32_t ports, device, memory; /* slots: configuration ports, device memory, its first page */
    uint64_t base;                  /* of BAR 0 */
    volatile uint8_t *registers;
};

/* Registers mapped, bus mastering on, messages off. */
void edu_open(struct lab *lab, struct edu *edu);
uint32_t edu_config(const struct edu *edu, uint32_t at);
void edu_config_set(const struct edu *edu, uint32_t at, uint32_t value);
/* Copy @bytes between the buffer and @address as the device names it; waits until the device says that it is done. */
void edu_read(struct edu *edu, uint64_t address, uint64_t bytes);
void edu_write(struct edu *edu, uint64_t address, uint64_t bytes);
/* Let it send @data to @address when it has something to say. */
void edu_messages(const struct edu *edu, uint64_t address, uint32_t data);
/* One message. */
void edu_raise(const struct edu *edu);

#endif
