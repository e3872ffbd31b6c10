/* MSRs that hold the guest's own state (system calls, FS/GS, PAT) keep their values across exits and hypercalls: what
 * the core and other guests put there never shows. */
#include <call.h>

static const struct {
    uint32_t index;
    uint64_t value;
} states[] = {
    {0xc0000081, 0x0023001000000000}, /* STAR */
    {0xc0000082, 0x0000123456789000}, /* LSTAR */
    {0xc0000083, 0x0000123456789100}, /* CSTAR */
    {0xc0000084, 0x0000000000047700}, /* SFMASK */
    {0xc0000100, 0x00007fff12345000}, /* FS.base */
    {0xc0000101, 0x00007fff12346000}, /* GS.base */
    {0xc0000102, 0x00007fff12347000}, /* KernelGSbase */
    {0x00000174, 0x10},               /* SYSENTER_CS */
    {0x00000175, 0x123456},           /* SYSENTER_ESP */
    {0x00000176, 0x654321},           /* SYSENTER_EIP */
    {0x00000277, 0x0007040600070406}, /* PAT */
};

void test(void)
{
    const unsigned count = sizeof(states) / sizeof(states[0]);
    expect_equal(rdmsr(0xc0000082) | rdmsr(0xc0000102), 0, "clean at the start");
    for (unsigned index = 0; index < count; index++)
        wrmsr(states[index].index, states[index].value);
    for (unsigned round = 0; round < 500; round++) {
        (void)in8(0x80);
        if (round % 5 == 0)
            call_expect_alive();
        for (unsigned index = 0; index < count; index++)
            expect_equal(rdmsr(states[index].index), states[index].value, "kept across exits and hypercalls");
    }
}
