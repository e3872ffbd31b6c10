/* bzImage, PVH and multiboot1, built byte by byte; each refusal by name. */
#include <stdlib.h>

#include "boot.h"
#include "fakes.h"
#include "unit.h"

#define IMAGE_BYTES 0x3000u

static struct memory memory;
static uint8_t image[IMAGE_BYTES];
static struct boot_request request;
static struct entry entry;

static void put16(uint32_t at, uint32_t value)
{
    image[at] = (uint8_t)value;
    image[at + 1] = (uint8_t)(value >> 8);
}

static void put32(uint32_t at, uint64_t value)
{
    store_u32(image + at, (uint32_t)value);
}

static void fresh(void)
{
    if (memory.view != NULL) {
        fake_memory_free(&memory);
    }
    fake_memory(&memory, 32 * PIECE_BYTES, 32);
    memset(image, 0, sizeof image);
    request = (struct boot_request){.kernel = {image, sizeof image, "console=ttyS0", 13}, .rsdp = {0xe0000}};
}

static uint32_t guest32(uint64_t address)
{
    uint32_t value = 0;
    CHECK(memory_read(&memory, gpa(address), &value, 4));
    return value;
}

static const char *load(void)
{
    return boot_load(&memory, &request, &entry);
}

static void bzimage(void)
{
    fresh();
    image[0x1f1] = 1;
    put16(0x1fe, 0xaa55);
    image[0x201] = 0x66;
    memcpy(image + 0x202, "HdrS", 4);
    put16(0x206, 0x20f);
    image[0x211] = 1;
    put32(0x22c, 0x7fffffff);
    image[0x234] = 1;
    put16(0x236, 1);
    put32(0x238, 2047);
    put32(0x258, 0x1000000);
    put32(0x260, 0x100000);
    memset(image + 0x400, 0x90, IMAGE_BYTES - 0x400);
}

static void test_bzimage__is_placed_with_its_parameters(void)
{
    static const uint8_t initrd[5000] = {1, 2, 3};
    bzimage();
    request.modules[0] = (struct blob){initrd, sizeof initrd, NULL, 0};
    request.module_count = 1;
    CHECK_TEXT(load(), NULL);
    CHECK_EQ(entry.kind, ENTRY_LONG_MODE);
    CHECK_EQ(entry.rip, 0x1000200);
    CHECK_EQ(entry.rsi, 0x10000);
    CHECK_EQ(guest32(0x1000000), 0x90909090);
    uint32_t line = guest32(0x10228), disk = guest32(0x10218);
    CHECK(memcmp(memory_at(&memory, gpa(line), 14), "console=ttyS0", 14) == 0);
    CHECK_EQ(guest32(0x1021c), sizeof initrd);
    CHECK_EQ(guest32(disk), 0x030201);
    CHECK_EQ(disk % 4096, 0);
    CHECK_EQ(guest32(0x10070), 0xe0000);
    CHECK_EQ(guest32(0x101e8) & 0xff, 4);
}

static void test_bzimage__refusals(void)
{
    bzimage();
    put16(0x236, 0);
    CHECK_TEXT(load(), "the bzImage has no 64-bit entry point (boot protocol 2.12)");
    bzimage();
    image[0x211] = 0;
    CHECK_TEXT(load(), "a zImage, not a bzImage");
    bzimage();
    image[0x1f1] = 64;
    CHECK_TEXT(load(), "the bzImage is cut off");
    bzimage();
    put32(0x260, 0xfffffff0);
    CHECK_TEXT(load(), "the kernel does not fit into the guest's memory");
    bzimage();
    put32(0x25c, 0xffffffff);
    CHECK_TEXT(load(), "the kernel does not fit into the guest's memory");
    bzimage();
    put32(0x238, 12);
    CHECK_TEXT(load(), "the command line is too long");
    bzimage();
    request.modules[0] = (struct blob){image, UINT64_MAX / 2, NULL, 0};
    request.module_count = 1;
    CHECK_TEXT(load(), "the initial ram disk does not fit into the guest's memory");
}

/* One PT_LOAD of 0x100 bytes (0x200 in memory) at 0x200000, and for PVH a note. */
static void elf(bool is_64, bool note)
{
    fresh();
    memcpy(image, "\177ELF", 4);
    image[4] = is_64 ? 2 : 1;
    image[5] = 1;
    put16(16, 2);
    put16(18, is_64 ? 62 : 3);
    put32(24, 0x200010);
    put32(is_64 ? 32 : 28, 0x100);
    put16(is_64 ? 54 : 42, is_64 ? 56 : 32);
    put16(is_64 ? 56 : 44, 2);
    put32(0x100, 1);
    put32(is_64 ? 0x108 : 0x104, 0x1000);
    put32(is_64 ? 0x118 : 0x10c, 0x200000);
    put32(is_64 ? 0x120 : 0x110, 0x100);
    put32(is_64 ? 0x128 : 0x114, 0x200);
    memset(image + 0x1000, 0x77, 0x100);
    if (note) {
        uint32_t header = is_64 ? 0x138 : 0x120;
        put32(header, 4);
        put32(header + (is_64 ? 8 : 4), 0x800);
        put32(header + (is_64 ? 32 : 16), 20);
        put32(0x800, 4);
        put32(0x804, 4);
        put32(0x808, 18);
        memcpy(image + 0x80c, "Xen", 4);
        put32(0x810, 0x200040);
    }
}

static void put_multiboot_header(void)
{
    put32(0x400, 0x1badb002);
    put32(0x404, 3);
    put32(0x408, 0 - UINT64_C(0x1badb002) - 3);
}

static void multiboot(void)
{
    elf(false, false);
    put_multiboot_header();
}

