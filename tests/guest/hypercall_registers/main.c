/* A hypercall gives back what docs/architecture.md, 1 promises: words beyond the reply's length zero, RCX, R11, RSP and
 * flags kept, and nothing of another domain in any register. */
#include <call.h>

static struct message registers;
static uint64_t kept_rcx, kept_r11, kept_rsp_before, kept_rsp_after;

static void call_with_marks(void)
{
    __asm__ volatile("mov %%rsp, %2\n\t"
                     "mov $0x1111111111111111, %%rcx\n\t"
                     "mov $0x2222222222222222, %%r11\n\t"
                     "vmmcall\n\t"
                     "mov %%rcx, %0\n\t"
                     "mov %%r11, %1\n\t"
                     "mov %%rsp, %3"
                     : "=m"(kept_rcx), "=m"(kept_r11), "=m"(kept_rsp_before), "=m"(kept_rsp_after)
                     : "a"(HYPERCALL_BIT | SLOT_TENANT), "D"(DEADLINE_NEVER),
                       "S"(label_make(INTERFACE_TENANT, TENANT_VERSION, 0))
                     : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory");
}

void test(void)
{
    for (unsigned word = 0; word < MESSAGE_WORDS; word++)
        registers.word[word] = 0xdeadbeefdeadbeef;
    registers.label = label_make(INTERFACE_TENANT, TENANT_CLOCK, 0);
    expect_equal(call_patient(HYPERCALL_BIT | SLOT_TENANT, DEADLINE_NEVER, &registers), OK, "clock answers");
    expect_equal(label_length(registers.label), 2, "clock's reply has two words");
    for (unsigned word = 2; word < MESSAGE_WORDS; word++)
        expect_equal(registers.word[word], 0, "a word beyond the reply's length is zero");
    if (call_on_amd()) {
        call_with_marks();
        expect_equal(kept_rcx, 0x1111111111111111, "RCX is kept");
        expect_equal(kept_r11, 0x2222222222222222, "R11 is kept");
        expect_equal(kept_rsp_after, kept_rsp_before, "RSP is kept");
    }
}
