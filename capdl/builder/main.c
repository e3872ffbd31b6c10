/* The boot, told once: read the description, check it, plan, load, realise, start; then serve. Anything that
 * does not fit stops the machine with its reason, before the first domain runs. */
#include "builder.h"
#include "console.h"
#include "log.h"
#include "main.h"

#define BOOT_MAGIC UINT64_C(0x3130544f4f424842) /* "BHBOOT01" */

static bool realise_all(struct builder *builder, struct refusal *why)
{
    for (uint32_t id = 0; id < builder->spec.domain_count; id++) {
        struct refusal reason = {.text = ""};
        if (!realise_domain(builder, id, 0, &reason)) {
            return refuse(why, "domain '%s': %s", builder->spec.domain[id].name, reason.text);
        }
        log_line("domain %u %s: %llu KiB, %u threads", id, builder->spec.domain[id].name,
                 (unsigned long long)(builder->spec.domain[id].memory.bytes / 1024),
                 builder->spec.domain[id].threads.count);
    }
    return true;
}

static bool start_all(struct builder *builder, struct refusal *why)
{
    for (uint32_t id = 0; id < builder->spec.domain_count; id++) {
        if (builder->spec.domain[id].start && !builder->spec.domain[id].once &&
            lifecycle_start(builder, id) != OK) {
            return refuse(why, "domain '%s' does not start", builder->spec.domain[id].name);
        }
    }
    return true;
}

static bool boot(struct builder *builder, struct refusal *why)
{
    if (builder->boot->magic != BOOT_MAGIC) {
        return refuse(why, "the kernel's boot information is not version 1");
    }
    if (!modules_read_description(builder, why)) {
        return false;
    }
    log_line("system %s: %u domains, %u objects, %u images", builder->spec.name, builder->spec.domain_count,
             builder->spec.object_count, builder->spec.image_count);
    if (builder->spec.laboratory) {
        log_line("LABORATORY: a domain of this system makes kernel objects for itself; for tests only");
    }
    return devices_check(builder, why) && realise_shared(builder, why) && modules_load_images(builder, why) &&
           realise_all(builder, why) && once_run_all(builder, why) && start_all(builder, why);
}

_Noreturn void builder_main(const struct boot_info *info)
{
    /* Too large for the stack; there is one, and everyone else gets a pointer. */
    static struct builder builder;
    struct refusal why = {.text = ""};
    builder.boot = info;
    builder.once.id = SPEC_NONE;
    console_open(plan_first_free(info), (uint16_t)info->console_port);
    if (!boot(&builder, &why)) {
        /* Zero where the description was not read as far as its platform. */
        console_set_debug_exit(plan_first_free(info) + 1, builder.spec.platform.debug_exit_port);
        console_fatal(&why);
    }
    serve(&builder);
}
