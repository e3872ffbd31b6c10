/* SHA-256, [FIPS-180-4] 6.2. Shared with the domains' library: only <stdint.h>. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include <stdint.h>

void sha256(const uint8_t *data, uint64_t len_bytes, uint8_t digest[static 32]);

#endif
