/* Before every file that is proved: what Frama-C cannot read, in words that it can. */
#define _Alignas(bytes) __attribute__((aligned(bytes)))
