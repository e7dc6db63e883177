#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "function.h"
#include "loop.h"
#include "reply.h"

enum { MAX_SESSIONS = 8, MAX_OUTPUT = 1 << 20, CHUNK = 16 << 10 };
#define LINGER (100 * MILLIS) /* for output that children of an ended command still hold open */

struct session {
	int64_t id;
	pid_t pid; /* 0: ended */
	bool used, ended, timed_out;
	int status;
	struct source in, streams[2], report;
	size_t taken[2]; /* sent to the host, of each stream */
	struct buf stdin_left;
	struct timer deadline;
};

static struct session sessions[MAX_SESSIONS];

static struct session *owner(const void *part)
{
	for (struct session *s = sessions; s < sessions + MAX_SESSIONS; s++)
		if ((const char *)part >= (const char *)s && (const char *)part < (const char *)(s + 1))
			return s;
	die("exec: an event of nobody");
}

static void end(struct session *s)
{
	loop_close(&s->in);
	loop_close(&s->report);
	loop_close(&s->streams[0]);
	loop_close(&s->streams[1]);
	timer_cancel(&s->deadline);
	buf_free(&s->stdin_left);
	s->used = false;
}

static void finish(struct session *s)
{
	int code = WIFSIGNALED(s->status) ? 128 + WTERMSIG(s->status) : WEXITSTATUS(s->status);
	buf_format(reply_begin(s->id), ",\"code\":%d,\"timedOut\":%s", code, s->timed_out ? "true" : "false");
	channel_end();
	end(s);
}

static void finish_if_done(struct session *s)
{
	if (s->ended && s->report.fd < 0 && s->streams[0].fd < 0 && s->streams[1].fd < 0)
		finish(s);
}

static void on_output(struct source *source, unsigned events)
{
	(void)events;
	struct session *s = owner(source);
	int stream = source == &s->streams[0] ? 0 : 1;
	char bytes[CHUNK];
	ssize_t got = read(source->fd, bytes, sizeof bytes);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		loop_close(source);
		finish_if_done(s);
		return;
	}
	size_t room = MAX_OUTPUT - s->taken[stream], length = (size_t)got < room ? (size_t)got : room;
	if (length == 0)
		return;
	s->taken[stream] += length;
	struct buf *message = channel_begin("execOutput");
	buf_format(message, ",\"id\":%lld,\"stream\":%d,\"data\":\"", (long long)s->id, stream + 1);
	base64_encode(message, bytes, length);
	buf_text(message, "\"");
	channel_end();
}

static void on_stdin(struct source *source, unsigned events)
{
	(void)events;
	struct session *s = owner(source);
	ssize_t took = write(source->fd, s->stdin_left.data, s->stdin_left.length);
	if (took > 0)
		buf_consume(&s->stdin_left, (size_t)took);
	if ((took < 0 && errno != EAGAIN && errno != EINTR) || s->stdin_left.length == 0)
		loop_close(source);
}

static void on_report(struct source *source, unsigned events)
{
	(void)events;
	struct session *s = owner(source);
	struct refusal refusal;
	int fd = source->fd;
	loop_watch(source, 0);
	source->fd = -1;
	if (launch_succeeded(fd, &refusal)) {
		finish_if_done(s);
		return;
	}
	reply_error(s->id, refusal.code, "%s", refusal.message);
	end(s);
}

static void on_deadline(struct timer *timer)
{
	struct session *s = owner(timer);
	if (s->ended) { /* its output is still held open by someone: enough */
		finish(s);
		return;
	}
	s->timed_out = true;
	kill(-s->pid, SIGKILL);
	kill(s->pid, SIGKILL);
}

bool exec_child_ended(pid_t pid, int status)
{
	for (struct session *s = sessions; s < sessions + MAX_SESSIONS; s++) {
		if (s->pid != pid || pid == 0)
			continue;
		s->pid = 0;
		s->status = status;
		s->ended = true;
		if (s->used) {
			timer_set(&s->deadline, now() + LINGER);
			finish_if_done(s);
		}
		return true;
	}
	return false;
}

