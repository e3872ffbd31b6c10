/* The words that operators and the machine link may say. */
#include "check.h"
#include "command.h"

static enum command_error parse(const char *line, enum command_place place, struct command *command)
{
    return command_parse(line, strlen(line), place, command);
}

static void test_command__operator_words(void)
{
    struct command command;
    CHECK(parse("help", COMMAND_OPERATOR, &command) == COMMAND_OK && command.verb == COMMAND_HELP);
    CHECK(parse("  ps \t", COMMAND_OPERATOR, &command) == COMMAND_OK && command.verb == COMMAND_PS);
    CHECK(parse("kill vmm-a", COMMAND_OPERATOR, &command) == COMMAND_OK);
    CHECK(command.verb == COMMAND_KILL && strcmp(command.name, "vmm-a") == 0);
    CHECK(parse("log", COMMAND_OPERATOR, &command) == COMMAND_OK && command.name[0] == '\0');
    CHECK(parse("log b", COMMAND_OPERATOR, &command) == COMMAND_OK && strcmp(command.name, "b") == 0);
    CHECK(parse("quit", COMMAND_OPERATOR, &command) == COMMAND_OK && command.verb == COMMAND_QUIT);
}

static void test_command__each_place_has_its_words(void)
{
    struct command command;
    CHECK(parse("focus a", COMMAND_LINK, &command) == COMMAND_OK && command.verb == COMMAND_FOCUS);
    CHECK(parse("focus a", COMMAND_OPERATOR, &command) == COMMAND_UNKNOWN);
    CHECK(parse("console a", COMMAND_LINK, &command) == COMMAND_UNKNOWN);
    CHECK(parse("log", COMMAND_LINK, &command) == COMMAND_UNKNOWN);
}

static void test_command__refusals(void)
{
    struct command command;
    CHECK(parse("", COMMAND_OPERATOR, &command) == COMMAND_EMPTY);
    CHECK(parse(" \t ", COMMAND_OPERATOR, &command) == COMMAND_EMPTY);
    CHECK(parse("kil a", COMMAND_OPERATOR, &command) == COMMAND_UNKNOWN);
    CHECK(parse("killa", COMMAND_OPERATOR, &command) == COMMAND_UNKNOWN);
    CHECK(parse("kill", COMMAND_OPERATOR, &command) == COMMAND_NO_NAME);
    CHECK(parse("kill a b", COMMAND_OPERATOR, &command) == COMMAND_EXTRA);
    CHECK(parse("quit now", COMMAND_OPERATOR, &command) == COMMAND_EXTRA);
    CHECK(parse("kill a;b", COMMAND_OPERATOR, &command) == COMMAND_BAD_NAME);
}

static void test_command__name_length_limit(void)
{
    struct command command;
    CHECK(parse("kill aaaaaaaaaaaaaaaaaaaaaaa", COMMAND_LINK, &command) == COMMAND_OK);
    CHECK(strlen(command.name) == COMMAND_NAME_MAX - 1);
    CHECK(parse("kill aaaaaaaaaaaaaaaaaaaaaaaa", COMMAND_LINK, &command) == COMMAND_BAD_NAME);
}

static void test_command__line_need_not_be_terminated(void)
{
    char *const line = malloc(2);
    struct command command;
    memcpy(line, "ps", 2);
    CHECK(command_parse(line, 2, COMMAND_LINK, &command) == COMMAND_OK);
    CHECK(command_parse(line, 1, COMMAND_LINK, &command) == COMMAND_UNKNOWN);
    free(line);
}

int main(void)
{
    RUN(test_command__operator_words);
    RUN(test_command__each_place_has_its_words);
    RUN(test_command__refusals);
    RUN(test_command__name_length_limit);
    RUN(test_command__line_need_not_be_terminated);
    return 0;
}
