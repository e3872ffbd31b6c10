/* A reserved bit of CR3 gives #GP on the processor. QEMU 7.2 answers with the exit code of an invalid guest state
 * instead (its helper_write_crN calls cpu_vmexit with SVM_EXIT_ERR): then this guest dies with a report, and nobody
 * else. On the bare emulator, without a hypervisor, the instruction never completes. */
#include <guest.h>

static void set(void *context)
{
    write_cr3(*(uint64_t *)context);
}

void test(void)
{
    uint64_t value = read_cr3() | 1ull << 62;
    print("setting a reserved bit\n");
    const struct trap trap = trap_try(set, &value);
    expect(trap.trapped && trap.vector == VECTOR_GP, "#GP");
}