static void test_pvh__is_placed_with_its_start_info(void)
{
    elf(true, true);
    request.modules[0] = (struct blob){image, 100, "module text", 11};
    request.module_count = 1;
    CHECK_TEXT(load(), NULL);
    CHECK_EQ(entry.kind, ENTRY_PROTECTED_MODE);
    CHECK_EQ(entry.rip, 0x200040);
    CHECK_EQ(entry.rbx, 0x10000);
    CHECK_EQ(guest32(0x10000), 0x336ec578);
    CHECK_EQ(guest32(0x10004), 1);
    CHECK_EQ(guest32(0x1000c), 1);
    CHECK_EQ(guest32(0x10020), 0xe0000);
    CHECK_EQ(guest32(0x10030), 4);
    CHECK_EQ(guest32(0x2000fc), 0x77777777);
    CHECK_EQ(guest32(0x200100), 0);
    uint32_t modules = guest32(0x10010);
    CHECK_EQ(guest32(modules), 0x201000);
    CHECK_EQ(guest32(modules + 8), 100);
    CHECK(memcmp(memory_at(&memory, gpa(guest32(modules + 16)), 12), "module text", 12) == 0);
}

static void test_multiboot1__is_placed_with_map_and_modules(void)
{
    multiboot();
    request.modules[0] = (struct blob){image, 100, "first", 5};
    request.modules[1] = (struct blob){image, 200, NULL, 0};
    request.module_count = 2;
    CHECK_TEXT(load(), NULL);
    CHECK_EQ(entry.rip, 0x200010);
    CHECK_EQ(entry.rax, 0x2badb002);
    uint64_t info = entry.rbx;
    CHECK(info >= 0x10000 && info < 0x9f000);
    CHECK_EQ(guest32(info), 0x24d);
    CHECK_EQ(guest32(info + 4), 636);
    CHECK_EQ(guest32(info + 8), 63 * 1024);
    CHECK_EQ(guest32(info + 20), 2);
    uint32_t modules = guest32(info + 24);
    CHECK_EQ(guest32(modules) % 4096, 0);
    CHECK_EQ(guest32(modules + 4) - guest32(modules), 100);
    CHECK(guest32(modules + 16) >= guest32(modules + 4));
    CHECK(memcmp(memory_at(&memory, gpa(guest32(modules + 8)), 6), "first", 6) == 0);
    uint32_t map = guest32(info + 48), end = map + guest32(info + 44);
    for (; map < end; map += guest32(map) + 4) {
        uint64_t start = guest32(map + 4), len = guest32(map + 12);
        CHECK(guest32(map + 20) != 1 || start + len <= 0xa0000 ||
              start >= 0xc0000); /* the VGA window is not RAM */
    }
    CHECK_EQ(map, end);
}

static void test_elf__refusals(void)
{
    elf(true, true);
    put32(0x120, 0x10000); /* file size beyond the file */
    CHECK_TEXT(load(), "an ELF segment lies outside the file");
    elf(true, true);
    put32(0x128, 0x10);
    CHECK_TEXT(load(), "an ELF segment is larger in the file than in memory");
    elf(true, true);
    put32(0x118, 0x1000);
    CHECK_TEXT(load(), "an ELF segment lies below 1 MiB");
    elf(true, true);
    put32(0x11c, 0x1000000);
    CHECK_TEXT(load(), "an ELF segment does not fit into the guest's memory");
    elf(true, true);
    put32(0x804, 0xfffffffc); /* a note that runs out of its segment */
    CHECK_TEXT(load(), "not a bzImage, a multiboot1 ELF32 or an ELF with a PVH note");
    elf(true, true);
    put16(56, 65535);
    CHECK_TEXT(load(), "not a bzImage, a multiboot1 ELF32 or an ELF with a PVH note");
    elf(true, true);
    put32(32, IMAGE_BYTES - 56); /* a table of two headers with room for one */
    CHECK_TEXT(load(), "not a bzImage, a multiboot1 ELF32 or an ELF with a PVH note");
    elf(true, true);
    put32(0x140, IMAGE_BYTES - 16); /* a note that ends where its text would begin */
    put32(0x158, 16);
    memcpy(image + IMAGE_BYTES - 16, image + 0x800, 16);
    CHECK_TEXT(load(), "not a bzImage, a multiboot1 ELF32 or an ELF with a PVH note");
    multiboot();
    put32(0x404, 11);
    put32(0x408, 0 - UINT64_C(0x1badb002) - 11);
    CHECK_TEXT(load(), "the multiboot header asks for what we do not offer");
    multiboot();
    image[4] = 2;
    CHECK_TEXT(load(), "a multiboot1 image must be ELF32 (objcopy -O elf32-i386)");
    elf(true, false);
    put_multiboot_header();
    CHECK_TEXT(load(), "a multiboot1 image must be ELF32 (objcopy -O elf32-i386)");
}

static void test_boot__refuses_small_guests_and_junk(void)
{
    fresh();
    CHECK_TEXT(load(), "not a bzImage, a multiboot1 ELF32 or an ELF with a PVH note");
    request.kernel.len = 0;
    CHECK_TEXT(load(), "not a bzImage, a multiboot1 ELF32 or an ELF with a PVH note");
    fake_memory_free(&memory);
    fake_memory(&memory, 2 * PIECE_BYTES, 2);
    CHECK_TEXT(load(), "the guest has less than 8 MiB of memory");
}

int main(void)
{
    RUN(test_bzimage__is_placed_with_its_parameters);
    RUN(test_bzimage__refusals);
    RUN(test_pvh__is_placed_with_its_start_info);
    RUN(test_multiboot1__is_placed_with_map_and_modules);
    RUN(test_elf__refusals);
    RUN(test_boot__refuses_small_guests_and_junk);
    fake_memory_free(&memory);
    return UNIT_RESULT();
}
