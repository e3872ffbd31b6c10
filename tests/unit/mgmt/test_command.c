/* The words that operators may say. */
#include "check.h"
#include "command.h"

static enum command_error parse(const char *line, struct command *command)
{
    return command_parse(line, strlen(line), command);
}

static void test_command__operator_words(void)
{
    struct command command;
    CHECK(parse("help", &command) == COMMAND_OK && command.verb == COMMAND_HELP);
    CHECK(parse("  ps \t", &command) == COMMAND_OK && command.verb == COMMAND_PS);
    CHECK(parse("kill vmm-a", &command) == COMMAND_OK);
    CHECK(command.verb == COMMAND_KILL && strcmp(command.name, "vmm-a") == 0);
    CHECK(parse("log", &command) == COMMAND_OK && command.name[0] == '\0');
    CHECK(parse("log b", &command) == COMMAND_OK && strcmp(command.name, "b") == 0);
    CHECK(parse("quit", &command) == COMMAND_OK && command.verb == COMMAND_QUIT);
}

static void test_command__refusals(void)
{
    struct command command;
    CHECK(parse("", &command) == COMMAND_EMPTY);
    CHECK(parse(" \t ", &command) == COMMAND_EMPTY);
    CHECK(parse("focus a", &command) == COMMAND_UNKNOWN);
    CHECK(parse("kil a", &command) == COMMAND_UNKNOWN);
    CHECK(parse("killa", &command) == COMMAND_UNKNOWN);
    CHECK(parse("kill", &command) == COMMAND_NO_NAME);
    CHECK(parse("kill a b", &command) == COMMAND_EXTRA);
    CHECK(parse("quit now", &command) == COMMAND_EXTRA);
    CHECK(parse("kill a;b", &command) == COMMAND_BAD_NAME);
}

static void test_command__name_length_limit(void)
{
    struct command command;
    CHECK(parse("kill aaaaaaaaaaaaaaaaaaaaaaa", &command) == COMMAND_OK);
    CHECK(strlen(command.name) == COMMAND_NAME_MAX - 1);
    CHECK(parse("kill aaaaaaaaaaaaaaaaaaaaaaaa", &command) == COMMAND_BAD_NAME);
}

static void test_command__line_need_not_be_terminated(void)
{
    char *const line = malloc(2);
    struct command command;
    memcpy(line, "ps", 2);
    CHECK(command_parse(line, 2, &command) == COMMAND_OK);
    CHECK(command_parse(line, 1, &command) == COMMAND_UNKNOWN);
    free(line);
}

int main(void)
{
    RUN(test_command__operator_words);
    RUN(test_command__refusals);
    RUN(test_command__name_length_limit);
    RUN(test_command__line_need_not_be_terminated);
    return 0;
}
