#include "fakes.h"
#include "unit.h"
#include "walk.h"

#define LONG_MODE ((struct paging){0x80000001, 0x1000, 0x20, 0xd00})

static void put64(struct memory *memory, uint64_t address, uint64_t value)
{
    CHECK(memory_write(memory, gpa(address), &value, 8));
}

static void put32(struct memory *memory, uint64_t address, uint32_t value)
{
    CHECK(memory_write(memory, gpa(address), &value, 4));
}

static uint64_t get64(struct memory *memory, uint64_t address)
{
    uint64_t value = 0;
    CHECK(memory_read(memory, gpa(address), &value, 8));
    return value;
}

/* Virtual 0x400000: 4 KiB page at 0x9000, user, writable; 0x401000: read-only, no execute, kernel. */
static void long_tables(struct memory *memory)
{
    put64(memory, 0x1000, 0x2007);
    put64(memory, 0x2000, 0x3007);
    put64(memory, 0x3010, 0x4007);
    put64(memory, 0x4000, 0x9007);
    put64(memory, 0x4008, UINT64_C(0x800000000000a001));
    put64(memory, 0x3018, 0x200083); /* 0x600000: 2 MiB */
}

static void test_walk__four_levels_and_large_pages(void)
{
    struct memory memory;
    gpa_t address;
    uint32_t code;
    fake_memory(&memory, 4 * PIECE_BYTES, 4);
    long_tables(&memory);
    CHECK(walk(&memory, &LONG_MODE, 0x400123, WALK_READ | WALK_USER, &address, &code));
    CHECK_EQ(address.value, 0x9123);
    CHECK(walk(&memory, &LONG_MODE, 0x612345, WALK_WRITE, &address, &code));
    CHECK_EQ(address.value, 0x212345);
    CHECK_EQ(get64(&memory, 0x3018) & 0x60, 0x60);
    CHECK_EQ(get64(&memory, 0x4000) & 0x60, 0x20);
    fake_memory_free(&memory);
}

static void test_walk__faults_carry_the_processors_code(void)
{
    struct memory memory;
    gpa_t address;
    uint32_t code;
    struct paging paging = LONG_MODE;
    fake_memory(&memory, 4 * PIECE_BYTES, 4);
    long_tables(&memory);
    CHECK(!walk(&memory, &paging, 0x402000, WALK_WRITE | WALK_USER, &address, &code));
    CHECK_EQ(code, 6);
    CHECK(!walk(&memory, &paging, 0x401000, WALK_READ | WALK_USER, &address, &code));
    CHECK_EQ(code, 5);
    CHECK(!walk(&memory, &paging, 0x401000, WALK_FETCH, &address, &code));
    CHECK_EQ(code, 0x11);
    CHECK(walk(&memory, &paging, 0x401000, WALK_WRITE, &address, &code)); /* CR0.WP clear */
    paging.cr0 |= 0x10000;
    CHECK(!walk(&memory, &paging, 0x401000, WALK_WRITE, &address, &code));
    CHECK_EQ(code, 3);
    fake_memory_free(&memory);
}

static void test_walk__tables_outside_memory_are_not_present(void)
{
    struct memory memory;
    gpa_t address;
    uint32_t code;
    struct paging paging = LONG_MODE;
    fake_memory(&memory, 4 * PIECE_BYTES, 4);
    paging.cr3 = UINT64_C(0xffffffffff000);
    CHECK(!walk(&memory, &paging, 0, WALK_READ, &address, &code));
    paging = LONG_MODE;
    put64(&memory, 0x1000, UINT64_C(0x000ffffffffff007));
    CHECK(!walk(&memory, &paging, 0, WALK_READ, &address, &code));
    paging.cr4 |= 0x1000;
    CHECK(!walk(&memory, &paging, 0, WALK_READ, &address, &code));
    CHECK_EQ(code, WALK_NOT_RAM);
    fake_memory_free(&memory);
}

static void test_walk__two_levels_with_large_pages(void)
{
    struct memory memory;
    gpa_t address;
    uint32_t code;
    struct paging paging = {0x80000001, 0x1000, 0x10, 0};
    fake_memory(&memory, 4 * PIECE_BYTES, 4);
    put32(&memory, 0x1000, 0x2003);
    put32(&memory, 0x2004, 0x5003);
    put32(&memory, 0x1004, 0x400083);
    CHECK(walk(&memory, &paging, 0x1abc, WALK_READ, &address, &code));
    CHECK_EQ(address.value, 0x5abc);
    CHECK(walk(&memory, &paging, 0x412345, WALK_READ, &address, &code));
    CHECK_EQ(address.value, 0x412345);
    paging.cr4 = 0; /* without PSE bit 7 means nothing */
    CHECK(!walk(&memory, &paging, 0x412345, WALK_READ, &address, &code) || address.value != 0x412345);
    fake_memory_free(&memory);
}

static void test_walk__pae_and_no_paging(void)
{
    struct memory memory;
    gpa_t address;
    uint32_t code;
    struct paging paging = {0x80000001, 0x1020, 0x20, 0};
    fake_memory(&memory, 4 * PIECE_BYTES, 4);
    put64(&memory, 0x1020, 0x2001);
    put64(&memory, 0x2000, 0x3003);
    put64(&memory, 0x3000, 0x6003);
    CHECK(walk(&memory, &paging, 0x10, WALK_WRITE, &address, &code));
    CHECK_EQ(address.value, 0x6010);
    paging.cr0 = 1;
    CHECK(walk(&memory, &paging, UINT64_C(0x100000010), WALK_WRITE, &address, &code));
    CHECK_EQ(address.value, 0x10);
    fake_memory_free(&memory);
}

static void test_walk__copies_over_page_borders_and_names_the_fault(void)
{
    struct memory memory;
    uint8_t bytes[16];
    uint64_t fault;
    uint32_t code;
    fake_memory(&memory, 4 * PIECE_BYTES, 4);
    long_tables(&memory);
    put64(&memory, 0x9ff8, UINT64_C(0x1111111111111111));
    put64(&memory, 0xa000, UINT64_C(0x2222222222222222));
    CHECK(walk_read(&memory, &LONG_MODE, 0x400ff8, 0, bytes, 16, &fault, &code));
    CHECK_EQ(bytes[7], 0x11);
    CHECK_EQ(bytes[8], 0x22);
    CHECK(!walk_read(&memory, &LONG_MODE, 0x401ff8, 0, bytes, 16, &fault, &code));
    CHECK_EQ(fault, 0x402000);
    CHECK_EQ(code, 0);
    fake_memory_free(&memory);
}

int main(void)
{
    RUN(test_walk__four_levels_and_large_pages);
    RUN(test_walk__faults_carry_the_processors_code);
    RUN(test_walk__tables_outside_memory_are_not_present);
    RUN(test_walk__two_levels_with_large_pages);
    RUN(test_walk__pae_and_no_paging);
    RUN(test_walk__copies_over_page_borders_and_names_the_fault);
    return UNIT_RESULT();
}
