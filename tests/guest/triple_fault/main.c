/* A triple fault ends this guest, with a clear report (status 126), and nothing else. */
#include <guest.h>

void test(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) nothing = {0, 0};
    print("about to fault three times\n");
    __asm__ volatile("lidt %0; ud2" : : "m"(nothing));
}
