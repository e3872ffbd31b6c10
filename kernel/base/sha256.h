/* SHA-256, [FIPS-180-4] 6.2. Shared with the domains' library: only <stdint.h>. */
#pragma once

#include <stdint.h>

/*@ requires len_bytes < 0x2000000000000000; // its length in bits is a word
    requires \valid_read(data + (0 .. len_bytes - 1)) && \valid(digest + (0 .. 31));
    requires \separated(data + (0 .. len_bytes - 1), digest + (0 .. 31));
    assigns digest[0 .. 31];
 */
void sha256(const uint8_t *data, uint64_t len_bytes, uint8_t digest[static 32]);
