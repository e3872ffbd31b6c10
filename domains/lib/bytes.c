/* memcpy, memmove, memset and memcmp in general registers only. Compilers call these by themselves, also
 * from code that may not touch the FPU, so they stand before newlib's own in the link. Word moves, because
 * an emulator counts every iteration. */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t len);
void *memmove(void *to, const void *from, size_t len);
void *memset(void *to, int value, size_t len);
int memcmp(const void *a, const void *b, size_t len);

void *memcpy(void *restrict to, const void *restrict from, size_t len)
{
    void *out = to;
    size_t words = len / 8, rest = len % 8;
    __asm__ volatile("rep movsq" : "+D"(out), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(out), "+S"(from), "+c"(rest) : : "memory");
    return to;
}

void *memmove(void *to, const void *from, size_t len)
{
    if ((uintptr_t)to - (uintptr_t)from >= len) {
        return memcpy(to, from, len);
    }
    /* The destination starts inside the source: backwards, byte by byte. The ABI wants DF clear after it. */
    uint8_t *out = (uint8_t *)to + len - 1;
    const uint8_t *in = (const uint8_t *)from + len - 1;
    __asm__ volatile("std; rep movsb; cld" : "+D"(out), "+S"(in), "+c"(len) : : "memory");
    return to;
}

void *memset(void *to, int value, size_t len)
{
    void *out = to;
    uint64_t pattern = (uint64_t)(uint8_t)value * UINT64_C(0x0101010101010101);
    size_t words = len / 8, rest = len % 8;
    __asm__ volatile("rep stosq" : "+D"(out), "+c"(words) : "a"(pattern) : "memory");
    __asm__ volatile("rep stosb" : "+D"(out), "+c"(rest) : "a"(pattern) : "memory");
    return to;
}

int memcmp(const void *a, const void *b, size_t len)
{
    const uint8_t *left = a, *right = b;
    for (size_t i = 0; i < len; i++) {
        if (left[i] != right[i]) {
            return left[i] < right[i] ? -1 : 1;
        }
    }
    return 0;
}
