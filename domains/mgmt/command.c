#include "command.h"

#include <string.h>

enum command_argument { ARGUMENT_NONE, ARGUMENT_OPTIONAL, ARGUMENT_REQUIRED };

static const struct {
    const char *name;
    enum command_verb verb;
    enum command_argument argument;
} command_table[] = {
    {"help", COMMAND_HELP, ARGUMENT_NONE},           {"ps", COMMAND_PS, ARGUMENT_NONE},
    {"kill", COMMAND_KILL, ARGUMENT_REQUIRED},       {"restart", COMMAND_RESTART, ARGUMENT_REQUIRED},
    {"pause", COMMAND_PAUSE, ARGUMENT_REQUIRED},     {"resume", COMMAND_RESUME, ARGUMENT_REQUIRED},
    {"console", COMMAND_CONSOLE, ARGUMENT_REQUIRED}, {"log", COMMAND_LOG, ARGUMENT_OPTIONAL},
    {"quit", COMMAND_QUIT, ARGUMENT_NONE},
};

struct word {
    const char *bytes;
    size_t count;
};

/* Takes the next word off the line. */
static struct word word_next(const char **line, const char *end)
{
    while (*line < end && (**line == ' ' || **line == '\t'))
        (*line)++;
    struct word word = {.bytes = *line, .count = 0};
    while (*line < end && **line != ' ' && **line != '\t') {
        (*line)++;
        word.count++;
    }
    return word;
}

static bool name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '-' || byte == '_' || byte == '.';
}

bool command_name(const char *bytes, size_t count, char name[COMMAND_NAME_MAX])
{
    if (count >= COMMAND_NAME_MAX)
        return false;
    for (size_t index = 0; index < count; index++) {
        if (!name_byte(bytes[index]))
            return false;
        name[index] = bytes[index];
    }
    name[count] = '\0';
    return true;
}

static enum command_error parse_argument(enum command_argument argument, const char *rest, const char *end,
                                         struct command *command)
{
    const struct word name = word_next(&rest, end);
    const struct word extra = word_next(&rest, end);
    command->name[0] = '\0';
    if (extra.count != 0 || (argument == ARGUMENT_NONE && name.count != 0))
        return COMMAND_EXTRA;
    if (argument == ARGUMENT_REQUIRED && name.count == 0)
        return COMMAND_NO_NAME;
    return command_name(name.bytes, name.count, command->name) ? COMMAND_OK : COMMAND_BAD_NAME;
}

enum command_error command_parse(const char *line, size_t count, struct command *command)
{
    const char *const end = line + count;
    const struct word verb = word_next(&line, end);
    if (verb.count == 0)
        return COMMAND_EMPTY;
    for (size_t index = 0; index < sizeof(command_table) / sizeof(command_table[0]); index++) {
        if (strlen(command_table[index].name) != verb.count ||
            memcmp(command_table[index].name, verb.bytes, verb.count) != 0)
            continue;
        command->verb = command_table[index].verb;
        return parse_argument(command_table[index].argument, line, end, command);
    }
    return COMMAND_UNKNOWN;
}

const char *command_error_text(enum command_error error)
{
    switch (error) {
    case COMMAND_OK:
        return "done";
    case COMMAND_EMPTY:
        return "an empty line";
    case COMMAND_UNKNOWN:
        return "no such command; try help";
    case COMMAND_NO_NAME:
        return "the command needs a NAME; see ps";
    case COMMAND_BAD_NAME:
        return "not a name: letters, digits, - _ . and at most 23 of them";
    case COMMAND_EXTRA:
        return "too many words";
    }
    return "?";
}

const char *command_help(void)
{
    return "  ps             domains, their state, capabilities and memory\n"
           "  console NAME   talk to a guest; Ctrl-] comes back\n"
           "  log [NAME]     recent log, of all or of one\n"
           "  pause NAME     suspend a domain           resume NAME    let it run again\n"
           "  kill NAME      destroy a domain; its restart policy applies\n"
           "  restart NAME   destroy a domain and build it again\n"
           "  quit           power the machine off\n"
           "NAME is a domain or a tenant.\n";
}
