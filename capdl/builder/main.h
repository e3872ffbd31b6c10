/* Called from start.S, once. */
#ifndef BUILDER_MAIN_H
#define BUILDER_MAIN_H

struct boot_info;

_Noreturn void builder_main(const struct boot_info *info);

#endif
