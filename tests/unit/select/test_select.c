/* kernel/select/select.c: what is chosen, what is refused, and what is left of the others. */
#include "sample.h"

#include <stdlib.h>

#include "unit.h"

static struct sample sample;
static struct selection selection;

static const struct memory *machine(void)
{
    static struct memory memory;
    memory = (struct memory){sample.bytes, SAMPLE_MEMORY};
    return &memory;
}

static const char *read_info(void)
{
    return select_read(&selection, machine(), LOADER_MAGIC, INFO);
}

static bool all(uint32_t at, uint32_t bytes, uint8_t value)
{
    for (uint32_t i = 0; i < bytes; i++)
        if (sample.bytes[at + i] != value)
            return false;
    return true;
}

static void test_select__image_for_the_vendor_is_chosen(void)
{
    sample_good(&sample);
    CHECK_TEXT(read_info(), NULL);
    CHECK_EQ(selection.count, 2);
    CHECK_EQ(selection.iommu, IOMMU_NONE);
    CHECK(select_choose(&selection, CPU_SVM) == &selection.image[0]);
    CHECK(select_choose(&selection, CPU_VMX) == &selection.image[1]);
    CHECK(select_choose(&selection, CPU_NONE) == NULL);
}

/* What is chosen for @cpu of four kernels, as the place among them; 4 = none. */
static uint32_t chosen(const char *table, uint32_t cpu)
{
    sample_start(&sample);
    const char *const words[] = {"kernel cpu=svm iommu=none", "kernel cpu=svm iommu=amdvi",
                                 "kernel cpu=vmx iommu=vtd", "kernel cpu=svm iommu=vtd"};
    for (uint32_t i = 0; i < 4; i++)
        sample_module(&sample, KERNEL_SVM + i * 0x1000, KERNEL_SVM + (i + 1) * 0x1000, words[i]);
    sample_map(&sample, MIB, 7 * MIB, RAM);
    sample_rsdp(&sample, true, TABLES);
    sample_end(&sample);
    sample_root(&sample, TABLES, true, table);
    CHECK_TEXT(read_info(), NULL);
    const struct image *image = select_choose(&selection, cpu);
    return image ? (uint32_t)(image - selection.image) : 4;
}

static void test_select__image_for_the_iommu_goes_before_one_for_none(void)
{
    CHECK_EQ(chosen("MCFG", CPU_SVM), 0);
    CHECK_EQ(chosen("IVRS", CPU_SVM), 1);
    CHECK_EQ(chosen("DMAR", CPU_SVM), 3);
    CHECK_EQ(chosen("DMAR", CPU_VMX), 2);
}

static void test_select__image_for_an_iommu_is_not_for_a_machine_without(void)
{
    CHECK_EQ(chosen("MCFG", CPU_VMX), 4);
    CHECK_EQ(chosen("IVRS", CPU_VMX), 4);
}

static void commit(uint32_t cpu)
{
    const struct image *image = select_choose(&selection, cpu);
    CHECK_TEXT(select_check(&selection, machine(), image), NULL);
    select_commit(&selection, machine(), image);
}

static void test_select__chosen_image_is_in_place_and_the_rest_of_it_zero(void)
{
    sample_good(&sample);
    CHECK_TEXT(read_info(), NULL);
    commit(CPU_VMX);
    CHECK_EQ(selection.entry, ENTRY);
    CHECK(all(MIB, 0x800, 0x52));
    CHECK(all(MIB + 0x800, MIB - 0x800, 0));
    CHECK(all(2 * MIB, 0x100, 0x52));
    CHECK(all(2 * MIB + 0x100, LANDING_END - 2 * MIB - 0x100, 0));
    CHECK(all(LANDING_END, LOW_TO - LANDING_END, 0xee));
}

static void test_select__images_are_wiped_and_struck(void)
{
    sample_good(&sample);
    CHECK_TEXT(read_info(), NULL);
    commit(CPU_SVM);
    CHECK(all(KERNEL_SVM, KERNEL_BYTES, 0));
    CHECK(all(KERNEL_VMX, KERNEL_BYTES, 0));
    CHECK(all(MODULE, 0x800, 0x62));
    uint32_t modules = 0, at = INFO + 8;
    for (; get32(&sample, at) != TAG_END; at += (get32(&sample, at + 4) + 7) / 8 * 8)
        modules += get32(&sample, at) == TAG_MODULE;
    CHECK_EQ(modules, 2);
    CHECK_EQ(at + 8, INFO + get32(&sample, INFO));
}

