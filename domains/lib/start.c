#include "start.h"

#include <bulkhead/domain.h>

#include "heap.h"
#include "log.h"
#include "panic.h"

_Noreturn void domain_start(const struct domain_info *info, uint32_t thread)
{
    if (thread == 0) { /* the others use what the first one opened, once it says that they may */
        log_open(info);
        heap_open((void *)(uintptr_t)info->heap_address, info->heap_bytes);
    }
    domain_main(info, thread);
    panic("thread %u returned", thread);
}
