/* Ending a domain loudly: a line in its log, then an undefined instruction, so that the fault message
 * reaches whoever restarts it and the post-mortem shows where. */
#ifndef LIB_PANIC_H
#define LIB_PANIC_H

/* Formats as log_line does. */
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The instruction alone, for code that has already said why. */
_Noreturn static inline void panic_silent(void)
{
    __builtin_trap();
}

/* What the programmer guarantees; stays in release builds. Never for what another domain or a guest controls. */
#define require(condition) \
    ((condition) ? (void)0 : panic("%s:%d: require(%s) failed", __FILE__, __LINE__, #condition))

#endif
