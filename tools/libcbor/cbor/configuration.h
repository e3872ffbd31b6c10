/* libcbor's configuration for Bulkhead's domains, in place of the one its CMake would generate. */
#ifndef LIBCBOR_CONFIGURATION_H
#define LIBCBOR_CONFIGURATION_H

#define CBOR_MAJOR_VERSION 0
#define CBOR_MINOR_VERSION 10
#define CBOR_PATCH_VERSION 2

#define CBOR_BUFFER_GROWTH 2
/* Nesting deeper than this is refused: a description needs a fraction of it. */
#define CBOR_MAX_STACK_SIZE 32
/* No printing: it would pull stdio and floating point into builder. */
#define CBOR_PRETTY_PRINTER 0

#define CBOR_RESTRICT_SPECIFIER restrict
#define CBOR_INLINE_SPECIFIER

#endif
