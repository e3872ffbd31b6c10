/* hw/iomem.c: what of the address space is devices'. */
#include <setjmp.h>

#include "base/panic.h"
#include "hw/dma.h"
#include "hw/iomem.h"
#include "unit.h"

#define GIB (1ull << 30)
enum { PAGE = 4096 };

static jmp_buf refused;
static const char *reason;
void panic(const char *text)
{
    reason = text;
    longjmp(refused, 1);
}

static bool gives(uint64_t base, uint64_t bytes)
{
    return iomem_free(base, base + bytes);
}

/* RAM to 1 GiB less 2 MiB, which the firmware keeps in two pieces out of order; more RAM above 4 GiB; ECAM. */
static const struct boot map = {
    .memory_end = 6 * GIB,
    .range_count = 6,
    .range = {{GIB - (1 << 20), GIB, false},
              {0x100000, GIB - (2 << 20), true},
              {GIB - (2 << 20), GIB - (1 << 20), false},
              {0xb0000000, 0xc0000000, false},
              {4 * GIB, 6 * GIB, true},
              {0, 0xa0000, true}},
};

static void test_iomem__nothing_of_ram_or_of_its_end(void)
{
    iomem_init(&map);
    CHECK(!gives(0, PAGE) && !gives(0xa0000, PAGE) && !gives(GIB - (2 << 20), PAGE) &&
          !gives(GIB - PAGE, PAGE));
    CHECK(!gives(GIB - PAGE, 2 * PAGE));
    CHECK(gives(GIB, PAGE) && gives(0xb0000000, 0x10000000));
    CHECK(!gives(4 * GIB, PAGE) && !gives(6 * GIB - PAGE, PAGE) && gives(6 * GIB, PAGE));
}

static void test_iomem__nothing_of_the_chip_set_or_beyond_the_direct_map(void)
{
    iomem_init(&map);
    CHECK(gives(0xfec00000 - PAGE, PAGE) && !gives(0xfec00000 - PAGE, 2 * PAGE) && !gives(0xfec00000, PAGE));
    CHECK(!gives(0xfee00000, PAGE) && !gives(0xfffff000, PAGE) && !gives(GIB, 4 * GIB));
    CHECK(gives((512 * GIB) - PAGE, PAGE) && !gives((512 * GIB) - PAGE, 2 * PAGE) && !gives(512 * GIB, PAGE));
    CHECK(!gives(1ull << 63, PAGE));
}

static void test_iomem__without_ram_above_4_gib(void)
{
    struct boot small = map;

    small.memory_end = GIB - (2 << 20);
    small.range_count = 4;
    iomem_init(&small);
    CHECK(gives(4 * GIB, PAGE));
}

static void test_iomem__nothing_that_is_withheld(void)
{
    iomem_init(&map);
    iomem_withhold(0xd0001000);
    CHECK(gives(0xd0000000, PAGE) && !gives(0xd0001000, PAGE) && gives(0xd0002000, PAGE));
    CHECK(!gives(0xd0000000, 3 * PAGE) && !gives(0xd0000000, 2 * PAGE) && !gives(0xd0001000, 2 * PAGE));
    for (uint32_t i = 1; i < 16; i++)
        iomem_withhold(0xd0000000 + i * 0x100000);
    CHECK(!gives(0xd0f00000, PAGE));
    if (setjmp(refused) == 0)
        iomem_withhold(0xe0000000);
    CHECK_TEXT(reason, "more IOMMUs than the kernel can keep to itself");
}

int main(void)
{
    RUN(test_iomem__nothing_of_ram_or_of_its_end);
    RUN(test_iomem__nothing_of_the_chip_set_or_beyond_the_direct_map);
    RUN(test_iomem__without_ram_above_4_gib);
    RUN(test_iomem__nothing_that_is_withheld);
    return UNIT_RESULT();
}