static struct session *free_session(void)
{
	for (struct session *s = sessions; s < sessions + MAX_SESSIONS; s++)
		if (!s->used && s->pid == 0)
			return s;
	return NULL;
}

/* The agent's ends of the pipes go into the session, the command's into the launch. */
static bool open_pipes(struct session *s, struct launch *launch)
{
	int in[2] = {-1, -1}, out[2], err[2];
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0 || (s->stdin_left.length && pipe2(in, O_CLOEXEC) < 0))
		return false;
	*launch = (struct launch){.in = in[0], .out = out[1], .err = err[1]};
	s->in = (struct source){.fd = in[1], .on_event = on_stdin};
	s->streams[0] = (struct source){.fd = out[0], .on_event = on_output};
	s->streams[1] = (struct source){.fd = err[0], .on_event = on_output};
	if (s->in.fd >= 0)
		fcntl(s->in.fd, F_SETFL, O_NONBLOCK);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	return true;
}

static bool begin(struct session *s, char **argv)
{
	struct launch launch_it;
	s->report = (struct source){.fd = -1, .on_event = on_report};
	if (!open_pipes(s, &launch_it) || !function_sibling(&launch_it))
		return false;
	launch_it.argv = argv;
	s->pid = launch(&launch_it, &s->report.fd);
	close(launch_it.out);
	close(launch_it.err);
	if (launch_it.in >= 0)
		close(launch_it.in);
	if (s->pid < 0) {
		s->pid = 0;
		return false;
	}
	loop_watch(&s->report, EPOLLIN);
	if (s->in.fd >= 0)
		loop_watch(&s->in, EPOLLOUT);
	return true;
}

void exec_start(int64_t id, const struct json *request)
{
	struct session *s = free_session();
	int64_t timeout = json_number(request, "timeoutMillis", 10000);
	if (strcmp(function_state(), "running") != 0) {
		reply_error(id, "STATE", "exec: the function is not running");
		return;
	}
	if (!s) {
		reply_error(id, "LIMIT", "exec: %d commands run already (expected: fewer)", MAX_SESSIONS);
		return;
	}
	char **argv = json_strings(json_get(request, "argv"), false);
	*s = (struct session){.id = id, .in.fd = -1, .report.fd = -1, .streams = {{.fd = -1}, {.fd = -1}}, .deadline.on_time = on_deadline};
	if (!argv || timeout <= 0 || !base64_decode(&s->stdin_left, json_text(request, "stdin", ""))) {
		buf_free(&s->stdin_left);
		reply_error(id, "BAD_REQUEST", "exec: needs 'argv', a list of strings, 'timeoutMillis' above 0 and 'stdin' in base64");
		return;
	}
	s->used = true;
	if (begin(s, argv)) {
		timer_set(&s->deadline, now() + timeout * MILLIS);
	} else {
		reply_error(id, "SYSTEM", "exec: %s", strerror(errno));
		end(s);
	}
	for (char **at = argv; *at; at++)
		free(*at);
	free(argv);
}

void exec_pump(void)
{
	unsigned wanted = channel_pending() < CHANNEL_FULL ? EPOLLIN : 0;
	for (struct session *s = sessions; s < sessions + MAX_SESSIONS; s++)
		for (int i = 0; s->used && i < 2; i++)
			if (s->streams[i].fd >= 0)
				loop_watch(&s->streams[i], wanted);
}

void exec_abandon(void)
{
	for (struct session *s = sessions; s < sessions + MAX_SESSIONS; s++) {
		if (!s->used)
			continue;
		if (s->pid > 0)
			kill(-s->pid, SIGKILL), kill(s->pid, SIGKILL);
		end(s);
	}
}
