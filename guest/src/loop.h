/* The agent's one thread: file descriptors, timers and children. */
#ifndef SKEP_LOOP_H
#define SKEP_LOOP_H
#include <sys/epoll.h>
#include <sys/types.h>

#include "base.h"

struct source {
	int fd;
	void (*on_event)(struct source *source, unsigned events);
	unsigned watched; /* owned by the loop */
};

struct timer {
	void (*on_time)(struct timer *timer);
	int64_t at;
	struct timer *next;
	bool armed;
};

void loop_init(void);

/* Watches for these events from now on; 0 stops. */
void loop_watch(struct source *source, unsigned events);

/* Stops watching and closes; harmless on a source that has no descriptor. */
void loop_close(struct source *source);

/* Calls on_time once at that moment of now(), in place of an earlier setting. */
void timer_set(struct timer *timer, int64_t at);
void timer_cancel(struct timer *timer);

/* Runs for good. Before each wait it calls before_wait; on_child is told of each child that ended. */
_Noreturn void loop_run(void (*before_wait)(void), void (*on_child)(pid_t pid, int status));
#endif
