/* hw/boot.c: honest and hostile loaders. Memory is 64 KiB; addresses in the map may be anything. */
#include <setjmp.h>
#include <stdlib.h>

#include "base/panic.h"
#include "hw/boot.h"
#include "unit.h"

/* A refusal ends the boot: here it ends boot_read. */
static jmp_buf refused;
static const char *reason;
void panic(const char *text)
{
    reason = text;
    longjmp(refused, 1);
}

enum {
    MIB = 1 << 20,
    MEMORY = 64 << 10,
    KERNEL_END = MIB + 0x21000,
    INFO = 0x1000,
    MAP = 0x2000,
    MODULES = 0x4000
};
enum { RAM = 1, RESERVED = 2, MAGIC_1 = 0x2badb002, MAGIC_2 = 0x36d76289 };

static uint8_t bytes[MEMORY];
static struct boot boot;

static void put32(uint32_t at, uint32_t value)
{
    memcpy(bytes + at, &value, 4);
}

static void put64(uint32_t at, uint64_t value)
{
    memcpy(bytes + at, &value, 8);
}

static void start(void)
{
    memset(bytes, 0, sizeof bytes);
    put32(INFO, 1 << 6);
    put32(INFO + 48, MAP);
}

/* Append to the multiboot 1 map. */
static void map_add(uint64_t base, uint64_t size, uint32_t type)
{
    uint32_t used;
    memcpy(&used, bytes + INFO + 44, 4);
    put32(MAP + used, 20);
    put64(MAP + used + 4, base);
    put64(MAP + used + 12, size);
    put32(MAP + used + 20, type);
    put32(INFO + 44, used + 24);
}

static void module_add(uint32_t first, uint32_t last)
{
    uint32_t count;
    memcpy(&count, bytes + INFO + 20, 4);
    put32(INFO, 1 << 6 | 1 << 3);
    put32(INFO + 24, MODULES);
    put32(MODULES + 16 * count, first);
    put32(MODULES + 16 * count + 4, last);
    put32(INFO + 20, count + 1);
}

/* The reason for refusal or NULL. In a buffer of the exact size, so that ASan sees a stray read. */
static const char *read_magic(uint32_t magic, uint64_t info)
{
    uint8_t *const copy = malloc(MEMORY);
    memcpy(copy, bytes, MEMORY);
    const struct window memory = {copy, MEMORY};
    memset(&boot, 0, sizeof boot);
    reason = NULL;
    if (setjmp(refused) == 0)
        boot_read(&boot, &memory, magic, info, KERNEL_END);
    free(copy);
    return reason;
}

static const char *read1(void)
{
    return read_magic(MAGIC_1, INFO);
}

static void test_boot__free_leaves_out_low_memory_kernel_and_modules(void)
{
    start();
    map_add(0, 0x9fc00, RAM);
    map_add(MIB, 127 * MIB, RAM);
    module_add(2 * MIB, 2 * MIB + 0x1001);
    module_add(4 * MIB, 4 * MIB + 0x1000);
    CHECK_TEXT(read1(), NULL);
    CHECK_EQ(boot.info.untyped_count, 3);
    CHECK_EQ(boot.info.region[0].base, KERNEL_END);
    CHECK_EQ(boot.info.region[0].bytes, 2 * MIB - KERNEL_END);
    CHECK_EQ(boot.info.region[1].base, 2 * MIB + 0x2000);
    CHECK_EQ(boot.info.region[2].base, 4 * MIB + 0x1000);
    CHECK_EQ(boot.info.region[2].base + boot.info.region[2].bytes, 128 * MIB);
    CHECK_EQ(boot.memory_end, 128 * MIB);
    CHECK_EQ(boot.info.module_count, 2);
    CHECK_EQ(boot.info.module[0].bytes, 0x1001);
}

static void test_boot__unsorted_and_overlapping_maps_go_to_the_reserved(void)
{
    start();
    map_add(64 * MIB, 64 * MIB, RESERVED);
    map_add(100 * MIB, 100 * MIB, RAM);
    map_add(2 * MIB, 99 * MIB, RAM);
    map_add(2 * MIB, 8 * MIB, RAM);
    map_add(10 * MIB + 5, 1, RESERVED);
    CHECK_TEXT(read1(), NULL);
    CHECK_EQ(boot.info.untyped_count, 3);
    CHECK_EQ(boot.info.region[0].base, 2 * MIB);
    CHECK_EQ(boot.info.region[0].bytes, 8 * MIB);
    CHECK_EQ(boot.info.region[1].base, 10 * MIB + 0x1000);
    CHECK_EQ(boot.info.region[1].base + boot.info.region[1].bytes, 64 * MIB);
    CHECK_EQ(boot.info.region[2].base, 128 * MIB);
    CHECK_EQ(boot.info.region[2].bytes, 72 * MIB);
}

