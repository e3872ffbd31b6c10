/* Headers are proved through a file that includes them. */
#include "obj/walker.h"
