/* Programs from a hostile hand. What is accepted must be safe to copy and to map: checked here once more, in
 * other words than elf.c uses. */
#include "elf.h"
#include "sample.h"

#include <bulkhead/abi.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct spec_image found;
    struct refusal why = {.text = ""};
    if (!elf_parse(data, size, &found, &why)) {
        must(why.text[0] != 0);
        return 0;
    }
    must(found.segment_count >= 1 && found.segment_count <= SPEC_MAX_SEGMENTS);
    uint64_t next_page = ELF_ADDRESS_MIN / 4096;
    for (uint32_t i = 0; i < found.segment_count; i++) {
        const struct spec_segment *segment = &found.segment[i];
        must(segment->file_bytes <= size && segment->offset <= size - segment->file_bytes);
        must(segment->memory_bytes >= segment->file_bytes && segment->memory_bytes < (UINT64_C(1) << 32));
        must(segment->vaddr / 4096 >= next_page);
        next_page = (segment->vaddr + segment->memory_bytes + 4095) / 4096;
        must(next_page <= ELF_ADDRESS_END / 4096);
        must((segment->access & (MAP_WRITE | MAP_EXEC)) != (MAP_WRITE | MAP_EXEC));
    }
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static uint8_t good[SAMPLE_ELF_BYTES];
    if (seed % 64 == 0 && sizeof good <= max_size) {
        sample_elf(good);
        memcpy(data, good, sizeof good);
        size = sizeof good;
    }
    return LLVMFuzzerMutate(data, size, max_size);
}
