/* The walls around the function, built by its first process: namespaces, mounts, devices, capabilities. */
#ifndef SKEP_CONTAIN_H
#define SKEP_CONTAIN_H
#include <stdbool.h>

/* New namespaces with the function's root as root. Call in the child; false with errno and what failed. */
bool contain_enter_new(const char **failed);

/* The namespaces of that running process. */
bool contain_join(int pidfd, const char **failed);

/* Leaves the default capability set of OCI runtimes in the bounding set, which is all that an exec can get. */
bool contain_drop_capabilities(void);
#endif
