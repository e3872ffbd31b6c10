/* Putting a kernel image into guest memory: what all loaders share. Images come from builder, are read-only
 * and hashed by the CBOR, yet a loader believes no number in them. */
#ifndef VMM_BOOT_H
#define VMM_BOOT_H

#include "memory.h"

/* Where things stand in guest memory below 1 MiB (docs/guest-platform.md). */
#define LAYOUT_GDT UINT64_C(0x1000)
#define LAYOUT_PAGE_TABLES UINT64_C(0x2000) /* PML4, PDPT, four PDs: up to 0x7fff */
#define LAYOUT_TSS UINT64_C(0x8000)
#define LAYOUT_BOOT_INFO UINT64_C(0x10000)
#define LAYOUT_STRINGS UINT64_C(0x20000)
#define LAYOUT_STRINGS_END UINT64_C(0x9f000)
#define LAYOUT_LOW_END UINT64_C(0x9f000)
#define LAYOUT_ACPI UINT64_C(0xe0000)
#define LAYOUT_ACPI_END UINT64_C(0x100000)
#define LAYOUT_KERNEL_MIN UINT64_C(0x100000)

#define BOOT_MODULES_MAX 8u
#define PAGE_BYTES UINT64_C(4096)

struct blob {
    const uint8_t *bytes;
    uint64_t len;
    const char *text; /* command line, not terminated */
    uint64_t text_len;
};

struct boot_request {
    struct blob kernel;
    struct blob modules[BOOT_MODULES_MAX];
    uint32_t module_count;
    gpa_t rsdp;
};

enum entry_kind { ENTRY_LONG_MODE, ENTRY_PROTECTED_MODE };

/* How the guest's processor starts. */
struct entry {
    enum entry_kind kind;
    uint64_t rip;
    uint64_t rax, rbx, rsi;
};

#define E820_RAM 1u
#define E820_RESERVED 2u
#define MEMORY_MAP_MAX 5u

struct map_entry {
    uint64_t start, len;
    uint32_t type;
};

/* The memory map in e820 terms; answers the number of entries. */
uint32_t boot_memory_map(const struct memory *memory, struct map_entry out[MEMORY_MAP_MAX]);

/* Chooses the loader by the image and runs it. NULL, or why the image is refused. */
const char *boot_load(struct memory *memory, const struct boot_request *request, struct entry *entry);

bool bzimage_recognize(const struct blob *kernel);
const char *bzimage_load(struct memory *memory, const struct boot_request *request, struct entry *entry);
bool pvh_recognize(const struct blob *kernel);
const char *pvh_load(struct memory *memory, const struct boot_request *request, struct entry *entry);
bool multiboot1_recognize(const struct blob *kernel);
const char *multiboot1_load(struct memory *memory, const struct boot_request *request, struct entry *entry);

/* Little-endian fields of an image; the caller has checked the range. */
uint16_t load_u16(const uint8_t *at);
uint32_t load_u32(const uint8_t *at);
uint64_t load_u64(const uint8_t *at);
void store_u32(uint8_t *at, uint32_t value);
void store_u64(uint8_t *at, uint64_t value);

/* Puts a terminated copy of @text at *at, which moves on; false if it does not fit below LAYOUT_STRINGS_END. */
bool boot_place_string(struct memory *memory, uint64_t *at, const char *text, uint64_t len,
                       uint64_t *address);

/* Places modules from @floor upward, page-aligned; addresses[i] is where module i stands. */
const char *boot_place_modules(struct memory *memory, const struct boot_request *request, uint64_t floor,
                               uint64_t addresses[BOOT_MODULES_MAX]);

#endif
