/* The assembly moves every word to its register and back, and keeps what the caller owns. */
#include <bulkhead/message.h>

extern uint64_t seen_rax;
int keeps_registers(uint64_t rax, uint64_t rdi, struct message *message);

int main(void)
{
    struct message message = {.label = 1, .badge = 2, .word = {10, 20, 30, 40, 50, 60, 70, 80, 90, 100}};

    if (keeps_registers(0x1234500000678, 0xabc, &message) != 14 || seen_rax != 0x1234500000678)
        return 1;
    if (message.label != 1001 || message.badge != 0xabc + 2000)
        return 2;
    for (uint64_t i = 0; i < MESSAGE_WORDS; i++)
        if (message.word[i] != (i + 1) * 10 + i + 1)
            return 3;
    return 0;
}
