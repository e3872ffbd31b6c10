/* Descriptions: a good one survives the way through CBOR unchanged; each bad one is refused for its reason. */
#include "spec.h"

#include "encode.h"
#include "format.h"
#include "refusing.h"

#include <bulkhead/abi.h>

static struct spec again;
static uint8_t cbor[65536];
static size_t len;

static bool decodes(void)
{
    why.text[0] = 0;
    return spec_decode(&again, cbor, len, &why);
}

/* The sample with one change, through CBOR, is refused in decoding. */
#define DECODE_REFUSES(change, expected)                           \
    do {                                                           \
        sample_spec(&spec);                                        \
        change;                                                    \
        len = encode_spec(&spec, SPEC_VERSION, cbor, sizeof cbor); \
        CHECK(!decodes());                                         \
        reason(expected);                                          \
    } while (0)

static void test_spec__survives_the_way_through_cbor(void)
{
    sample_spec(&spec);
    format_text(spec.focus, sizeof spec.focus, "a");
    len = encode_spec(&spec, SPEC_VERSION, cbor, sizeof cbor);
    CHECK(decodes());
    CHECK_TEXT(why.text, "");
    static uint8_t second[sizeof cbor];
    CHECK_EQ(encode_spec(&again, SPEC_VERSION, second, sizeof second), len);
    CHECK(memcmp(cbor, second, len) == 0);
    CHECK(spec_check(&again, &why));
    CHECK_TEXT(why.text, "");
}

static void test_spec__refuses_unknown_versions(void)
{
    sample_spec(&spec);
    len = encode_spec(&spec, 1, cbor, sizeof cbor);
    CHECK(!decodes());
    reason("description version 1, this builder reads 2");
}

static void test_spec__refuses_every_truncation(void)
{
    sample_spec(&spec);
    size_t whole = encode_spec(&spec, SPEC_VERSION, cbor, sizeof cbor);
    for (len = 0; len < whole; len++) {
        CHECK(!decodes());
    }
    len = whole + 1;
    CHECK(!decodes());
    reason("left over");
}

static void test_spec__no_single_byte_crashes_it(void)
{
    static const uint8_t values[] = {0x00, 0x17, 0x1b, 0x3b, 0x5b, 0x7b, 0x80,
                                     0x9f, 0x9b, 0xbb, 0xf5, 0xf6, 0xff};
    sample_spec(&spec);
    len = encode_spec(&spec, SPEC_VERSION, cbor, sizeof cbor);
    for (size_t i = 0; i < len; i++) {
        uint8_t kept = cbor[i];
        for (size_t v = 0; v < sizeof values; v++) {
            cbor[i] = values[v];
            if (decodes()) {
                (void)spec_check(&again, &why);
            }
        }
        cbor[i] = kept;
    }
}

static void test_spec__decoding_bounds_numbers_and_lists(void)
{
    DECODE_REFUSES(format_text(spec.name, sizeof spec.name, "Bad"), "is not a name");
    DECODE_REFUSES(spec.object[0].owner = 66, "object owner");
    DECODE_REFUSES(spec.object[0].type = 14, "object type");
    DECODE_REFUSES(spec.object[0].count = 32769, "object count");
    DECODE_REFUSES(spec.object[0].size = UINT64_C(1) << 48, "object size");
    DECODE_REFUSES(spec.shared.align = 8192, "alignment");
    DECODE_REFUSES(spec.platform.com1_gsi = 24, "com1 gsi");
    DECODE_REFUSES(spec.mapping[0].access = 16, "mapping access");
    DECODE_REFUSES(spec.mapping[0].vaddr = UINT64_C(1) << 47, "mapping vaddr");
    DECODE_REFUSES(spec.capability[0].slot = 0, "capability slot");
    DECODE_REFUSES(spec.capability[0].flags = 2, "capability flags");
    DECODE_REFUSES(spec.thread[0].priority = 64, "thread priority");
    DECODE_REFUSES(spec.irq[0].gsi = 24, "irq gsi");
    DECODE_REFUSES(spec.domain[0].restart.on = 4, "restart on");
    DECODE_REFUSES(spec.channel[0].end_a = 64, "channel end a");
    DECODE_REFUSES(spec.msi[0].handle = 32, "msi handle");
    DECODE_REFUSES(spec.msi[0].slot = 0, "msi slot");
    DECODE_REFUSES(spec.device[0].iospace = SPEC_NONE, "device iospace");
    DECODE_REFUSES(spec.window[0].base = UINT64_C(1) << 47, "window base");
    DECODE_REFUSES(spec.domain_count = 0, "domains");
    DECODE_REFUSES(spec.domain[0].profile_count = 0, "profiles");
    DECODE_REFUSES(spec.domain[1].text.count = 1025, "domain text");
}

