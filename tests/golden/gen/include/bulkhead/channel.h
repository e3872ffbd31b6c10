/* Generated from idl/channel.idl by gen (docs/idl.md). Do not edit. */
#pragma once

#include <bulkhead/abi.h>

/* Two byte rings, free-running 32-bit counters; a_to_b is written by end a. */
struct console_channel {
    uint32_t epoch, capacity, a_to_b_head, a_to_b_tail, b_to_a_head, b_to_a_tail; uint64_t status, reserved[28];
    uint8_t a_to_b[8192], b_to_a[4096]; uint8_t unused_[3840];
};
