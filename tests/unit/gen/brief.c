/* As registers.c, for the call with one word. */
#include <stdint.h>

extern uint64_t seen_rax;
int keeps_registers(uint64_t rax, uint64_t rdi, void *word);

int main(void)
{
    uint64_t word = 10;

    if (keeps_registers(0x1234500000678, 0xabc, &word) != 14 || seen_rax != 0x1234500000678)
        return 1;
    return word == 11 ? 0 : 2;
}
