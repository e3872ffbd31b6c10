/* What a guest must not change: the state of the processor as this domain sees it. */
#ifndef HOST_H
#define HOST_H

#include "hostile.h"

enum { HOST_PROBES = 32 };
/* What the thread that runs the vCPU sees of its own; and what a probe elsewhere meets at privileged and optional instructions. */
struct host {
    uint64_t flags, xcr0, selectors, tsc;
    struct fault fault[HOST_PROBES];
    uint64_t data[HOST_PROBES][2];
};

/* The word that stands at fs:0 of the thread that runs the vCPU. */
enum { HOST_FS_WORD = 0x464f5f4453415542 };
void host_open(struct host *host, struct probe *probe);
/* NULL, or what has changed. Quick: after every value. */
const char *host_changed(struct host *host);
/* The same by the probe: after every field. */
const char *host_signature_changed(const struct host *host, struct probe *probe);
/* Addresses for DR0-3 that this domain uses all the time. */
void host_watch(uint64_t dr[4]);

/* Threads that look at their extended state, and at their FS base, for as long as the walk lasts. */
struct watchers {
    struct worker extended, fs;
    uint32_t fault;
};
void watchers_start(struct lab *lab, struct watchers *watchers);
void watchers_check(struct lab *lab, struct watchers *watchers);

#endif
