/* A small system that uses every part of the description: mgmt, a VMM with a guest, the driver of a bus master,
 * and a domain that runs once. */
#ifndef TEST_SAMPLE_H
#define TEST_SAMPLE_H

#include <stddef.h>

#include "spec.h"

/* Object numbers of the sample. */
enum sample_object {
    SAMPLE_POOL,
    SAMPLE_CONTENT,
    SAMPLE_CHANNEL,
    SAMPLE_BUILDER,
    SAMPLE_TENANT,
    SAMPLE_BELL,
    SAMPLE_DRIVER_BELL,
    MGMT_CAPTAB,
    MGMT_SPACE,
    MGMT_IMAGE,
    MGMT_INFO,
    MGMT_STACK,
    MGMT_THREAD,
    MGMT_SCHED,
    MGMT_RESERVE,
    VMM_RAM,
    VMM_CAPTAB,
    VMM_SPACE,
    VMM_IMAGE,
    VMM_INFO,
    VMM_STACK,
    VMM_THREAD,
    VMM_VCPU,
    VMM_GUEST_SPACE,
    VMM_GUEST_CAPTAB,
    VMM_SCHED,
    VMM_NOTIF,
    DRIVER_CAPTAB,
    DRIVER_SPACE,
    DRIVER_IOSPACE,
    DRIVER_IMAGE,
    DRIVER_INFO,
    DRIVER_STACK,
    DRIVER_DMA,
    DRIVER_THREAD,
    DRIVER_SCHED,
    SCAN_CAPTAB,
    SCAN_SPACE,
    SCAN_IMAGE,
    SCAN_INFO,
    SCAN_STACK,
    SCAN_THREAD,
    SCAN_SCHED,
    SAMPLE_BAR,
    SAMPLE_CONFIG,
    SAMPLE_OBJECTS
};
enum { SAMPLE_MGMT = 0, SAMPLE_VMM = 1, SAMPLE_DRIVER = 2, SAMPLE_SCAN = 3, SAMPLE_DOMAINS = 4 };
enum { SAMPLE_BLOB = 0, SAMPLE_PROGRAM = 1 };

#define SAMPLE_BLOB_BYTES 5000u
#define SAMPLE_ELF_BYTES 0x2100u
#define SAMPLE_STACK_TOP UINT64_C(0x7fffff000000)
#define SAMPLE_CHANNEL_ADDRESS UINT64_C(0x4000000000)
#define SAMPLE_DMA_ADDRESS UINT64_C(0x4000100000)
#define SAMPLE_BAR_ADDRESS UINT64_C(0x4000200000)
#define SAMPLE_BAR_BASE UINT64_C(0xe0000000)
#define SAMPLE_CONFIG_BASE UINT64_C(0xb0100000)
#define SAMPLE_POOL_IOVA UINT64_C(0x1000000000) /* as the device calls them */
#define SAMPLE_DMA_IOVA UINT64_C(0x1000200000)
#define SAMPLE_SOURCE 0x100
#define SAMPLE_MSI 3

/* A static ELF64: text of 0x80 bytes at 0x400000 and data of 0x100 bytes at 0x401010 with 0x1100 in memory. */
void sample_elf(uint8_t file[SAMPLE_ELF_BYTES]);
void sample_blob(uint8_t file[SAMPLE_BLOB_BYTES]);

/* The description; the images' digests are zero. Passes spec_check. */
void sample_spec(struct spec *spec);

/* Makes mgmt a laboratory: control in place of the bell, an untyped of 8 KiB in place of the reserve, held in slot 2. */
void sample_laboratory(struct spec *spec);

#endif
