/* Readiness, asked inside the guest and pushed to the host. */
#ifndef SKEP_PROBE_H
#define SKEP_PROBE_H
#include <sys/types.h>

#include "json.h"

/* Takes over a readiness object; false where it is wrong. */
bool probe_configure(const struct json *readiness);

/* The function has been executed then: begin to ask. */
void probe_begin(int64_t executed_at);

/* The function has ended, or is about to. */
void probe_end(void);

/* Tells a new host what it may have missed. */
void probe_retell(void);

bool probe_ready(void);
int64_t probe_attempts(void);
/* Why the last question failed; "" where none did. */
const char *probe_message(void);

/* True where it was the command of an exec probe. */
bool probe_child_ended(pid_t pid, int status);
#endif
