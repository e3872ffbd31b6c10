#include "base/string.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    void *target = to;
    size_t words = bytes / 8, rest = bytes % 8;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(rest) : : "memory");
    return target;
}

void *memset(void *to, int value, size_t bytes)
{
    void *target = to;
    size_t words = bytes / 8, rest = bytes % 8;
    const uint64_t pattern = 0x0101010101010101u * (uint8_t)value;
    __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(rest) : "a"(pattern) : "memory");
    return target;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
    const uint8_t *left = a, *right = b;
    /*@ loop invariant 0 <= i <= bytes;
        loop invariant \forall integer j; 0 <= j < i ==> left[j] == right[j];
        loop assigns i;
        loop variant bytes - i;
     */
    for (size_t i = 0; i < bytes; i++)
        if (left[i] != right[i]) return left[i] < right[i] ? -1 : 1;
    return 0;
}

void zero_words(void *to, size_t bytes)
{
    size_t words = bytes / 8;
    __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(0) : "memory");
}

void zero_page(void *page) { zero_words(page, PAGE_BYTES); }