static void test_select__modules_below_1_mib_are_moved(void)
{
    sample_good(&sample);
    const uint32_t tag = INFO + 8 + 2 * 48;
    CHECK_TEXT(read_info(), NULL);
    CHECK_EQ(get32(&sample, tag + 8), LOW_MODULE + LOW_TO);
    CHECK_EQ(get32(&sample, tag + 12), LOW_MODULE + 0x1001 + LOW_TO);
    CHECK(all(LOW_MODULE + LOW_TO, 0x1001, 0x61));
    CHECK(all(LOW_MODULE, 0x1001, 0));
    CHECK(LOW_TO % 4096 == 0 && LOW_TO + LOW_END <= SELECTOR_END);
    sample_start(&sample);
    sample_kernel(&sample, 0, 0x71);
    sample_module(&sample, 0, KERNEL_BYTES, "kernel cpu=svm iommu=none");
    sample_map(&sample, MIB, 7 * MIB, RAM);
    sample_rsdp(&sample, false, TABLES);
    sample_end(&sample);
    sample_root(&sample, TABLES, false, "MCFG");
    CHECK_TEXT(read_info(), NULL);
    CHECK(all(0, KERNEL_BYTES, 0));
    commit(CPU_SVM);
    CHECK(all(MIB, 0x800, 0x71));
    CHECK(all(LOW_TO, KERNEL_BYTES, 0));
}

/* The answer to a good machine with one more module. */
static const char *with_module(uint32_t start, uint32_t end, const char *words)
{
    sample_good(&sample);
    sample.end -= 8;
    sample_module(&sample, start, end, words);
    sample_end(&sample);
    return read_info();
}

static void test_select__modules_where_they_cannot_be_are_refused(void)
{
    static const char place[] = "a module lies where the kernel goes or in the multiboot information";
    CHECK_TEXT(with_module(5 * MIB, 5 * MIB + 1, "x"), NULL);
    CHECK_TEXT(with_module(SELECTOR_END, SELECTOR_END + 1, "x"), NULL);
    CHECK_TEXT(with_module(LOW_END - 1, LOW_END, "x"), NULL);
    CHECK_TEXT(with_module(5 * MIB, 5 * MIB, "x"), "a module is outside memory");
    CHECK_TEXT(with_module(6 * MIB, 5 * MIB, "x"), "a module is outside memory");
    CHECK_TEXT(with_module(5 * MIB, 8 * MIB + 1, "x"), "a module is outside memory");
    CHECK_TEXT(with_module(UINT32_MAX - 1, UINT32_MAX, "x"), "a module is outside memory");
    CHECK_TEXT(with_module(MIB, MIB + 1, "x"), place);
    CHECK_TEXT(with_module(0x90000, 8 * MIB, "x"), place);
    CHECK_TEXT(with_module(LOW_END - 1, LOW_END + 1, "x"), place);
    CHECK_TEXT(with_module(SELECTOR_END - 1, SELECTOR_END + 1, "x"), place);
    CHECK_TEXT(with_module(INFO - 0x1000, INFO + 1, "x"), place);
    CHECK_TEXT(with_module(INFO + 16, INFO + 17, "x"), place);
}

