#include "folders.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static bool make(const char *path, size_t length)
{
	char part[PATH_MAX];
	if (length >= sizeof part)
		return errno = ENAMETOOLONG, false;
	for (size_t i = 1; i <= length; i++) {
		part[i - 1] = path[i - 1];
		if (i < length && path[i] != '/')
			continue;
		part[i] = 0;
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return false;
	}
	return true;
}

bool folders_to(const char *path)
{
	return make(path, strlen(path));
}

bool folders_above(const char *path)
{
	return make(path, (size_t)(strrchr(path, '/') - path));
}
