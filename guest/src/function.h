/* The function's process: one per guest, process 1 of its own namespace. */
#ifndef SKEP_FUNCTION_H
#define SKEP_FUNCTION_H
#include <sys/types.h>

#include "json.h"
#include "launch.h"

/* The requests of the host, answered with the given id. */
void function_start(int64_t id, const struct json *request);
void function_signal(int64_t id, const struct json *request);
void function_stop(int64_t id, const struct json *request);

/* A launch of another process like the function: its walls, user, environment and folder; false where it does not run. */
bool function_sibling(struct launch *launch);

/* What the root file system's mount has said: NULL, or what is wrong. */
void function_root_is(const char *problem);

/* True where it was the function. */
bool function_child_ended(pid_t pid, int status);

/* A child of the agent with the function's root as root runs inside and its result becomes the exit status; the status as of waitpid, or -1 with errno. Waits. */
int function_inside(int (*inside)(void));

/* "idle", "running" or "exited". */
const char *function_state(void);

/* Tells a new host what has happened so far. */
void function_retell(void);

/* Sends what waits for the output to be flushed first, and powers off where that was asked. Before each wait. */
void function_pump(void);
#endif
