/* Answers to the host's requests. */
#ifndef SKEP_REPLY_H
#define SKEP_REPLY_H
#include "channel.h"

/* Begins one: the caller adds fields and ends it with channel_end. */
struct buf *reply_begin(int64_t id);
void reply_done(int64_t id);
void reply_error(int64_t id, const char *code, const char *format, ...) __attribute__((format(printf, 3, 4)));
#endif
