/* Generated from idl/block.idl by gen (docs/idl.md). Do not edit. */
#pragma once

#include <bulkhead/abi.h>

enum block_op { BLOCK_OP_READ = 0, BLOCK_OP_WRITE = 1, BLOCK_OP_FLUSH = 2, BLOCK_OP_DISCARD = 3, BLOCK_OP_WRITE_ZEROES = 4 };

/* Of a write: complete once it is on the medium. */
enum block_flags { BLOCK_FUA = 1 << 0 };

enum block_status {
    BLOCK_STATUS_OK = 0, BLOCK_STATUS_IO_ERROR = 1, BLOCK_STATUS_UNSUPPORTED = 2, BLOCK_STATUS_RANGE = 3, BLOCK_STATUS_READ_ONLY = 4
};

/* Whether the server behind a channel takes requests. */
enum channel_state { CHANNEL_STATE_STARTING = 0, CHANNEL_STATE_READY = 1, CHANNEL_STATE_PARKED = 2 };

/* What fits: a tenant's pool is cut into slots, one for each request in flight. */
enum block_limits {
    BLOCK_LIMITS_RING = 256, BLOCK_LIMITS_SLOTS = 64, BLOCK_LIMITS_SLOT_BYTES = 65536, BLOCK_LIMITS_POOL_BYTES = 4194304,
    BLOCK_LIMITS_SECTOR_BYTES = 512
};

/* @data: VMM to blkvirt the offset in the tenant's pool, blkvirt to blkdrv the device's address; a page boundary either way.
 * Sectors are of 512 bytes; without data at most what fits 32 bits. @id is the client's and comes back. */
struct block_request { uint16_t id; uint8_t op, flags; uint32_t sectors; uint64_t sector, data, reserved; };

struct block_completion { uint16_t id; uint8_t status, flags; uint32_t reserved; };

/* Ends: a asks, b serves. Free-running counters; the writer of each is named. An event is the counter's value from which its
 * reader wants a signal. */
struct block_channel {
    uint32_t epoch, state, request_head, completion_tail, completion_event, ping, joined_a, joined_b, pad_a[8], request_tail;
    uint32_t completion_head, request_event, pong; uint64_t sectors; uint32_t block_bytes, features; uint8_t serial[32];
    struct block_request request[256]; struct block_completion completion[256];
    uint32_t warnings, temperature_k, spare_percent, used_percent, resets, pad_c[1]; uint64_t errors; uint8_t unused_[5984];
};
