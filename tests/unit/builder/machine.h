/* builder over a fake kernel: the sample system's modules, its console as a line, its endpoint as a list of requests. */
#ifndef TEST_MACHINE_H
#define TEST_MACHINE_H

#include "builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include "console.h"
#include "encode.h"
#include "fake_kernel.h"
#include "format.h"
#include "log.h"
#include "sample.h"
#include "sha256.h"
#include "unit.h"

#include <bulkhead/channel.h>
#include <bulkhead/domain.h>

static struct builder builder;
static struct boot_info boot;
static struct refusal why;
static uint8_t elf[SAMPLE_ELF_BYTES], blob[SAMPLE_BLOB_BYTES], cbor[65536];

/* ---- builder's console ------------------------------------------------------------------------------------------ */

static bool muted;
static char last_line[LOG_LINE_BYTES];

void console_mute(bool mute)
{
    muted = mute;
}

void log_line(const char *format, ...)
{
    va_list arguments;
    if (muted) {
        return;
    }
    va_start(arguments, format);
    format_list(last_line, sizeof last_line, format, arguments);
    va_end(arguments);
}

/* ---- the machine ------------------------------------------------------------------------------------------------- */

static void start_machine(void (*change)(struct spec *spec))
{
    static struct spec spec;
    fake_start(&boot);
    sample_elf(elf);
    sample_blob(blob);
    sample_spec(&spec);
    sha256(blob, sizeof blob, spec.image[SAMPLE_BLOB].sha256);
    sha256(elf, sizeof elf, spec.image[SAMPLE_PROGRAM].sha256);
    if (change != NULL) {
        change(&spec);
    }
    fake_add_module(&boot, "builder", "", 1);
    fake_add_module(&boot, "system.cbor", cbor, encode_spec(&spec, SPEC_VERSION, cbor, sizeof cbor));
    fake_add_module(&boot, "blob.bin", blob, sizeof blob);
    fake_add_module(&boot, "tiny", elf, sizeof elf);
    memset(&builder, 0, sizeof builder);
    builder.boot = &boot;
    builder.once.id = SPEC_NONE;
    muted = false;
    why.text[0] = 0;
}

static bool realise_all(void)
{
    return modules_read_description(&builder, &why) && realise_shared(&builder, &why) &&
           modules_load_images(&builder, &why) && realise_domain(&builder, SAMPLE_MGMT, 0, &why) &&
           realise_domain(&builder, SAMPLE_VMM, 0, &why) &&
           realise_domain(&builder, SAMPLE_DRIVER, 0, &why) && realise_domain(&builder, SAMPLE_SCAN, 0, &why);
}

static void boot_machine(void)
{
    start_machine(NULL);
    CHECK(realise_all());
    CHECK_TEXT(why.text, "");
}

static struct fake_capability *own(unsigned object)
{
    return fake_slot(builder.plan.object_slot[object]);
}

/* What the domain with @space sees at @address, if it may read there. */
static const uint8_t *seen(unsigned space, uint64_t address)
{
    const struct fake_capability *frame = fake_mapping(builder.plan.object_slot[space], address);
    return frame != NULL ? fake_memory(frame->base + (address - frame->address)) : NULL;
}

/* ---- serving ---------------------------------------------------------------------------------------------------------------------- */

static jmp_buf out_of_requests;
static struct message requests[8], replies[8];
static unsigned request_count, next_request, reply_count;
static uint64_t last_deadline;

static enum error give_request(bool reply, uint64_t deadline, struct message *message)
{
    if (reply) {
        replies[reply_count++] = *message;
    }
    last_deadline = deadline;
    if (next_request == request_count) {
        longjmp(out_of_requests, 1);
    }
    *message = requests[next_request++];
    return message->label == 0 ? ERR_TIMEOUT : OK;
}

static void serve_requests(unsigned count)
{
    fake_wait = give_request;
    request_count = count;
    next_request = reply_count = 0;
    if (setjmp(out_of_requests) == 0) {
        serve(&builder);
    }
}

static struct message ask(enum builder_method method, uint32_t length, uint64_t first, uint64_t second)
{
    return (struct message){.label = label_make(INTERFACE_BUILDER, method, length), .word = {first, second}};
}

#endif
