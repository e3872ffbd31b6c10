/* The words an operator types. */
#ifndef BULKHEAD_MGMT_COMMAND_H
#define BULKHEAD_MGMT_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

enum { COMMAND_NAME_MAX = 24 }; /* bytes, with the zero at the end */

enum command_verb {
    COMMAND_HELP,
    COMMAND_PS,
    COMMAND_KILL,
    COMMAND_RESTART,
    COMMAND_PAUSE,
    COMMAND_RESUME,
    COMMAND_CONSOLE,
    COMMAND_LOG,
    COMMAND_QUIT,
    COMMAND_FOCUS, /* the machine link's alone */
};

enum command_error {
    COMMAND_OK,
    COMMAND_EMPTY,
    COMMAND_UNKNOWN,
    COMMAND_NO_NAME,
    COMMAND_BAD_NAME,
    COMMAND_EXTRA,
};

struct command {
    enum command_verb verb;
    char name[COMMAND_NAME_MAX]; /* empty if none was given */
};

/* Parses a line of @count bytes (no line end). */
enum command_error command_parse(const char *line, size_t count, struct command *command);
/* Copies what may be a name, terminated; false if it may not: too long, or another character than a name has. */
bool command_name(const char *bytes, size_t count, char name[COMMAND_NAME_MAX]);
const char *command_error_text(enum command_error error);
/* What `help` prints, lines separated by \n. */
const char *command_help(void);

#endif
