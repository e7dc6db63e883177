/* What the function finds beside its image: files that the host has sent, and room to write. */
#ifndef SKEP_MOUNTS_H
#define SKEP_MOUNTS_H
#include <sys/types.h>

#include "json.h"

/* The request of the host: keeps what it describes for the function's start. */
void mounts_add(int64_t id, const struct json *request);

/* Mounts all, with the function's root as root; the user owns them. False with errno and what failed. */
bool mounts_make(uid_t uid, gid_t gid, const char **failed);

/* The function has them: the agent's copies go. */
void mounts_forget(void);
#endif
