/* What the domains take of Mbed TLS: ChaCha20-Poly1305 [RFC-8439] and nothing else. */
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C