static void test_boot__ranges_that_wrap_or_exceed_the_direct_map_are_clipped(void)
{
    start();
    map_add(2 * MIB, UINT64_MAX, RAM);
    map_add(UINT64_MAX - 10, UINT64_MAX, RESERVED);
    map_add(UINT64_MAX, 1, RAM);
    map_add(3 * MIB + 1, 0, RESERVED);
    CHECK_TEXT(read1(), NULL);
    CHECK_EQ(boot.info.untyped_count, 1);
    CHECK_EQ(boot.info.region[0].base, 2 * MIB);
    CHECK_EQ(boot.memory_end, 512ull << 30);
}

static void test_boot__partial_pages_are_not_free(void)
{
    start();
    map_add(2 * MIB + 1, 0x2fff, RAM);
    map_add(3 * MIB + 1, 0xffe, RAM);
    CHECK_TEXT(read1(), NULL);
    CHECK_EQ(boot.info.untyped_count, 1);
    CHECK_EQ(boot.info.region[0].base, 2 * MIB + 0x1000);
    CHECK_EQ(boot.info.region[0].bytes, 0x2000);
}

static void test_boot__refuses_broken_memory_maps(void)
{
    start();
    put32(INFO, 0);
    CHECK_TEXT(read1(), "the loader gave no memory map");
    start();
    map_add(2 * MIB, MIB, RAM);
    put32(MAP, 19);
    CHECK_TEXT(read1(), "memory map entry is cut off");
    put32(MAP, UINT32_MAX);
    CHECK_TEXT(read1(), "memory map entry is cut off");
    put32(MAP, 21);
    CHECK_TEXT(read1(), "memory map entry is cut off");
    start();
    map_add(2 * MIB, MIB, RAM);
    put32(INFO + 48, MEMORY - 2);
    CHECK_TEXT(read1(), "memory map is outside memory");
    put32(INFO + 44, UINT32_MAX);
    CHECK_TEXT(read1(), "memory map is too long");
    start();
    CHECK_TEXT(read1(), "the loader gave no memory map");
    map_add(0, MIB, RAM);
    CHECK_TEXT(read1(), "no free memory");
    CHECK_TEXT(read_magic(MAGIC_1, MEMORY - 8), "multiboot information is outside memory");
    CHECK_TEXT(read_magic(MAGIC_1, UINT64_MAX), "multiboot information is outside memory");
    CHECK_TEXT(read_magic(1, INFO), "not started by a multiboot loader");
}

static void test_boot__refuses_a_map_in_too_many_pieces(void)
{
    start();
    map_add(2 * MIB, 100 * MIB, RAM);
    for (uint32_t i = 0; i < 70; i++)
        map_add(3 * MIB + i * 0x2000, 1, RESERVED);
    CHECK_TEXT(read1(), "memory map has too many pieces");
    start();
    for (uint32_t i = 0; i < BOOT_RANGES; i++)
        map_add(i * 0x1000, 0x1000, RAM);
    CHECK_TEXT(read1(), "memory map has too many entries");
}

static const char *read_module(uint32_t first, uint32_t last)
{
    start();
    map_add(0, 128 * MIB, RAM);
    module_add(8 * MIB, 9 * MIB);
    module_add(first, last);
    return read1();
}

static void test_boot__refuses_modules_where_they_cannot_be(void)
{
    CHECK_TEXT(read_module(9 * MIB, 10 * MIB), NULL);
    CHECK_TEXT(read_module(9 * MIB, 9 * MIB), "a module is empty");
    CHECK_TEXT(read_module(9 * MIB, 8 * MIB), "a module is empty");
    CHECK_TEXT(read_module(9 * MIB + 8, 10 * MIB), "a module is not page aligned");
    CHECK_TEXT(read_module(9 * MIB - 0x1000, 10 * MIB), "a module is not in free memory");
    CHECK_TEXT(read_module(KERNEL_END - 0x1000, 2 * MIB), "a module is not in free memory");
    CHECK_TEXT(read_module(0x1000, 0x2000), "a module is not in free memory");
    CHECK_TEXT(read_module(7 * MIB, 10 * MIB), "a module is not in free memory");
    CHECK_TEXT(read_module(127 * MIB, 129 * MIB), "a module is not in free memory");
    CHECK_TEXT(read_module(0xfffff000, UINT32_MAX), "a module is not in free memory");
    start();
    map_add(0, 128 * MIB, RAM);
    put32(INFO, 1 << 6 | 1 << 3);
    put32(INFO + 20, UINT32_MAX);
    put32(INFO + 24, MEMORY);
    CHECK_TEXT(read1(), "module list is outside memory");
    start();
    map_add(0, 128 * MIB, RAM);
    for (uint32_t i = 0; i <= BOOT_MODULES; i++)
        module_add((8 + i) * MIB, (9 + i) * MIB);
    CHECK_TEXT(read1(), "more modules than the kernel can pass on");
}

