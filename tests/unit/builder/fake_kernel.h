/* As much of the kernel as builder can see, on the host: capabilities with their derivation, untypeds with
 * their watermark, and builder's own address space at its real addresses. Physical memory is one file in
 * memory, so that a frame mapped twice shows the same bytes. Refuses what the kernel refuses. */
#ifndef TEST_FAKE_KERNEL_H
#define TEST_FAKE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include <bulkhead/abi.h>
#include <bulkhead/message.h>

#define FAKE_RAM_BYTES (UINT64_C(64) << 20)
#define FAKE_SLOTS 4096u

struct fake_capability {
    uint8_t type, rights, flags;
    bool original, keep, sealed;
    uint16_t interface;
    uint32_t mask;
    uint64_t badge;
    uint64_t base, bytes, used; /* untyped, frame: physical */
    struct fake_object *object;
    struct fake_capability *parent;
    struct fake_object *space; /* frame, vcpu: mapped here */
    uint64_t address;
    uint8_t access;
};

struct fake_object {
    uint8_t type, flags;
    uint32_t slots;
    struct fake_capability *slot; /* captab */
    uint64_t registers[3][8];     /* thread */
    uint8_t state;
    struct fake_object *space, *captab, *sched, *reserve, *notif, *fault;
    uint64_t fault_badge;
    uint64_t budget, period;
    bool configured;
    bool attached;             /* iospace */
    uint16_t source;           /* iospace, MSI */
    uint32_t handle;           /* MSI */
    struct fake_object *event; /* iospace, irq: signalled */
    uint32_t event_bits;
    uint32_t faults;
};

/* Starts over: an empty builder table but for what the kernel gives, and modules of these bytes. */
void fake_start(struct boot_info *boot);
void fake_add_module(struct boot_info *boot, const char *name, const void *bytes, uint64_t len_bytes);
void fake_stop(void);

struct fake_capability *fake_slot(uint32_t slot);
/* The capability mapped over @address in the space that builder holds in @space_slot; NULL if there is none. */
const struct fake_capability *fake_mapping(uint32_t space_slot, uint64_t address);
/* Physical memory, for reading what a domain would see. */
const uint8_t *fake_memory(uint64_t physical);
/* Capabilities in all tables together. */
uint32_t fake_capabilities(void);

/* The call after @calls more answers ERR_MEMORY, once; revocation and deletion never fail. UINT32_MAX: never. */
void fake_fail_after(uint32_t calls);
bool fake_failed(void);

/* Called for endpoint_wait and endpoint_reply_wait; may leave by longjmp. */
extern enum error (*fake_wait)(bool reply, uint64_t deadline, struct message *message);

#endif
