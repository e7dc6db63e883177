/* The one connection to the host: frames in and out. Without a host, frames out go nowhere. */
#ifndef SKEP_CHANNEL_H
#define SKEP_CHANNEL_H
#include "json.h"

struct channel_events {
	void (*connected)(void);    /* a host is there, in place of any before it: greet it */
	void (*disconnected)(void); /* it is gone, also before another replaces it */
	void (*request)(char *text, size_t length);
};

/* Listens; from now on the loop serves the channel. */
void channel_open(const struct channel_events *events);
bool channel_connected(void);

/* Bytes that the host has not taken yet. Streams pause above CHANNEL_FULL. */
size_t channel_pending(void);
#define CHANNEL_FULL (128 << 10)

/* When the host last took some, or connected. */
int64_t channel_progress(void);

/* Begins a message: '{"type":"..."' is written, the caller adds ',"key":value' and ends it. */
struct buf *channel_begin(const char *type);
void channel_end(void);

/* Writes what the socket takes. The loop calls it before each wait. */
void channel_flush(void);

/* Sends everything and hangs up; waits, at most that long, until the host's kernel has it. */
void channel_finish(int64_t nanos);

void channel_hang_up(void);
#endif
