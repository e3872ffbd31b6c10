/* Reads of words that another party may change at any moment: once, into a register. */
#pragma once

#include "base/types.h"

static inline uint32_t read_once32(const uint32_t *word) { return *(const volatile uint32_t *)word; }
static inline uint64_t read_once64(const uint64_t *word) { return *(const volatile uint64_t *)word; }
