/* The smallest service: answers bench.null from its registers, for the row hypercall.service. The kernel has checked interface, method and
 * length before it gets here, so that there is nothing left to look at. */
#include "resource.h"
#include "stubs.h"

void domain_main(const struct domain_info *info, uint32_t thread);
void domain_main(const struct domain_info *info, uint32_t thread)
{
    const uint32_t slot = resource_slot(info, "endpoint", RESOURCE_KIND_ENDPOINT);
    const uint64_t wait = ipc_target(CALL_ENDPOINT_WAIT, slot),
                   reply_wait = ipc_target(CALL_ENDPOINT_REPLY_WAIT, slot);

    (void)thread;
    /* Only rsp survives a call: the target is kept on the stack. Label 0: length 0, status OK; deadline: none. */
    __asm__ volatile("push %1\n\t"
                     "mov $-1, %%rdi\n\t"
                     "xor %%esi, %%esi\n\t"
                     "syscall\n"
                     "1: mov (%%rsp), %%rax\n\t"
                     "mov $-1, %%rdi\n\t"
                     "xor %%esi, %%esi\n\t"
                     "syscall\n\t"
                     "jmp 1b"
                     :
                     : "a"(wait), "r"(reply_wait)
                     : "memory");
    __builtin_unreachable();
}
