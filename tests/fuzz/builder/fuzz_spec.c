/* CBOR from a hostile hand. The mutator starts from a description that is right, so that mutations reach the
 * checks behind the decoder; whatever passes all of them must have a plan or a reason. */
#include "encode.h"
#include "plan.h"
#include "sample.h"
#include "spec.h"

#include <bulkhead/abi.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static struct spec spec;
static struct plan plan;

/* In other words than spec_devices.c: what a device writes is its driver's or somebody's pool, never a device's. */
static bool may_reach(uint32_t id, const struct spec_mapping *mapping)
{
    const struct spec_object *object = &spec.object[mapping->object];
    bool shared = object->owner == SPEC_SHARED && object->content == 0, pool = false;
    for (uint32_t i = 0; i < spec.channel_count; i++) {
        pool = pool ||
               (spec.channel[i].object == mapping->object && spec.channel[i].end_a == spec.channel[i].end_b);
    }
    return (object->owner == id || (shared && pool)) && mapping->access < MAP_EXEC &&
           mapping->count <= object->count && mapping->first <= object->count - mapping->count;
}

static void check_reach(void)
{
    for (uint32_t id = 0; id < spec.domain_count; id++) {
        struct spec_range devices = spec.domain[id].devices;
        for (uint32_t d = devices.first; d < devices.first + devices.count; d++) {
            struct spec_range mappings = spec.device[d].mappings;
            for (uint32_t m = mappings.first; m < mappings.first + mappings.count; m++) {
                if (!may_reach(id, &spec.mapping[m])) {
                    abort();
                }
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct boot_info boot = {
        .untyped_first = 16,
        .untyped_count = 1,
        .module_first = 80,
        .module_count = 4,
        .captab_slots = 4096,
        .region = {{.base = 0x200000, .bytes = UINT64_C(1) << 34, .slot = 16}},
    };
    struct refusal why = {.text = ""};
    bool accepted = spec_decode(&spec, data, size, &why) && spec_check(&spec, &why) &&
                    plan_make(&plan, &spec, &boot, &why);
    if (accepted == (why.text[0] != 0)) {
        abort(); /* refused without a reason, or accepted with one */
    }
    if (accepted) {
        check_reach();
    }
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static uint8_t good[65536];
    static size_t good_size;
    if (good_size == 0) {
        sample_spec(&spec);
        good_size = encode_spec(&spec, SPEC_VERSION, good, sizeof good);
    }
    if (seed % 64 == 0 && good_size <= max_size) {
        memcpy(data, good, good_size);
        size = good_size;
    }
    return LLVMFuzzerMutate(data, size, max_size);
}
