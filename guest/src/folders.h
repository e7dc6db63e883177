/* Folders that are made where they are missing. */
#ifndef SKEP_FOLDERS_H
#define SKEP_FOLDERS_H
#include <stdbool.h>

/* The folder at an absolute path, and all above it; false with errno. */
bool folders_to(const char *path);

/* All above what an absolute path names. */
bool folders_above(const char *path);
#endif
