/* SHA-256 ([FIPS-180-4]). The code is kernel/base/sha256.c, compiled a second time for domains by CMake:
 * one implementation, proved once. */
#ifndef LIB_SHA256_H
#define LIB_SHA256_H

#include <stdint.h>

#define SHA256_BYTES 32

void sha256(const uint8_t *data, uint64_t len_bytes, uint8_t digest[static SHA256_BYTES]);

#endif
