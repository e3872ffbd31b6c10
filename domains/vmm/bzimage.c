/* [BOOT] Documentation/x86/boot.rst, protocol 2.12 or later, entered at its 64-bit entry point. */
#include <string.h>

#include "boot.h"

/* Offsets of the setup header, in the file and in the zero page alike. */
#define SETUP_SECTS 0x1f1u
#define VID_MODE 0x1fau
#define BOOT_FLAG 0x1feu
#define JUMP_LENGTH 0x201u
#define HEADER_MAGIC 0x202u
#define VERSION 0x206u
#define TYPE_OF_LOADER 0x210u
#define LOADFLAGS 0x211u
#define CODE32_START 0x214u
#define RAMDISK_IMAGE 0x218u
#define RAMDISK_SIZE 0x21cu
#define CMD_LINE_PTR 0x228u
#define INITRD_ADDR_MAX 0x22cu
#define KERNEL_ALIGNMENT 0x230u
#define RELOCATABLE 0x234u
#define XLOADFLAGS 0x236u
#define CMDLINE_SIZE 0x238u
#define PREF_ADDRESS 0x258u
#define INIT_SIZE 0x260u
#define HEADER_END 0x268u /* first byte after what we read */
/* Offsets of the zero page (Documentation/x86/zero-page.rst). */
#define ZERO_ACPI_RSDP 0x070u
#define ZERO_E820_COUNT 0x1e8u
#define ZERO_E820 0x2d0u
#define ZERO_BYTES 4096u
#define SETUP_HEADER_MAX 0x290u

#define VERSION_MIN 0x020cu
#define XLF_KERNEL_64 1u
#define LOADED_HIGH 1u
#define LOADER_UNDEFINED 0xffu
#define ENTRY_64_OFFSET 0x200u

struct setup {
    uint64_t payload, payload_len; /* offset and length in the file */
    uint64_t load, init_bytes;
    uint64_t initrd_max;
    uint32_t cmdline_max;
};

bool bzimage_recognize(const struct blob *kernel)
{
    return kernel->len >= HEADER_END && load_u16(kernel->bytes + BOOT_FLAG) == 0xaa55 &&
           memcmp(kernel->bytes + HEADER_MAGIC, "HdrS", 4) == 0;
}

static const char *read_setup(const struct blob *kernel, struct setup *setup)
{
    const uint8_t *b = kernel->bytes;
    uint32_t sectors = b[SETUP_SECTS] == 0 ? 4 : b[SETUP_SECTS];
    if (load_u16(b + VERSION) < VERSION_MIN || (load_u16(b + XLOADFLAGS) & XLF_KERNEL_64) == 0) {
        return "the bzImage has no 64-bit entry point (boot protocol 2.12)";
    }
    if ((b[LOADFLAGS] & LOADED_HIGH) == 0) {
        return "a zImage, not a bzImage";
    }
    setup->payload = (sectors + 1u) * 512u;
    if (setup->payload >= kernel->len) {
        return "the bzImage is cut off";
    }
    setup->payload_len = kernel->len - setup->payload;
    setup->load = b[RELOCATABLE] != 0 ? load_u64(b + PREF_ADDRESS) : load_u32(b + CODE32_START);
    setup->init_bytes = load_u32(b + INIT_SIZE);
    if (setup->init_bytes < setup->payload_len) {
        setup->init_bytes = setup->payload_len;
    }
    setup->initrd_max = load_u32(b + INITRD_ADDR_MAX);
    setup->cmdline_max = load_u32(b + CMDLINE_SIZE);
    return NULL;
}

static const char *place_kernel(struct memory *memory, const struct blob *kernel, const struct setup *setup)
{
    if (setup->load < LAYOUT_KERNEL_MIN || setup->load >= memory->low_bytes ||
        setup->init_bytes > memory->low_bytes - setup->load) {
        return "the kernel does not fit into the guest's memory";
    }
    if (!memory_write(memory, gpa(setup->load), kernel->bytes + setup->payload, setup->payload_len)) {
        return "no memory for the kernel";
    }
    return NULL;
}

