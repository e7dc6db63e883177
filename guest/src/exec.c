#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "function.h"
#include "loop.h"
#include "reply.h"

enum { MAX_SESSIONS = 8, WINDOW = 256 << 10, CHUNK = 16 << 10 };
#define LINGER (100 * MILLIS) /* for output that children of an ended command still hold open */

struct session {
	int64_t id;
	pid_t pid; /* 0: ended */
	bool used, ended, in_ends;
	int status;
	struct source in, streams[2], report;
	int64_t window[2]; /* what the host may still be sent, of each stream */
	int left[2];       /* what an ended command has left in its pipes */
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
	buf_format(reply_begin(s->id), ",\"code\":%d", code);
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
	if (s->window[stream] <= 0)
		return;
	ssize_t got = read(source->fd, bytes, s->window[stream] < CHUNK ? (size_t)s->window[stream] : sizeof bytes);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		loop_close(source);
		finish_if_done(s);
		return;
	}
	s->window[stream] -= got;
	s->left[stream] -= (int)got;
	struct buf *message = channel_begin("execOutput");
	buf_format(message, ",\"id\":%lld,\"stream\":%d,\"data\":\"", (long long)s->id, stream + 1);
	base64_encode(message, bytes, (size_t)got);
	buf_text(message, "\"");
	channel_end();
}

static void tell_taken(const struct session *s, ssize_t bytes, bool reads)
{
	buf_format(channel_begin("execTaken"), ",\"id\":%lld,\"bytes\":%lld,\"reads\":%s", (long long)s->id, (long long)bytes, reads ? "true" : "false");
	channel_end();
}

static void on_stdin(struct source *source, unsigned events)
{
	(void)events;
	struct session *s = owner(source);
	ssize_t took = s->stdin_left.length ? write(source->fd, s->stdin_left.data, s->stdin_left.length) : 0;
	if (took > 0) {
		buf_consume(&s->stdin_left, (size_t)took);
		tell_taken(s, took, true);
	}
	bool broken = took < 0 && errno != EAGAIN && errno != EINTR;
	if (broken)
		tell_taken(s, 0, false);
	if (broken || (s->stdin_left.length == 0 && s->in_ends))
		loop_close(source);
	else if (s->stdin_left.length == 0)
		loop_watch(source, 0);
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

/* Someone whom the command has left behind holds its output open: enough, once the host has what the command itself has said. */
static void on_deadline(struct timer *timer)
{
	struct session *s = owner(timer);
	if ((s->streams[0].fd >= 0 && s->left[0] > 0) || (s->streams[1].fd >= 0 && s->left[1] > 0))
		timer_set(timer, now() + LINGER);
	else
		finish(s);
}

static void kill_all(const struct session *s)
{
	if (s->pid > 0)
		kill(-s->pid, SIGKILL), kill(s->pid, SIGKILL);
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
			for (int i = 0; i < 2; i++)
				if (s->streams[i].fd < 0 || ioctl(s->streams[i].fd, FIONREAD, &s->left[i]) < 0)
					s->left[i] = 0;
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
static bool open_pipes(struct session *s, struct launch *launch, bool input)
{
	int in[2] = {-1, -1}, out[2], err[2];
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0 || (input && pipe2(in, O_CLOEXEC) < 0))
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

static bool begin(struct session *s, char **argv, bool input)
{
	struct launch launch_it;
	s->report = (struct source){.fd = -1, .on_event = on_report};
	if (!open_pipes(s, &launch_it, input) || !function_sibling(&launch_it))
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
	return true;
}

void exec_start(int64_t id, const struct json *request)
{
	struct session *s = free_session();
	if (strcmp(function_state(), "running") != 0) {
		reply_error(id, "STATE", "exec: the function is not running");
		return;
	}
	if (!s) {
		reply_error(id, "LIMIT", "exec: %d commands run already (expected: fewer)", MAX_SESSIONS);
		return;
	}
	char **argv = json_strings(json_get(request, "argv"), false);
	*s = (struct session){.id = id, .in.fd = -1, .report.fd = -1, .streams = {{.fd = -1}, {.fd = -1}}, .window = {WINDOW, WINDOW}, .deadline.on_time = on_deadline};
	if (!argv) {
		reply_error(id, "BAD_REQUEST", "exec: needs 'argv', a list of strings");
		return;
	}
	s->used = true;
	if (!begin(s, argv, json_number(request, "stdin", 0) != 0)) {
		reply_error(id, "SYSTEM", "exec: %s", strerror(errno));
		end(s);
	}
	for (char **at = argv; *at; at++)
		free(*at);
	free(argv);
}

static void take_input(struct session *s, const struct json *request)
{
	if (s->in.fd < 0) {
		tell_taken(s, 0, false);
		return;
	}
	s->in_ends |= json_number(request, "end", 0) != 0;
	if (!base64_decode(&s->stdin_left, json_text(request, "data", "")) || s->stdin_left.length > WINDOW)
		kill_all(s); /* not what the host may send */
	else if (s->stdin_left.length || s->in_ends)
		loop_watch(&s->in, EPOLLOUT);
}

bool exec_stream(const char *what, int64_t id, const struct json *request)
{
	bool input = strcmp(what, "Input") == 0, read = strcmp(what, "Read") == 0;
	if (!input && !read && strcmp(what, "Kill") != 0)
		return false;
	for (struct session *s = sessions; s < sessions + MAX_SESSIONS; s++) {
		if (!s->used || s->id != id)
			continue;
		if (input)
			take_input(s, request);
		else if (read)
			s->window[json_number(request, "stream", 1) == 2] += json_number(request, "bytes", 0);
		else
			kill_all(s);
	}
	return true; /* one that has ended meanwhile hears nothing */
}

void exec_pump(void)
{
	bool room = channel_pending() < CHANNEL_FULL;
	for (struct session *s = sessions; s < sessions + MAX_SESSIONS; s++)
		for (int i = 0; s->used && i < 2; i++)
			if (s->streams[i].fd >= 0)
				loop_watch(&s->streams[i], room && s->window[i] > 0 ? EPOLLIN : 0);
}

void exec_abandon(void)
{
	for (struct session *s = sessions; s < sessions + MAX_SESSIONS; s++) {
		if (!s->used)
			continue;
		kill_all(s);
		end(s);
	}
}
