/* hw/barrier.c: which processors the kernel refuses to start on. */
#include <stdlib.h>

#include "base/panic.h"
#include "hw/barrier.h"
#include "hw/serial.h"
#include "unit.h"

/* Only barrier_init, which runs on the machine, needs these. */
void panic(const char *reason)
{
    printf("panic: %s\n", reason);
    abort();
}
void console_line(const char *head, const char *text)
{
    printf("%s%s\n", head, text);
}

enum {
    INTEL = 0x6c65746e,
    AMD = 0x444d4163,
    ZEN_2 = 0x00830f10,
    ICE_LAKE = 0x000706e5,
    ICE_LAKE_X = 0x000606a6
};
enum { SKYLAKE = 0x000506e3, HASWELL = 0x000306c3, PENTIUM_4 = 0x00000f65 };

static void test_barrier__arch_capabilities_decide_where_they_are(void)
{
    const uint64_t none = 0, rdcl_no = 1, others = ~UINT64_C(1);
    CHECK(barrier_leaks(INTEL, SKYLAKE, &none));
    CHECK(barrier_leaks(INTEL, SKYLAKE, &others));
    CHECK(!barrier_leaks(INTEL, SKYLAKE, &rdcl_no));
    CHECK(barrier_leaks(INTEL, ICE_LAKE, &none));
    CHECK(!barrier_leaks(INTEL, ICE_LAKE, &rdcl_no));
}

static void test_barrier__elsewhere_the_model_decides(void)
{
    CHECK(!barrier_leaks(INTEL, ICE_LAKE, NULL));
    CHECK(!barrier_leaks(INTEL, ICE_LAKE_X, NULL));
    CHECK(barrier_leaks(INTEL, SKYLAKE, NULL));
    CHECK(barrier_leaks(INTEL, HASWELL, NULL));
    CHECK(barrier_leaks(INTEL, ICE_LAKE & 0xfff, NULL)); /* 06_0EH: the upper half of the model counts */
}

static void test_barrier__other_vendors_and_families_are_not_affected(void)
{
    const uint64_t none = 0;
    CHECK(!barrier_leaks(AMD, ZEN_2, NULL));
    CHECK(!barrier_leaks(AMD, SKYLAKE, &none)); /* QEMU's "max" says AMD, family 6 */
    CHECK(!barrier_leaks(INTEL, PENTIUM_4, NULL));
}

int main(void)
{
    RUN(test_barrier__arch_capabilities_decide_where_they_are);
    RUN(test_barrier__elsewhere_the_model_decides);
    RUN(test_barrier__other_vendors_and_families_are_not_affected);
    return UNIT_RESULT();
}
