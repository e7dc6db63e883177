#include "loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

static int epoll_fd;
static struct source signals;
static struct timer *timers; /* soonest first */

void loop_init(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	signals.fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (epoll_fd < 0 || signals.fd < 0)
		die("event loop: %s", strerror(errno));
	loop_watch(&signals, EPOLLIN);
}

void loop_watch(struct source *source, unsigned events)
{
	if (source->watched == events)
		return;
	/* A descriptor without events is taken out: epoll reports hang-ups even of those that ask for nothing. */
	int operation = events == 0 ? EPOLL_CTL_DEL : source->watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
	struct epoll_event event = {.events = events, .data.ptr = source};
	if (epoll_ctl(epoll_fd, operation, source->fd, &event) < 0)
		die("epoll_ctl: %s", strerror(errno));
	source->watched = events;
}

void loop_close(struct source *source)
{
	if (source->fd < 0)
		return;
	loop_watch(source, 0);
	close(source->fd);
	source->fd = -1;
}

void timer_cancel(struct timer *timer)
{
	if (!timer->armed)
		return;
	struct timer **at = &timers;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->armed = false;
}

void timer_set(struct timer *timer, int64_t when)
{
	timer_cancel(timer);
	struct timer **at = &timers;
	while (*at && (*at)->at <= when)
		at = &(*at)->next;
	timer->at = when;
	timer->next = *at;
	timer->armed = true;
	*at = timer;
}

static void fire_timers(void)
{
	while (timers && timers->at <= now()) {
		struct timer *due = timers;
		timer_cancel(due);
		due->on_time(due);
	}
}

static int wait_millis(void)
{
	if (!timers)
		return -1;
	int64_t left = timers->at - now();
	int64_t millis = left <= 0 ? 0 : (left + MILLIS - 1) / MILLIS;
	return millis > 3600000 ? 3600000 : (int)millis;
}

static void reap(void (*on_child)(pid_t, int))
{
	struct signalfd_siginfo info[8];
	ssize_t ignored = read(signals.fd, info, sizeof info);
	(void)ignored;
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		on_child(pid, status);
}

_Noreturn void loop_run(void (*before_wait)(void), void (*on_child)(pid_t, int))
{
	for (;;) {
		before_wait();
		/* One event at a time: a handler may free any other source. */
		struct epoll_event event;
		int count = epoll_wait(epoll_fd, &event, 1, wait_millis());
		if (count == 1) {
			struct source *source = event.data.ptr;
			if (source == &signals)
				reap(on_child);
			else
				source->on_event(source, event.events);
		}
		fire_timers();
	}
}
