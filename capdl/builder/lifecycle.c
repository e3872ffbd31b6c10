/* The states of a domain, and what moves it between them:
 *
 *     ABSENT/DEAD --create--> STOPPED --start--> RUNNING --stop--> STOPPED
 *     STOPPED, RUNNING --destroy--> DEAD          any --restart--> RUNNING */
#include "builder.h"

#include "console.h"
#include "log.h"
#include "stubs.h"

static bool known(const struct builder *builder, uint32_t id)
{
    return id < builder->spec.domain_count;
}

static bool alive(const struct builder *builder, uint32_t id)
{
    enum domain_state state = builder->domain[id].state;
    return state == DOMAIN_STATE_STOPPED || state == DOMAIN_STATE_RUNNING;
}

static uint32_t thread_slot(const struct builder *builder, uint32_t id, uint32_t index)
{
    const struct spec_thread *thread = &builder->spec.thread[builder->spec.domain[id].threads.first + index];
    return builder->plan.object_slot[thread->object];
}

static enum error each_thread(const struct builder *builder, uint32_t id, enum error (*call)(uint32_t slot))
{
    enum error first = OK;
    for (uint32_t i = 0; i < builder->spec.domain[id].threads.count; i++) {
        enum error error = call(thread_slot(builder, id, i));
        first = first == OK ? error : first;
    }
    return first;
}

enum error lifecycle_start(struct builder *builder, uint32_t id)
{
    if (!known(builder, id) || builder->domain[id].state != DOMAIN_STATE_STOPPED) {
        return ERR_STATE;
    }
    enum error attached = devices_attach(builder, id);
    if (attached != OK) {
        return attached;
    }
    builder->domain[id].examined = false;
    /* From here on the port is the manager's: not a byte of ours after it runs. */
    if (serve_is_manager(builder, id)) {
        log_line("%s takes over", builder->spec.domain[id].name);
        console_mute(true);
    }
    enum error error = each_thread(builder, id, thread_resume);
    builder->domain[id].state = DOMAIN_STATE_RUNNING;
    return error;
}

enum error lifecycle_stop(struct builder *builder, uint32_t id)
{
    if (!known(builder, id) || builder->domain[id].state != DOMAIN_STATE_RUNNING) {
        return ERR_STATE;
    }
    builder->domain[id].state = DOMAIN_STATE_STOPPED;
    devices_detach(builder, id);
    postmortem_take(builder, id);
    builder->domain[id].examined = true;
    return each_thread(builder, id, thread_suspend);
}

enum error lifecycle_create(struct builder *builder, uint32_t id, uint32_t profile)
{
    struct refusal why = {.text = ""};
    if (!known(builder, id) || alive(builder, id)) {
        return ERR_STATE;
    }
    if (builder->domain[id].spent) {
        return ERR_DENIED;
    }
    if (profile >= builder->spec.domain[id].profile_count) {
        return ERR_RANGE;
    }
    if (!realise_domain(builder, id, profile, &why)) {
        log_line("domain %s: %s", builder->spec.domain[id].name, why.text);
        builder->domain[id].state = DOMAIN_STATE_DEAD;
        return ERR_MEMORY;
    }
    return OK;
}

enum error lifecycle_destroy(struct builder *builder, uint32_t id)
{
    if (!known(builder, id) || !alive(builder, id)) {
        return ERR_STATE;
    }
    devices_detach(builder, id);
    /* Before it is suspended, which also ends the state in which it died. */
    if (!builder->domain[id].examined) {
        postmortem_take(builder, id);
    }
    if (builder->domain[id].state == DOMAIN_STATE_RUNNING && each_thread(builder, id, thread_suspend) != OK) {
        log_line("domain %s: a thread did not stop", builder->spec.domain[id].name);
    }
    realise_undo(builder, id);
    builder->domain[id].state = DOMAIN_STATE_DEAD;
    return OK;
}

enum error lifecycle_restart(struct builder *builder, uint32_t id)
{
    if (!known(builder, id)) {
        return ERR_STATE;
    }
    if (alive(builder, id)) {
        enum error error = lifecycle_destroy(builder, id);
        if (error != OK) {
            return error;
        }
    }
    enum error error = lifecycle_create(builder, id, builder->domain[id].profile);
    return error != OK ? error : lifecycle_start(builder, id);
}
