/* The function's cgroup: its limits and what it uses. */
#ifndef SKEP_CGROUP_H
#define SKEP_CGROUP_H
#include "base.h"

/* Makes it; a limit of 0 is none. False with errno. */
bool cgroup_create(int64_t memory_bytes, int64_t cpu_millis);
int64_t cgroup_oom_kills(void);

/* The first number in one of its files. */
int64_t cgroup_number(const char *file);
int64_t cgroup_cpu_micros(void);
#endif
