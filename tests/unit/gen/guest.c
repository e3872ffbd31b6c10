/* The guest's stubs against a fake hypervisor. */
#include "hypercall.h"

static uint64_t seen_rax, seen_rdi, seen_label;
static struct message answer;

static enum error fake(uint64_t rax, uint64_t rdi, struct message *message)
{
    seen_rax = rax;
    seen_rdi = rdi;
    seen_label = message->label;
    *message = answer;
    return OK;
}

static enum error refuse(uint64_t rax, uint64_t rdi, struct message *message)
{
    (void)rax;
    (void)rdi;
    (void)message;
    return ERR_METHOD;
}

int main(void)
{
    uint64_t value = 3;

    answer = (struct message){.label = label_reply(OK, 1), .word = {42}};
    if (sample_later(fake, 7, 99, 1, &value) != OK || value != 42)
        return 1;
    if (seen_rax != (1ull << 63 | 7) || seen_rdi != 99 ||
        seen_label != label_make(INTERFACE_SAMPLE, SAMPLE_LATER, 1))
        return 2;
    value = 3;
    if (sample_later(refuse, 7, 99, 1, &value) != ERR_METHOD || value != 3)
        return 3;
    answer.label = label_reply(ERR_AGAIN, 0);
    if (sample_later(fake, 7, 99, 1, &value) != ERR_AGAIN || value != 3)
        return 4;
    return 0;
}
