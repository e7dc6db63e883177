/* A guest that has been restored from a snapshot becomes itself: no two clones of it are twins. */
#ifndef SKEP_RESTORED_H
#define SKEP_RESTORED_H
#include "json.h"

void restored(int64_t id, const struct json *request);
#endif
