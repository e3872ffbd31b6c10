/* builder: the first domain. It realises the description, then stays as the only holder of untypeds. */
#ifndef BUILDER_H
#define BUILDER_H

#include "plan.h"
#include "refusal.h"
#include "spec.h"
#include "supervise.h"

#include "builder_server.h"

#include <bulkhead/builder.h>
#include <bulkhead/message.h>

/* Registers and stack of a domain's thread before its memory was taken back. */
struct postmortem {
    bool kept;
    uint8_t state; /* enum thread_state */
    uint64_t rip, rsp, rax;
    uint64_t stack[2]; /* the two words at rsp, 0 where it points nowhere */
};

struct domain {
    enum domain_state state;
    uint32_t realised; /* how often: the next epoch */
    uint32_t profile;
    uint32_t transients_used;
    bool spent;    /* ran once and may not again */
    bool examined; /* its post-mortem was taken when it was stopped */
    struct postmortem postmortem;
    struct supervision supervision;
};

struct builder {
    const struct boot_info *boot;
    struct spec spec;
    struct plan plan;
    struct domain domain[SPEC_MAX_DOMAINS];
    uint32_t channel_epoch[SPEC_MAX_CHANNELS];
    struct {
        uint32_t id; /* the domain that runs alone; SPEC_NONE = none */
        bool finished;
        uint32_t status;
    } once;
};

/* ---- modules.c: boot modules into frames --------------------------------------------------------------------- */

/* Reads module 1 and decodes it into spec; checks it; makes the plan. */
bool modules_read_description(struct builder *builder, struct refusal *why);
/* Copies every image to where it stays, and checks name, size, SHA-256 and, of domains' programs, the ELF. */
bool modules_load_images(struct builder *builder, struct refusal *why);

/* ---- realise.c: from the description to objects ----------------------------------------------------------------- */

/* The untypeds of everyone and the shared objects; once, at boot. */
bool realise_shared(struct builder *builder, struct refusal *why);
/* Make domain @id under @profile, ready to start. A failure leaves nothing of it behind. */
bool realise_domain(struct builder *builder, uint32_t id, uint32_t profile, struct refusal *why);
/* Take back all that realise_domain made. */
void realise_undo(struct builder *builder, uint32_t id);

/* ---- devices.c: bus masters ---------------------------------------------------------------------------------------- */

/* Whether the machine can hold the described bus masters back. */
bool devices_check(const struct builder *builder, struct refusal *why);
/* Frames of device memory; once, at boot. */
bool devices_make_memory(const struct builder *builder, struct refusal *why);
/* Let the devices of domain @id work, each in its iospace, or none of them; take them all out again. */
enum error devices_attach(const struct builder *builder, uint32_t id);
void devices_detach(const struct builder *builder, uint32_t id);
/* What was recorded of a fault of one of the domain's devices; it is forgotten then. ERR_STATE: it has none. */
enum error devices_fault(const struct builder *builder, uint32_t id, struct builder_device_fault_out *out);

/* ---- once.c: domains that run alone at boot ------------------------------------------------------------------------- */

/* Start them one after the other; each must say that it is finished before the next, and is destroyed then. */
bool once_run_all(struct builder *builder, struct refusal *why);

/* ---- lifecycle.c: what the interface asks for --------------------------------------------------------------------- */

enum error lifecycle_start(struct builder *builder, uint32_t id);
enum error lifecycle_stop(struct builder *builder, uint32_t id);
enum error lifecycle_create(struct builder *builder, uint32_t id, uint32_t profile);
enum error lifecycle_destroy(struct builder *builder, uint32_t id);
enum error lifecycle_restart(struct builder *builder, uint32_t id);

/* ---- postmortem.c --------------------------------------------------------------------------------------------------- */

void postmortem_take(struct builder *builder, uint32_t id);

/* ---- serve.c ---------------------------------------------------------------------------------------------------------- */

/* Whether domain @id's faults come to builder: it speaks for the machine while that domain is away. */
bool serve_is_manager(const struct builder *builder, uint32_t id);
/* One message of the interface `builder`; true if there is a reply in @message. */
bool serve_message(struct builder *builder, struct message *message);
_Noreturn void serve(struct builder *builder);

#endif