static void test_select__kernels_must_say_what_they_are_for(void)
{
    const char *const wrong[] = {"kernel ",
                                 "kernel cpu=svm",
                                 "kernel cpu=none iommu=none",
                                 "kernel cpu=arm iommu=none",
                                 "kernel iommu=none cpu=svm",
                                 "kernel cpu=svm iommu=",
                                 "kernel cpu=svm iommu=nonesuch",
                                 "kernel cpu=svm iommu=none ",
                                 "kernel cpu=svm  iommu=none"};
    for (uint32_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CHECK_TEXT(with_module(5 * MIB, 6 * MIB, wrong[i]), "a kernel does not say what it is for");
    CHECK_TEXT(with_module(5 * MIB, 6 * MIB, "kernel"), NULL);
    CHECK_EQ(selection.count, 2);
    CHECK_TEXT(with_module(5 * MIB, 6 * MIB, "kernel cpu=vmx iommu=vtd"), NULL);
    CHECK_EQ(selection.count, 3);
    sample_good(&sample);
    put32(&sample, INFO + 8 + 4, 16 + 25); /* its words end with the tag, without a zero */
    CHECK_TEXT(read_info(), "a kernel does not say what it is for");
    sample_good(&sample);
    sample.end -= 8;
    for (uint32_t i = 2; i <= IMAGES; i++)
        sample_module(&sample, 5 * MIB, 6 * MIB, "kernel cpu=svm iommu=none");
    sample_end(&sample);
    CHECK_TEXT(read_info(), "more kernels than the selector can count");
}

static void test_select__broken_information_is_refused(void)
{
    sample_good(&sample);
    CHECK_TEXT(select_read(&selection, machine(), 0x2badb002, INFO), "not started by a multiboot2 loader");
    const uint32_t outside[] = {SAMPLE_MEMORY, SAMPLE_MEMORY - 4, UINT32_MAX, UINT32_MAX - 7, INFO + 4};
    for (uint32_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        CHECK_TEXT(select_read(&selection, machine(), LOADER_MAGIC, outside[i]),
                   "multiboot information is outside memory");
    put32(&sample, INFO, SAMPLE_MEMORY);
    CHECK_TEXT(read_info(), "multiboot information is outside memory");
    put32(&sample, INFO, MIB);
    CHECK_TEXT(read_info(), "multiboot information lies where the kernel goes");
    sample_good(&sample);
    put32(&sample, INFO, get32(&sample, INFO) - 8);
    CHECK_TEXT(read_info(), "multiboot tag is cut off");
    sample_good(&sample);
    put32(&sample, sample.end - 4, 9);
    CHECK_TEXT(read_info(), "multiboot tag is cut off");
    put32(&sample, INFO, 8);
    CHECK_TEXT(read_info(), "multiboot tag is cut off");
    put32(&sample, INFO, 0);
    CHECK_TEXT(read_info(), "multiboot tag is cut off");
    const uint32_t cut[] = {0, 7, 0x10000, UINT32_MAX, UINT32_MAX - 7};
    for (uint32_t i = 0; i < sizeof cut / sizeof cut[0]; i++) {
        sample_good(&sample);
        put32(&sample, INFO + 12, cut[i]);
        CHECK_TEXT(read_info(), "multiboot tag is cut off");
    }
    sample_good(&sample);
    put32(&sample, INFO + 12, 15);
    CHECK_TEXT(read_info(), "multiboot tag is too short");
}

static const char *with_map(uint64_t base, uint64_t bytes, uint32_t type)
{
    sample_start(&sample);
    sample_map(&sample, base, bytes, type);
    sample_rsdp(&sample, false, TABLES);
    sample_end(&sample);
    sample_root(&sample, TABLES, false, "MCFG");
    return read_info();
}

static const char *with_stride(uint32_t stride)
{
    sample_good(&sample);
    sample.end -= 8;
    const uint32_t tag = sample.end;
    sample_map(&sample, 0, 0, RAM);
    sample_end(&sample);
    put32(&sample, tag + 8, stride);
    return read_info();
}

static void test_select__the_kernels_place_must_be_memory(void)
{
    static const char none[] = "the kernel's place is not all memory";
    CHECK_TEXT(with_map(MIB, SELECTOR_END - MIB, RAM), NULL);
    CHECK_TEXT(with_map(0, UINT64_MAX, RAM), NULL);
    CHECK_TEXT(with_map(MIB + 1, UINT64_MAX, RAM), none);
    CHECK_TEXT(with_map(MIB, SELECTOR_END - MIB - 1, RAM), none);
    CHECK_TEXT(with_map(MIB, SELECTOR_END - MIB, RESERVED), none);
    sample_good(&sample);
    sample.end -= 8;
    sample_map(&sample, SELECTOR_END - 1, 1, RESERVED);
    sample_end(&sample);
    CHECK_TEXT(read_info(), none);
    CHECK_TEXT(with_stride(0), "memory map entry is cut off");
    CHECK_TEXT(with_stride(19), "memory map entry is cut off");
    CHECK_TEXT(with_stride(UINT32_MAX), NULL);
}

/* The answer to a machine with these tables; @damage is a byte of the root table that is changed. */
static const char *with_tables(bool wide, uint64_t root, uint32_t damage)
{
    sample_start(&sample);
    sample_map(&sample, MIB, 7 * MIB, RAM);
    sample_rsdp(&sample, wide, root);
    sample_end(&sample);
    sample_root(&sample, TABLES, wide, "DMAR");
    sample.bytes[TABLES + damage]++;
    return read_info();
}

static void test_select__broken_tables_are_refused(void)
{
    static const char rsdp[] = "ACPI: RSDP is malformed", root[] = "ACPI: root table is malformed";
    const uint32_t rsdp_at = INFO + 8 + 40 + 8;
    CHECK_TEXT(with_tables(true, TABLES, 0x80), NULL);
    CHECK_EQ(selection.iommu, IOMMU_VTD);
    CHECK_TEXT(with_tables(false, TABLES, 0x80), NULL);
    CHECK_EQ(selection.iommu, IOMMU_VTD);
    for (uint32_t wide = 0; wide < 2; wide++) {
        CHECK_TEXT(with_tables(wide, TABLES, 0), root);
        memcpy(sample.bytes + TABLES, wide ? "RSDT" : "XSDT", 4);
        sample_seal(&sample, TABLES, wide ? 52 : 44, TABLES + 9);
        CHECK_TEXT(read_info(), root);
        CHECK_TEXT(with_tables(wide, TABLES, 4), root);
        CHECK_TEXT(with_tables(wide, TABLES, 7), root);
        CHECK_TEXT(with_tables(wide, TABLES, 40), root);
        CHECK_TEXT(with_tables(wide, SAMPLE_MEMORY - 35, 0x80), root);
        CHECK_TEXT(with_tables(wide, UINT32_MAX, 0x80), root);
        CHECK_TEXT(with_tables(wide, TABLES, 0x80), NULL);
        sample.bytes[rsdp_at + 10]++;
        CHECK_TEXT(read_info(), rsdp);
        CHECK_TEXT(with_tables(wide, TABLES, 0x80), NULL);
        put32(&sample, TABLES + 4, 35);
        sample_seal(&sample, TABLES, 35, TABLES + 9);
        CHECK_TEXT(read_info(), root);
    }
    CHECK_TEXT(with_tables(true, 1ull << 40, 0x80), root);
    CHECK_TEXT(with_tables(false, TABLES, 0x80), NULL);
    put32(&sample, rsdp_at - 4, 8 + 19);
    CHECK_TEXT(read_info(), rsdp);
    sample_start(&sample);
    sample_map(&sample, MIB, 7 * MIB, RAM);
    sample_end(&sample);
    CHECK_TEXT(read_info(), "the loader gave no ACPI tables");
}

static void test_select__tables_out_of_reach_are_not_seen(void)
{
    CHECK_TEXT(with_tables(true, TABLES, 0x80), NULL);
    put64(&sample, TABLES + 44, 1ull << 40);
    sample_seal(&sample, TABLES, 52, TABLES + 9);
    CHECK_TEXT(read_info(), NULL);
    CHECK_EQ(selection.iommu, IOMMU_NONE);
}

/* The answer to a kernel in which the @bytes at @at are @value. */
static const char *with_kernel(uint32_t at, uint32_t bytes, uint64_t value)
{
    sample_good(&sample);
    memcpy(sample.bytes + KERNEL_SVM + at, &value, bytes);
    CHECK_TEXT(read_info(), NULL);
    return select_check(&selection, machine(), &selection.image[0]);
}

static void test_select__kernels_that_cannot_be_loaded_are_refused(void)
{
    static const char elf[] = "the kernel is not an ELF64 file", cut[] = "the kernel's file is cut off";
    static const char place[] = "a part of the kernel is outside its place",
                      entry[] = "the kernel has no entry point";
    const uint32_t first = 64, last = 64 + 112;
    CHECK_TEXT(with_kernel(0x1000, 8, 0), NULL);
    for (uint32_t at = 0; at < 8; at++)
        CHECK_TEXT(with_kernel(at, 1, 9), elf);
    CHECK_TEXT(with_kernel(18, 2, 3), elf);
    CHECK_TEXT(with_kernel(54, 2, 32), elf);
    CHECK_TEXT(with_kernel(32, 8, KERNEL_BYTES - 167), cut);
    CHECK_TEXT(with_kernel(32, 8, UINT64_MAX), cut);
    CHECK_TEXT(with_kernel(56, 2, UINT16_MAX), cut);
    CHECK_TEXT(with_kernel(56, 2, 0), entry);
    CHECK_TEXT(with_kernel(first + 8, 8, KERNEL_BYTES - 0x7ff), cut);
    CHECK_TEXT(with_kernel(first + 8, 8, UINT64_MAX), cut);
    CHECK_TEXT(with_kernel(first + 32, 8, 0x801), cut);
    CHECK_TEXT(with_kernel(first + 32, 8, UINT64_MAX), cut);
    CHECK_TEXT(with_kernel(first + 24, 8, MIB - 1), place);
    CHECK_TEXT(with_kernel(first + 24, 8, 0), place);
    CHECK_TEXT(with_kernel(first + 24, 8, UINT64_MAX), place);
    CHECK_TEXT(with_kernel(last + 24, 8, MIB), place);
    CHECK_TEXT(with_kernel(last + 24, 8, LANDING_END - 0x3fff), place);
    CHECK_TEXT(with_kernel(last + 24, 8, LANDING_END - 0x4000), NULL);
    CHECK_TEXT(with_kernel(last + 40, 8, UINT64_MAX), place);
    CHECK_TEXT(with_kernel(24, 8, MIB + 0x800), entry);
    CHECK_TEXT(with_kernel(24, 8, MIB - 1), entry);
    CHECK_TEXT(with_kernel(24, 8, 2 * MIB), entry);
    CHECK_TEXT(with_kernel(first + 4, 4, 4), entry);
}

static void test_select__a_kernel_shorter_than_its_header_is_refused(void)
{
    sample_good(&sample);
    put32(&sample, INFO + 8 + 12, KERNEL_SVM + 63);
    CHECK_TEXT(read_info(), NULL);
    CHECK_TEXT(select_check(&selection, machine(), &selection.image[0]), "the kernel is not an ELF64 file");
}

/* Random damage to information, tables and kernel: any answer, no stray access, and memory behind the selector kept. */
static void test_select__survives_random_damage(void)
{
    srand(1);
    for (uint32_t round = 0; round < 1000; round++) {
        sample_good(&sample);
        const uint32_t where[] = {INFO, INFO, TABLES, KERNEL_SVM};
        for (uint32_t i = 0; i < 3; i++)
            sample.bytes[where[(uint32_t)rand() % 4] + (uint32_t)rand() % 0x140] = (uint8_t)rand();
        if (read_info())
            continue;
        const struct image *image = select_choose(&selection, CPU_SVM);
        if (!image || select_check(&selection, machine(), image))
            continue;
        CHECK(selection.entry >= LANDING_START && selection.entry < LANDING_END);
        select_commit(&selection, machine(), image);
        CHECK(all(LANDING_END, LOW_TO - LANDING_END, 0xee));
    }
}

int main(void)
{
    sample.bytes = malloc(SAMPLE_MEMORY);
    RUN(test_select__image_for_the_vendor_is_chosen);
    RUN(test_select__image_for_the_iommu_goes_before_one_for_none);
    RUN(test_select__image_for_an_iommu_is_not_for_a_machine_without);
    RUN(test_select__chosen_image_is_in_place_and_the_rest_of_it_zero);
    RUN(test_select__images_are_wiped_and_struck);
    RUN(test_select__modules_below_1_mib_are_moved);
    RUN(test_select__modules_where_they_cannot_be_are_refused);
    RUN(test_select__kernels_must_say_what_they_are_for);
    RUN(test_select__broken_information_is_refused);
    RUN(test_select__the_kernels_place_must_be_memory);
    RUN(test_select__broken_tables_are_refused);
    RUN(test_select__tables_out_of_reach_are_not_seen);
    RUN(test_select__kernels_that_cannot_be_loaded_are_refused);
    RUN(test_select__a_kernel_shorter_than_its_header_is_refused);
    RUN(test_select__survives_random_damage);
    free(sample.bytes);
    return UNIT_RESULT();
}
