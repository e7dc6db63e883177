/* Forks a process into the function's walls. */
#ifndef SKEP_LAUNCH_H
#define SKEP_LAUNCH_H
#include <stdbool.h>
#include <sys/types.h>

struct launch {
	char **argv;
	char **env;
	const char *user;
	const char *working_dir;
	int in, out, err; /* -1: /dev/null */
	int join;         /* pidfd of the function; -1: this is the function, build its walls */
};

/* Why a process was not executed: what the child writes before it dies. */
struct refusal {
	char code[24];
	char message[400];
};

/* The child, or -1 with errno. *report is readable when it has been executed (end of file) or refused (a refusal). */
pid_t launch(const struct launch *launch, int *report);

/* Reads the report and closes it: true where the process was executed. */
bool launch_succeeded(int report, struct refusal *refusal);
#endif
