/* From the kernel's hand-over to a root file system for the function. */
#ifndef SKEP_BOOT_H
#define SKEP_BOOT_H
#include <stdbool.h>

/* Where the function's root is mounted in the agent's own mount namespace. */
#define FUNCTION_ROOT "/root"
#define CGROUP "/sys/fs/cgroup"
#define FUNCTION_CGROUP CGROUP "/function"

void boot_mounts(void);

/* Loads /modules/order, one file name a line, up to a line "--" or the end, then forgets those files; call again to go on after "--". */
void boot_modules(void);

/* Mounts image and overlay; NULL, or what is wrong. */
const char *boot_root(void);

/* Whether that file of the function's root was written in this guest, by whomever. Only for the agent itself, which still sees the layers. */
bool boot_has_written(const char *path);
#endif
