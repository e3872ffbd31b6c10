/* Headers are proved through a file that includes them. */
#include "base/bits.h"
#include "base/math.h"
