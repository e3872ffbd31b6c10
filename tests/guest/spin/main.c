/* A guest that takes all the time it can get: what its neighbour still does is measured (test_share.py). */
#include <guest.h>

void test(void)
{
    print("spinning\n");
    for (;;)
        __asm__ volatile("");
}
