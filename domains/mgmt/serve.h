/* The services on mgmt's endpoint. */
#ifndef BULKHEAD_MGMT_SERVE_H
#define BULKHEAD_MGMT_SERVE_H

#include <fault_server.h>
#include <tenant_server.h>

extern const struct tenant_server_ops tenant_ops;
extern const struct fault_server_ops fault_ops;

#endif