static void test_spec__refuses_wrong_objects(void)
{
    CHECK_REFUSES(spec.object[MGMT_CAPTAB].size = 4096 * 3, "type 2 with size");
    CHECK_REFUSES(spec.object[MGMT_SPACE].size = 8192, "type 4 with size");
    CHECK_REFUSES(spec.object[VMM_RAM].size = 8192, "type 3 with size");
    CHECK_REFUSES(spec.object[VMM_VCPU].size = 4096, "type 9 with size");
    CHECK_REFUSES(spec.object[SAMPLE_BELL].type = OBJECT_TYPE_UNTYPED, "type 1 with size");
    CHECK_REFUSES(spec.object[SAMPLE_BELL].type = OBJECT_TYPE_CONTROL, "type 13 with size");
    CHECK_REFUSES(spec.object[MGMT_THREAD].flags = 1, "unknown flags");
    CHECK_REFUSES(spec.object[MGMT_SPACE].flags = 2, "unknown flags");
    CHECK_REFUSES(spec.object[MGMT_THREAD].count = 2, "only frames");
    CHECK_REFUSES(spec.object[SAMPLE_CONTENT].content = 3, "cannot hold");
    CHECK_REFUSES(spec.object[SAMPLE_CONTENT].count = 1, "cannot hold");
    CHECK_REFUSES(spec.object[MGMT_STACK].content = 1, "cannot hold");
}

static void swap_objects(unsigned a, unsigned b)
{
    struct spec_object object = spec.object[a];
    spec.object[a] = spec.object[b];
    spec.object[b] = object;
}

static void test_spec__laboratories(void)
{
    sample_spec(&spec);
    sample_laboratory(&spec);
    CHECK(checks());
    CHECK_TEXT(why.text, "");
    CHECK(spec.laboratory);
    CHECK_REFUSES(sample_laboratory(&spec); spec.object[SAMPLE_BELL].size = 4096, "type 13 with size 4096");
    CHECK_REFUSES(sample_laboratory(&spec); spec.object[SAMPLE_BELL].type = OBJECT_TYPE_NOTIF;
                  spec.object[SAMPLE_BELL].size = 256, "type 1 with size 8192");
    CHECK_REFUSES(sample_laboratory(&spec); spec.object[MGMT_RESERVE].size = 8191, "type 1 with size 8191");
    CHECK_REFUSES(sample_laboratory(&spec);
                  spec.object[MGMT_RESERVE].size = UINT64_C(1) << 31, "type 1 with size");
    CHECK_REFUSES(sample_laboratory(&spec);
                  spec.capability[0].object = SAMPLE_TENANT, "needs one slot of a table made before it");
    CHECK_REFUSES(sample_laboratory(&spec); swap_objects(MGMT_CAPTAB, MGMT_RESERVE);
                  spec.domain[SAMPLE_MGMT].captab = MGMT_RESERVE;
                  spec.capability[0].object = MGMT_CAPTAB, "needs one slot of a table made before it");
}

static void test_spec__only_laboratories_give_tables_and_spaces(void)
{
    CHECK_REFUSES(spec.capability[0].object = MGMT_CAPTAB, "which only a laboratory gives");
    CHECK_REFUSES(spec.capability[0].object = MGMT_SPACE, "which only a laboratory gives");
}

