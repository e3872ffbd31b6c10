/* Programs that builder must not load: one field of a good file is changed at a time. */
#include "elf.h"

#include "sample.h"
#include "unit.h"

static uint8_t file[SAMPLE_ELF_BYTES];
static struct spec_image found;
static struct refusal why;

static void put(unsigned offset, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        file[offset + i] = (uint8_t)(value >> i * 8);
    }
}

static bool parses(uint64_t len)
{
    why.text[0] = 0;
    return elf_parse(file, len, &found, &why);
}

/* The good file with @value at @offset is refused for @reason. */
static void refused(unsigned offset, uint64_t value, unsigned bytes, const char *reason)
{
    sample_elf(file);
    put(offset, value, bytes);
    CHECK(!parses(sizeof file));
    if (strstr(why.text, reason) == NULL) {
        printf("    offset %u: got '%s', expected '%s'\n", offset, why.text, reason);
    }
    CHECK(strstr(why.text, reason) != NULL);
}

enum { TEXT_HEADER = 64, DATA_HEADER = 120 };
enum { P_TYPE = 0, P_FLAGS = 4, P_OFFSET = 8, P_VADDR = 16, P_FILE = 32, P_MEMORY = 40, P_ALIGN = 48 };

static void test_elf__accepts_what_it_should(void)
{
    struct spec spec;
    sample_elf(file);
    sample_spec(&spec);
    CHECK(parses(sizeof file));
    CHECK_EQ(found.segment_count, 2);
    CHECK(elf_matches(&spec.image[SAMPLE_PROGRAM], &found, &why));
    spec.image[SAMPLE_PROGRAM].segment[1].memory_bytes++;
    CHECK(!elf_matches(&spec.image[SAMPLE_PROGRAM], &found, &why));
    sample_spec(&spec);
    spec.image[SAMPLE_PROGRAM].entry++;
    CHECK(!elf_matches(&spec.image[SAMPLE_PROGRAM], &found, &why));
}

static void test_elf__refuses_other_files(void)
{
    refused(0, 0x7e, 1, "not a little-endian ELF64");
    refused(4, 1, 1, "not a little-endian ELF64");
    refused(5, 2, 1, "not a little-endian ELF64");
    refused(7, 9, 1, "not a little-endian ELF64");
    refused(16, 3, 2, "not a static");
    refused(18, 183, 2, "not a static");
    refused(52, 63, 2, "unknown size");
    refused(54, 57, 2, "unknown size");
}

static void test_elf__refuses_bad_header_tables(void)
{
    refused(56, 0, 2, "program headers");
    refused(56, 17, 2, "program headers");
    refused(32, 63, 8, "outside the file");
    refused(32, SAMPLE_ELF_BYTES - 56, 8, "outside the file");
    refused(32, UINT64_MAX & ~UINT64_C(7), 8, "outside the file");
    sample_elf(file);
    CHECK(!parses(63));
    CHECK(!parses(64 + 56));
}

static void test_elf__refuses_bad_segments(void)
{
    refused(TEXT_HEADER + P_FLAGS, 7, 4, "writable and executable");
    refused(TEXT_HEADER + P_FLAGS, 1, 4, "flags");
    refused(TEXT_HEADER + P_FLAGS, 13, 4, "flags");
    refused(TEXT_HEADER + P_FILE, 0x81, 8, "more bytes in the file");
    refused(TEXT_HEADER + P_MEMORY, 0, 8, "more bytes in the file");
    refused(DATA_HEADER + P_OFFSET, UINT64_C(0xfffffffffffff010), 8, "outside the file");
    refused(DATA_HEADER + P_OFFSET, 0x3010, 8, "outside the file");
    refused(DATA_HEADER + P_MEMORY, UINT64_MAX, 8, "outside 0x");
    refused(TEXT_HEADER + P_VADDR, 0x3ff000, 8, "outside 0x");
    refused(TEXT_HEADER + P_VADDR, UINT64_C(0xffff800000000000), 8, "outside 0x");
    refused(DATA_HEADER + P_VADDR, 0x401011, 8, "misaligned");
    refused(TEXT_HEADER + P_ALIGN, 0, 8, "misaligned");
    refused(TEXT_HEADER + P_ALIGN, 0x1800, 8, "misaligned");
}

static void test_elf__refuses_shared_pages_and_disorder(void)
{
    refused(TEXT_HEADER + P_MEMORY, 0x1001, 8, "overlap");
    refused(TEXT_HEADER + P_VADDR, 0x405000, 8, "overlap");
}

static void test_elf__refuses_what_nobody_serves(void)
{
    refused(DATA_HEADER + P_TYPE, 2, 4, "type 0x2"); /* dynamic */
    refused(DATA_HEADER + P_TYPE, 3, 4, "type 0x3"); /* interpreter */
    refused(DATA_HEADER + P_TYPE, 7, 4, "type 0x7"); /* thread-local storage */
    sample_elf(file);
    put(DATA_HEADER + P_TYPE, 0x6474e551, 4);
    put(DATA_HEADER + P_FLAGS, 7, 4);
    CHECK(!parses(sizeof file));
    CHECK_TEXT(why.text, "asks for an executable stack");
}

static void test_elf__refuses_an_entry_that_is_not_code(void)
{
    refused(24, 0x401010, 8, "entry");
    refused(24, 0x400080, 8, "entry");
    refused(24, 0, 8, "entry");
}

static void test_elf__too_many_segments(void)
{
    sample_elf(file);
    put(56, 9, 2);
    for (unsigned i = 0; i < 9; i++) {
        memcpy(file + 64 + i * 56, file + TEXT_HEADER, 56);
        put(64 + i * 56 + P_VADDR, 0x400000 + i * 0x1000, 8);
    }
    CHECK(!parses(sizeof file));
    CHECK(strstr(why.text, "more than 8") != NULL);
}

int main(void)
{
    RUN(test_elf__accepts_what_it_should);
    RUN(test_elf__refuses_other_files);
    RUN(test_elf__refuses_bad_header_tables);
    RUN(test_elf__refuses_bad_segments);
    RUN(test_elf__refuses_shared_pages_and_disorder);
    RUN(test_elf__refuses_what_nobody_serves);
    RUN(test_elf__refuses_an_entry_that_is_not_code);
    RUN(test_elf__too_many_segments);
    return UNIT_RESULT();
}
