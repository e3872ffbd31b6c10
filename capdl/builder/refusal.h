/* Why something was refused, in words for the operator. Functions that may refuse answer bool and fill one
 * of these; the first reason stays. */
#ifndef BUILDER_REFUSAL_H
#define BUILDER_REFUSAL_H

#include <stdbool.h>

struct refusal {
    char text[160];
};

/* Always false, so that a check can be written `return refuse(why, …)`. */
bool refuse(struct refusal *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