static void test_spec__refuses_owners_out_of_order_and_overflowing_memory(void)
{
    CHECK_REFUSES(spec.object[VMM_NOTIF].owner = SPEC_SHARED, "owner 64 unknown or out of order");
    CHECK_REFUSES(spec.object[VMM_NOTIF].owner = 7, "owner 7 unknown");
    CHECK_REFUSES(spec.domain[1].memory.bytes = 0x421000, "does not fit");
    CHECK_REFUSES(spec.domain[1].memory.align = 4096, "does not fit");
    CHECK_REFUSES(spec.shared.bytes = 0x207001, "whole pages");
}

static void test_spec__refuses_references_to_another_domain(void)
{
    CHECK_REFUSES(spec.domain[0].captab = VMM_CAPTAB, "no capability table of its own");
    CHECK_REFUSES(spec.domain[0].space = VMM_SPACE, "no address space of its own");
    CHECK_REFUSES(spec.domain[0].image_frames = VMM_IMAGE, "image frames");
    CHECK_REFUSES(spec.mapping[0].object = VMM_STACK, "not for it");
    CHECK_REFUSES(spec.capability[0].object = VMM_RAM, "of another domain");
    CHECK_REFUSES(spec.thread[0].object = VMM_THREAD, "not what it should be");
    CHECK_REFUSES(spec.thread[0].notif = VMM_NOTIF, "not what it should be");
    CHECK_REFUSES(spec.irq[0].notif = VMM_NOTIF, "not what it should be");
    CHECK_REFUSES(spec.domain[1].guest.vcpu = MGMT_THREAD, "vCPU");
    CHECK_REFUSES(spec.builder_endpoint = SAMPLE_BELL, "builder's endpoint");
    CHECK_REFUSES(spec.channel[0].object = MGMT_STACK, "channel 0");
    CHECK_REFUSES(spec.channel[0].end_a = SAMPLE_DOMAINS, "channel 0");
    CHECK_REFUSES(spec.capability[0].object = 900, "not there");
}

static void test_spec__refuses_bad_mappings(void)
{
    CHECK_REFUSES(spec.mapping[0].access = MAP_READ | MAP_WRITE | MAP_EXEC, "access 7");
    CHECK_REFUSES(spec.mapping[0].access = MAP_WRITE, "access 2");
    CHECK_REFUSES(spec.mapping[4].access = MAP_READ | MAP_WRITE, "access 3"); /* content is read-only */
    CHECK_REFUSES(spec.mapping[0].vaddr += 8, "misaligned");
    CHECK_REFUSES(spec.mapping[0].vaddr = 0, "out of range");
    CHECK_REFUSES(spec.mapping[0].vaddr = UINT64_C(0x7ffffffff000), "out of range");
    CHECK_REFUSES(spec.mapping[0].count = 3, "reaches beyond");
    CHECK_REFUSES(spec.mapping[0].first = UINT32_MAX, "reaches beyond");
    CHECK_REFUSES(spec.mapping[0].count = 0, "reaches beyond");
    CHECK_REFUSES(spec.mapping[0].vaddr = INFO_PAGE_ADDRESS - 4096, "overlaps its image");
    CHECK_REFUSES(spec.mapping[0].vaddr = 0x402000, "overlaps its image");
    CHECK_REFUSES(spec.mapping[0].object = MGMT_INFO, "not for it");
    CHECK_REFUSES(spec.mapping[1].vaddr = SAMPLE_STACK_TOP - 4096, "collide");
    CHECK_REFUSES((spec.mapping[1].object = MGMT_STACK, spec.mapping[1].count = 1), "collide");
}

