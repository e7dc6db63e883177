/* From argv to a running program, or to the reason why not. Used in the child. */
#ifndef SKEP_COMMAND_H
#define SKEP_COMMAND_H

/* Ends the child; the agent gets code and message. */
_Noreturn void refuse(const char *code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Executes argv[0], looked up on env's PATH unless it has a slash. */
_Noreturn void command_execute(char **argv, char **env);
#endif
