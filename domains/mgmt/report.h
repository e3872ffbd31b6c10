/* Tables of what runs, for people and for the machine link. */
#ifndef BULKHEAD_MGMT_REPORT_H
#define BULKHEAD_MGMT_REPORT_H

#include "builder_calls.h"
#include "cbor.h"
#include "mgmt.h"
#include "text.h"

struct system_totals {
    uint32_t domains;
    uint32_t failed; /* neither running nor stopped on purpose */
    uint64_t capabilities;
    uint64_t memory_kib;
};

/* Asks builder about every domain, in the order of mgmt->domains. */
void report_statuses(struct mgmt *mgmt, struct domain_status statuses[DOMAINS_MAX], bool patient);
struct system_totals report_totals(const struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX]);
/* The system's name, terminated; "?" where the description gives none. */
void report_system_name(const struct mgmt *mgmt, char name[NAME_BYTES]);
/* "bulkhead: two-tenants: 6 domains, …", the summary's first line. */
void report_summary(const struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX],
                    struct text *text);
void report_table(const struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX],
                  struct text *text);
/* Every domain, as idl/mgmt.idl says: an array of arrays. */
void report_domains(struct mgmt *mgmt, const struct domain_status statuses[DOMAINS_MAX],
                    struct cbor_writer *writer);
/* The devices of drivers; nothing where there is none. */
void report_devices(const struct mgmt *mgmt, struct text *text);
/* What a device reported. */
void report_device(const struct device *device, struct cbor_writer *writer);
/* A driver's last restart: stage, cause, how often it ended well, microseconds by stage. */
void report_restart(const struct device *device, struct cbor_writer *writer);

#endif
