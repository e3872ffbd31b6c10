/* The few system calls that mgmt makes, by what they mean here. The unit tests have their own version. */
#ifndef BULKHEAD_MGMT_KERNEL_CALLS_H
#define BULKHEAD_MGMT_KERNEL_CALLS_H

#include <stdint.h>

/* A bell that cannot be rung is not mgmt's loss: the other end is gone or being rebuilt. */
void kernel_signal(uint32_t notif_slot, uint32_t bits);
void kernel_irq_acknowledge(uint32_t irq_slot);
void kernel_port_write(uint32_t ioport_slot, uint16_t port, uint8_t size_bytes, uint32_t value);
/* Does nothing for a while; bits of the notification that come meanwhile are taken. */
void kernel_rest(uint32_t notif_slot, uint64_t ns, uint64_t tsc_khz);
uint32_t kernel_port_read(uint32_t ioport_slot, uint16_t port, uint8_t size_bytes);

#endif