/* As high as the kernel allows, above everything the kernel touches while it unpacks itself. */
static const char *place_initrd(struct memory *memory, const struct blob *initrd, const struct setup *setup,
                                uint64_t *address)
{
    uint64_t top = min_u64(setup->initrd_max + 1, memory->low_bytes);
    if (initrd->len > top) {
        return "the initial ram disk does not fit into the guest's memory";
    }
    *address = (top - initrd->len) & ~(PAGE_BYTES - 1);
    if (*address < setup->load + setup->init_bytes) {
        return "the initial ram disk does not fit into the guest's memory";
    }
    return initrd->len == 0 || memory_write(memory, gpa(*address), initrd->bytes, initrd->len)
               ? NULL
               : "no memory for the initial ram disk";
}

static void fill_map(const struct memory *memory, uint8_t *zero)
{
    struct map_entry map[MEMORY_MAP_MAX];
    uint32_t count = boot_memory_map(memory, map);
    zero[ZERO_E820_COUNT] = (uint8_t)count;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *entry = zero + ZERO_E820 + i * 20u;
        store_u64(entry, map[i].start);
        store_u64(entry + 8, map[i].len);
        store_u32(entry + 16, map[i].type);
    }
}

static void fill_header(const struct blob *kernel, uint8_t *zero)
{
    uint64_t end = min_u64(min_u64(HEADER_MAGIC + kernel->bytes[JUMP_LENGTH], SETUP_HEADER_MAX), kernel->len);
    memset(zero, 0, ZERO_BYTES);
    memcpy(zero + SETUP_SECTS, kernel->bytes + SETUP_SECTS, end - SETUP_SECTS);
    zero[TYPE_OF_LOADER] = LOADER_UNDEFINED;
    zero[VID_MODE] = zero[VID_MODE + 1] = 0xff; /* "normal" */
}

static const char *place_command_line(struct memory *memory, const struct blob *kernel,
                                      const struct setup *setup, uint8_t *zero)
{
    uint64_t strings = LAYOUT_STRINGS, address;
    if (kernel->text_len > setup->cmdline_max ||
        !boot_place_string(memory, &strings, kernel->text, kernel->text_len, &address)) {
        return "the command line is too long";
    }
    store_u32(zero + CMD_LINE_PTR, (uint32_t)address);
    return NULL;
}

const char *bzimage_load(struct memory *memory, const struct boot_request *request, struct entry *entry)
{
    static const struct blob none;
    const struct blob *initrd = request->module_count != 0 ? &request->modules[0] : &none;
    struct setup setup;
    uint64_t initrd_at = 0;
    const char *refused = read_setup(&request->kernel, &setup);
    if (refused == NULL) {
        refused = place_kernel(memory, &request->kernel, &setup);
    }
    if (refused == NULL) {
        refused = place_initrd(memory, initrd, &setup, &initrd_at);
    }
    uint8_t *zero = memory_at(memory, gpa(LAYOUT_BOOT_INFO), ZERO_BYTES);
    if (refused != NULL || zero == NULL) {
        return refused != NULL ? refused : "no memory for the boot parameters";
    }
    fill_header(&request->kernel, zero);
    fill_map(memory, zero);
    store_u64(zero + ZERO_ACPI_RSDP, request->rsdp.value);
    store_u32(zero + CODE32_START, (uint32_t)setup.load);
    if (initrd->len != 0) {
        store_u32(zero + RAMDISK_IMAGE, (uint32_t)initrd_at);
        store_u32(zero + RAMDISK_SIZE, (uint32_t)initrd->len);
    }
    *entry =
        (struct entry){.kind = ENTRY_LONG_MODE, .rip = setup.load + ENTRY_64_OFFSET, .rsi = LAYOUT_BOOT_INFO};
    return place_command_line(memory, &request->kernel, &setup, zero);
}
