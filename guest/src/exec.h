/* Commands that the host runs beside the function. */
#ifndef SKEP_EXEC_H
#define SKEP_EXEC_H
#include <sys/types.h>

#include "json.h"

void exec_start(int64_t id, const struct json *request);

/* "Input", "Read" or "Kill", for one that has begun; false where it is none of these. */
bool exec_stream(const char *what, int64_t id, const struct json *request);

/* True where it was one of them. */
bool exec_child_ended(pid_t pid, int status);

/* Reads their output only while the channel has room. Before each wait. */
void exec_pump(void);

/* The host that asked is gone: nobody waits for them. */
void exec_abandon(void);
#endif
