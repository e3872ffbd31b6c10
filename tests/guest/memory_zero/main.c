/* All memory that the guest did not fill itself reads zero at the start, also after a restart: nothing of a destroyed
 * tenant is left. What multiboot loaded (the image, boot structures below 0x9f000) is left out. */
#include <guest.h>

static void expect_zero(uint64_t from, uint64_t to)
{
    for (volatile uint64_t *at = (volatile uint64_t *)from; at < (volatile uint64_t *)to; at++)
        if (*at != 0) {
            print_value("at", (uint64_t)at);
            print_value("is", *at);
            verdict(false, "memory is not zero at the start");
        }
}

static void scribble(uint64_t from, uint64_t to)
{
    for (volatile uint64_t *at = (volatile uint64_t *)from; at < (volatile uint64_t *)to; at += 512)
        *at = 0x7365637265740000 | 0xffff;
}

void test(void)
{
    const uint64_t first = ((uint64_t)guest_end + 4095) & ~4095ull;
    const uint64_t end = memory_end();
    expect(end > first, "there is memory behind the image");
    expect_zero(first, end);
    scribble(first, end);
}
