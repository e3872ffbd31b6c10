/* An instruction from a hostile guest: first byte the code mode, then registers' seed, then up to 15 bytes.
 * Whatever decodes stays within the bytes, names an operand of a known size and can be carried out. */
#include <stdlib.h>
#include <string.h>

#include "execute.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static bool known_size(unsigned bytes)
{
    return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const enum code_mode modes[] = {CODE_16, CODE_32, CODE_64};
    struct instruction instruction;
    uint64_t gpr[16], flags = 2, memory;
    if (len < 2) {
        return 0;
    }
    size_t count = len - 2 < INSTRUCTION_MAX ? len - 2 : INSTRUCTION_MAX;
    uint8_t *bytes = malloc(count + 1); /* so that the sanitizer sees a read beyond */
    memcpy(bytes, data + 2, count);
    if (decode(bytes, count, modes[data[0] % 3], &instruction)) {
        require(instruction.length > 0 && instruction.length <= count);
        require(known_size(instruction.memory_bytes) && known_size(instruction.register_bytes));
        require(instruction.reg < 16);
        memset(gpr, data[1], sizeof gpr);
        memset(&memory, data[0], sizeof memory);
        uint64_t result = instruction_execute(&instruction, gpr, &flags, memory);
        require((result & ~mask_bytes(instruction.memory_bytes)) == 0);
        require((flags & ~UINT64_C(0x8d5)) == 2);
    }
    free(bytes);
    return 0;
}
