/* What stands behind guest memory: frames that builder made. Our own view of them is mapped already; here each
 * one becomes visible to the guest. */
#include <bulkhead/message.h>

#include "stubs.h"
#include "vm.h"

bool memory_back(struct memory *memory, uint32_t index)
{
    struct vm *vm = (struct vm *)((char *)memory - offsetof(struct vm, memory));
    uint64_t offset = index * PIECE_BYTES;
    uint64_t address = offset < memory->low_bytes ? offset : MEMORY_HIGH_BASE + (offset - memory->low_bytes);
    return space_map(vm->space_slot, vm->ram_slot + index, address, MAP_READ | MAP_WRITE | MAP_EXEC) == OK;
}
