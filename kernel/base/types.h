/* Integer, address and attribute vocabulary of the kernel. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One-member structs, so that the compiler refuses a mix-up of address kinds. */
typedef struct {
    uint64_t value;
} hpa_t;

#define PAGE_BYTES 4096u
#define PAGE_SHIFT 12u
#define MUST_CHECK __attribute__((warn_unused_result))
#define NORETURN _Noreturn
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
