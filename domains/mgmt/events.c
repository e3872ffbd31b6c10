#include "events.h"

void events_add(struct events *events, uint32_t kind)
{
    events->sequence++;
    events->kinds[events->sequence % EVENTS_KEPT] = kind;
}

bool events_after(const struct events *events, uint64_t seen, uint64_t *sequence, uint32_t *kind)
{
    if (seen >= events->sequence)
        return false;
    uint64_t next = seen + 1;
    if (events->sequence - next >= EVENTS_KEPT)
        next = events->sequence - EVENTS_KEPT + 1;
    *sequence = next;
    *kind = events->kinds[next % EVENTS_KEPT];
    return true;
}
