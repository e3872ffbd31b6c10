/* MSRs of the table, EFER, PAT. */
#include "msr.h"
#include "unit.h"

static void test_msr__table_is_sorted_and_unknown_is_unknown(void)
{
    CHECK(msr_find(0) == NULL);
    CHECK(msr_find(0x210) == NULL);
    CHECK(msr_find(UINT32_MAX) == NULL);
    CHECK(msr_find(0xc0010117) == NULL); /* where SVM keeps its host state */
    uint32_t last = 0;
    for (uint64_t i = 0; i <= 0xc0020000; i += i == 0x2000 ? 0xc0000000 - 0x2000 : 1) {
        const struct msr_rule *rule = msr_find((uint32_t)i);
        if (rule != NULL) {
            CHECK(rule->first <= rule->last && rule->first >= last);
            last = rule->first;
        }
    }
    CHECK_EQ(last, 0xc0011029);
}

/* Every one that Debian's kernel was seen to read (PLATFORM.md) and that has no state of its own. */
static void test_msr__linux_finds_what_it_reads(void)
{
    static const uint32_t read[] = {0x3b,       0x8b,       0xfe,       0x10a,      0x201,
                                    0x20f,      0xc0010000, 0xc0010003, 0xc0010007, 0xc0010010,
                                    0xc0010015, 0xc0010055, 0xc0011029};
    for (size_t i = 0; i < ARRAY_COUNT(read); i++) {
        CHECK(msr_find(read[i]) != NULL);
    }
    CHECK_EQ(msr_find(0xc0010007)->write, MSR_WRITE_IGNORED);
    CHECK_EQ(msr_find(0xc0011029)->value, 2);
}

static void test_msr__efer_takes_only_its_bits(void)
{
    uint64_t efer = 0x500;
    CHECK(!efer_write(&efer, 0x1500, 0, true));          /* SVME */
    CHECK(!efer_write(&efer, 0x0001, 0x80000001, true)); /* LME while paging */
    CHECK(efer_write(&efer, 0xd01, 0x80000001, true));
    CHECK_EQ(efer, 0xd01);
    CHECK(!efer_write(&efer, 0x4d01, 0, false)); /* FFXSR is not offered */
    CHECK(efer_write(&efer, 0x801, 1, true));
    CHECK_EQ(efer, 0xc01); /* LMA is not the guest's to write */
}

static void test_msr__pat_holds_memory_types_only(void)
{
    CHECK(pat_valid(UINT64_C(0x0007040600070406)));
    CHECK(pat_valid(UINT64_C(0x0407050600070106)));
    CHECK(!pat_valid(2));
    CHECK(!pat_valid(UINT64_C(0x0300000000000000)));
    CHECK(!pat_valid(8));
}

int main(void)
{
    RUN(test_msr__table_is_sorted_and_unknown_is_unknown);
    RUN(test_msr__linux_finds_what_it_reads);
    RUN(test_msr__efer_takes_only_its_bits);
    RUN(test_msr__pat_holds_memory_types_only);
    return UNIT_RESULT();
}