static uint32_t tag_end;

static void tag_add(uint32_t type, uint32_t size)
{
    put32(tag_end, type);
    put32(tag_end + 4, size);
    tag_end += (size + 7) / 8 * 8;
    put32(INFO, tag_end - INFO);
}

static void start2(void)
{
    start();
    tag_end = INFO + 8;
    put32(tag_end + 8, 24);
    put64(tag_end + 16, 0);
    put64(tag_end + 24, 128 * MIB);
    put32(tag_end + 32, RAM);
    tag_add(6, 16 + 24);
}

static void test_boot__multiboot2_tags(void)
{
    start2();
    put32(tag_end + 8, 8 * MIB);
    put32(tag_end + 12, 9 * MIB);
    tag_add(3, 16 + 8);
    const uint32_t rsdp = tag_end + 8;
    tag_add(15, 8 + 36);
    tag_add(0, 8);
    CHECK_TEXT(read_magic(MAGIC_2, INFO), NULL);
    CHECK_EQ(boot.info.rsdp, rsdp);
    CHECK_EQ(boot.info.module_count, 1);
    CHECK_EQ(boot.info.region[1].base, 9 * MIB);
}

static void test_boot__refuses_broken_tags(void)
{
    start2();
    CHECK_TEXT(read_magic(MAGIC_2, INFO), "multiboot information has no end");
    start2();
    tag_add(3, 9);
    tag_add(0, 8);
    CHECK_TEXT(read_magic(MAGIC_2, INFO), "multiboot tag is too short");
    const uint32_t hostile[] = {0, 7, 4096, UINT32_MAX, UINT32_MAX - 7};
    for (uint32_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        start2();
        put32(tag_end, 1);
        put32(tag_end + 4, hostile[i]);
        put32(INFO, tag_end + 16 - INFO);
        CHECK_TEXT(read_magic(MAGIC_2, INFO), "multiboot tag is cut off");
    }
    start2();
    tag_add(0, 8);
    put32(INFO + 16, 0);
    CHECK_TEXT(read_magic(MAGIC_2, INFO), "memory map entry is cut off");
    put32(INFO, UINT32_MAX);
    CHECK_TEXT(read_magic(MAGIC_2, INFO), "multiboot information is outside memory");
    start();
    tag_end = INFO + 8;
    tag_add(0, 8);
    CHECK_TEXT(read_magic(MAGIC_2, INFO), "the loader gave no memory map");
}

/* Random damage to good structures: any answer, but no stray access and no overlap. */
static void test_boot__survives_random_damage(void)
{
    srand(1);
    for (uint32_t round = 0; round < 20000; round++) {
        start2();
        tag_add(3, 24);
        tag_add(14, 28);
        tag_add(0, 8);
        for (uint32_t i = 0; i < 4; i++)
            bytes[INFO + (uint32_t)rand() % 128] = (uint8_t)rand();
        if (read_magic((round & 1) ? MAGIC_1 : MAGIC_2, INFO))
            continue;
        for (uint32_t i = 0; i < boot.info.untyped_count; i++) {
            CHECK(boot.info.region[i].base % PAGE_BYTES == 0 && boot.info.region[i].bytes % PAGE_BYTES == 0);
            CHECK(boot.info.region[i].base >= KERNEL_END);
            CHECK(i == 0 ||
                  boot.info.region[i - 1].base + boot.info.region[i - 1].bytes < boot.info.region[i].base);
        }
    }
}

int main(void)
{
    RUN(test_boot__free_leaves_out_low_memory_kernel_and_modules);
    RUN(test_boot__unsorted_and_overlapping_maps_go_to_the_reserved);
    RUN(test_boot__ranges_that_wrap_or_exceed_the_direct_map_are_clipped);
    RUN(test_boot__partial_pages_are_not_free);
    RUN(test_boot__refuses_broken_memory_maps);
    RUN(test_boot__refuses_a_map_in_too_many_pieces);
    RUN(test_boot__refuses_modules_where_they_cannot_be);
    RUN(test_boot__multiboot2_tags);
    RUN(test_boot__refuses_broken_tags);
    RUN(test_boot__survives_random_damage);
    return UNIT_RESULT();
}
