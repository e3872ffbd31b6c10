/* A guest that never exits by itself is preempted: its timer still fires, and its neighbour gets its share (the driver
 * checks the witness's count where two tenants run). */
#include <call.h>

void test(void)
{
    const uint64_t until = rdtsc() + call_ticks(3000);
    print("spinning\n");
    while (rdtsc() < until) {
    }
    call_expect_alive();
}
