/* Damage to a good machine: each five bytes of the input name a place and what stands there. Whatever is accepted
 * is carried out; what lies between the kernel's place and the modules stays as it was. */
#include "sample.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t bytes[SAMPLE_MEMORY];

static void must(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t region[] = {INFO, TABLES, KERNEL_SVM, KERNEL_VMX};
    struct sample sample = {.bytes = bytes};
    struct selection selection;
    const struct memory memory = {bytes, SAMPLE_MEMORY};
    sample_good(&sample);
    for (; size >= 5; data += 5, size -= 5)
        put32(&sample, region[data[0] >> 6] + (data[0] & 63u) * 4,
              (uint32_t)data[1] | (uint32_t)data[2] << 8 | (uint32_t)data[3] << 16 | (uint32_t)data[4] << 24);
    if (select_read(&selection, &memory, LOADER_MAGIC, INFO))
        return 0;
    must(selection.count <= IMAGES);
    const struct image *image = select_choose(&selection, size > 0 ? data[0] : (uint32_t)CPU_SVM);
    if (!image || select_check(&selection, &memory, image))
        return 0;
    must(selection.entry >= LANDING_START && selection.entry < LANDING_END);
    select_commit(&selection, &memory, image);
    for (uint32_t at = LANDING_END; at < LOW_TO; at++)
        must(bytes[at] == 0xee);
    return 0;
}