static void test_spec__refuses_bad_capabilities(void)
{
    CHECK_REFUSES(spec.capability[1].slot = 2, "slot 2 is taken");
    CHECK_REFUSES(spec.capability[0].slot = 64, "slot 64");
    CHECK_REFUSES(spec.ioport[0].slot = 2, "I/O ports");
    CHECK_REFUSES(spec.ioport[0].last = 0x3f7, "I/O ports");
    CHECK_REFUSES(spec.irq[0].slot = 3, "interrupt 4");
    CHECK_REFUSES(spec.irq[0].bits = 0, "interrupt 4");
    CHECK_REFUSES(spec.capability[2].first = 1, "beyond 'ram'");
    CHECK_REFUSES((spec.capability[0].object = SAMPLE_CONTENT, spec.capability[0].rights = RIGHT_WRITE),
                  "to write");
}

static void test_spec__guest_tables_take_only_sealed_messages(void)
{
    CHECK_REFUSES(spec.capability[6].flags = 0, "sealed");
    CHECK_REFUSES(spec.capability[6].object = VMM_RAM, "sealed");
    CHECK_REFUSES(spec.object[VMM_GUEST_CAPTAB].flags = 0, "not terminal");
    CHECK_REFUSES(spec.object[VMM_CAPTAB].flags = CAPTAB_TERMINAL, "no capability table");
    CHECK_REFUSES(spec.object[VMM_GUEST_SPACE].flags = 0, "guest format");
}

static void test_spec__refuses_bad_threads(void)
{
    CHECK_REFUSES(spec.thread[0].budget_us = 0, "budget");
    CHECK_REFUSES(spec.thread[0].budget_us = 10001, "budget");
    CHECK_REFUSES(spec.thread[0].reserve_us = 0, "budget");
    CHECK_REFUSES((spec.thread[0].period_us = UINT64_C(1) << 62), "budget");
    CHECK_REFUSES(spec.thread[0].flags = 2, "unknown flags");
    CHECK_REFUSES(spec.thread[0].stack_top -= 8, "without a stack");
    CHECK_REFUSES(spec.thread[0].stack_top = SAMPLE_CHANNEL_ADDRESS, "without a stack");
    CHECK_REFUSES(spec.thread[0].stack_top = 0, "without a stack");
    CHECK_REFUSES(spec.domain[0].threads.count = 0, "no thread");
    CHECK_REFUSES((spec.domain[0].heap_address = 0x20000000, spec.domain[0].heap_bytes = 4096), "heap");
}

static void test_spec__refuses_bad_images_and_names(void)
{
    CHECK_REFUSES(spec.domain[0].profile[0].image = SAMPLE_BLOB, "names no ELF");
    CHECK_REFUSES(spec.domain[0].profile[0].image = 9, "names no ELF");
    CHECK_REFUSES(spec.image[SAMPLE_PROGRAM].segment_count = 0, "disagree");
    CHECK_REFUSES(spec.image[SAMPLE_PROGRAM].segment[1].memory_bytes = 0x10000, "does not fit its frames");
    CHECK_REFUSES(spec.image[SAMPLE_PROGRAM].segment[1].memory_bytes = UINT64_C(0x7ffffffff000),
                  "outside the address");
    CHECK_REFUSES(format_text(spec.domain[1].name, sizeof spec.domain[1].name, "mgmt"), "two domains");
}

int main(void)
{
    RUN(test_spec__survives_the_way_through_cbor);
    RUN(test_spec__refuses_unknown_versions);
    RUN(test_spec__refuses_every_truncation);
    RUN(test_spec__no_single_byte_crashes_it);
    RUN(test_spec__decoding_bounds_numbers_and_lists);
    RUN(test_spec__refuses_wrong_objects);
    RUN(test_spec__laboratories);
    RUN(test_spec__only_laboratories_give_tables_and_spaces);
    RUN(test_spec__refuses_owners_out_of_order_and_overflowing_memory);
    RUN(test_spec__refuses_references_to_another_domain);
    RUN(test_spec__refuses_bad_mappings);
    RUN(test_spec__refuses_bad_capabilities);
    RUN(test_spec__guest_tables_take_only_sealed_messages);
    RUN(test_spec__refuses_bad_threads);
    RUN(test_spec__refuses_bad_images_and_names);
    return UNIT_RESULT();
}
