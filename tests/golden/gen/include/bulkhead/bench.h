/* Generated from idl/bench.idl by gen (docs/idl.md). Do not edit. */
#pragma once

#include <bulkhead/abi.h>

#define INTERFACE_BENCH 63
#define BENCH_INTERFACE_VERSION 1
enum bench_method { BENCH_NULL = 0 };
