/* What makes this guest this one and no other: name, resolvers, time, entropy. A clone would be given a new one. */
#ifndef SKEP_IDENTITY_H
#define SKEP_IDENTITY_H
#include "json.h"

#define MACHINE_ID "/etc/machine-id"

/* Takes over an identity object: sets clock, entropy and the kernel's host name; false where a field is wrong. */
bool identity_apply(const struct json *identity);

/* Writes the files that tell of it. Call with the function's root as root; false with errno and what failed. */
bool identity_write_files(const char **failed);

/* As that, in a clone: the machine id is made anew where it is of this guest's making (see boot_has_written). */
bool identity_rewrite_files(bool machine_id, const char **failed);

const char *identity_hostname(void);
#endif
