#include "probe.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "function.h"
#include "loop.h"
#include "net.h"
#include "question.h"

enum { MAX_ANSWER = 64 << 10, MAX_SERVICE = 100 };
#define FASTEST MILLIS
#define SLOWEST (50 * MILLIS)
#define SETTLED (10 * SECONDS) /* between questions of a fast probe that has passed: the kubelet's default */
#define RECOVERY (1 * SECONDS) /* and while it fails after that */

static void on_tick(struct timer *timer);
static void on_timeout(struct timer *timer);
static void on_socket(struct source *source, unsigned events);
static void on_report(struct source *source, unsigned events);

/* What to ask. */
static enum { TCP, HTTP, EXEC, GRPC, NONE } type;
static uint16_t port;
static char **command;
static struct buf request; /* of http and grpc */
static int64_t initial_delay, period, timeout, success_threshold, failure_threshold;

/* How it stands. */
static bool active, ready, ever_ready;
static int64_t since, asked_at, ready_at, attempts, ready_attempts, successes, failures;
static char message[256];

/* The question that is open. */
static struct timer tick = {.on_time = on_tick}, deadline = {.on_time = on_timeout};
static struct source connection = {.fd = -1, .on_event = on_socket}, report = {.fd = -1, .on_event = on_report};
static struct buf answer;
static size_t asked; /* bytes of request */
static bool connected;
static pid_t child;

bool probe_configure(const struct json *readiness)
{
	const char *name = json_text(readiness, "type", "");
	const char *service = json_text(readiness, "service", "");
	int64_t wanted = json_number(readiness, "port", 0);
	initial_delay = json_number(readiness, "initialDelayMillis", 0) * MILLIS;
	period = json_number(readiness, "periodMillis", 0) * MILLIS;
	timeout = json_number(readiness, "timeoutMillis", 1000) * MILLIS;
	success_threshold = json_number(readiness, "successThreshold", 1);
	failure_threshold = json_number(readiness, "failureThreshold", 3);
	if (strcmp(name, "none") == 0) {
		type = NONE;
		return true;
	}
	if (strcmp(name, "exec") == 0) {
		type = EXEC;
		command = json_strings(json_get(readiness, "argv"), false);
		return command != NULL;
	}
	if (wanted < 1 || wanted > 65535 || timeout <= 0 || strlen(service) > MAX_SERVICE)
		return false;
	port = (uint16_t)wanted;
	if (strcmp(name, "http") == 0) {
		type = HTTP;
		request = question_http(port, json_text(readiness, "path", "/"), json_get(readiness, "headers"));
	} else if (strcmp(name, "grpc") == 0) {
		type = GRPC;
		request = question_grpc(port, service);
	} else {
		type = TCP;
		return strcmp(name, "tcp") == 0;
	}
	return true;
}

static void tell_ready(void)
{
	buf_format(channel_begin("ready"), ",\"readyMicros\":%lld,\"attempts\":%lld", (long long)(ready_at - since) / 1000, (long long)ready_attempts);
	channel_end();
}

static void tell_change(void)
{
	struct buf *out = channel_begin("readiness");
	buf_format(out, ",\"ready\":%s,\"message\":", ready ? "true" : "false");
	json_quote(out, ready ? "" : message);
	channel_end();
}

void probe_retell(void)
{
	if (ever_ready)
		tell_ready();
	if (ever_ready && !ready)
		tell_change();
}

static int64_t next_question(void)
{
	int64_t pause = (now() - since) / 20;
	if (period)
		return asked_at + period;
	if (ever_ready)
		return now() + (ready ? SETTLED : RECOVERY);
	return now() + (pause < FASTEST ? FASTEST : pause > SLOWEST ? SLOWEST : pause);
}

static void close_question(void)
{
	loop_close(&connection);
	loop_close(&report);
	timer_cancel(&deadline);
	buf_free(&answer);
	if (child > 0) {
		kill(-child, SIGKILL);
		kill(child, SIGKILL);
	}
	child = 0;
}

static void passed(void)
{
	failures = 0;
	if (!ready && ++successes >= success_threshold) {
		ready = true;
		if (ever_ready) {
			tell_change();
		} else {
			ever_ready = true;
			ready_at = now();
			ready_attempts = attempts;
			tell_ready();
		}
	}
}

static void failed(const char *why)
{
	static const char *const NAMES[] = {"TCP connection", "HTTP GET", "command", "gRPC health check"};
	if (type == EXEC)
		snprintf(message, sizeof message, "readiness probe: command %s: %s", command[0], why);
	else
		snprintf(message, sizeof message, "readiness probe: %s to port %u: %s", NAMES[type], port, why);
	successes = 0;
	if (ready && ++failures >= failure_threshold) {
		ready = false;
		tell_change();
	}
}

/* why: NULL where the question has been answered well. */
static void settle(const char *why)
{
	close_question();
	if (why)
		failed(why);
	else
		passed();
	timer_set(&tick, next_question());
}

static void ask_command(void)
{
	struct launch sibling = {.in = -1, .out = -1, .err = -1};
	if (!function_sibling(&sibling))
		return;
	sibling.argv = command;
	child = launch(&sibling, &report.fd);
	if (child < 0) {
		child = 0;
		settle(strerror(errno));
		return;
	}
	loop_watch(&report, EPOLLIN);
}

static void on_report(struct source *source, unsigned events)
{
	(void)events;
	struct refusal refusal;
	int fd = source->fd;
	loop_watch(source, 0);
	source->fd = -1;
	if (!launch_succeeded(fd, &refusal))
		settle(refusal.message);
}

bool probe_child_ended(pid_t pid, int status)
{
	if (pid != child || pid == 0)
		return false;
	char why[64];
	if (report.fd >= 0)
		on_report(&report, 0);
	if (child == 0) /* refused, and settled by that */
		return true;
	child = 0;
	if (WIFSIGNALED(status))
		snprintf(why, sizeof why, "ended by signal %d", WTERMSIG(status));
	else
		snprintf(why, sizeof why, "exit code %d", WEXITSTATUS(status));
	settle(status == 0 ? NULL : why);
	return true;
}

static void on_tick(struct timer *timer)
{
	(void)timer;
	attempts++;
	asked_at = now();
	asked = 0;
	connected = false;
	timer_set(&deadline, asked_at + timeout);
	if (type == NONE) {
		settle(NULL); /* it runs */
		return;
	}
	if (type == EXEC) {
		ask_command();
		return;
	}
	connection.fd = net_dial(port);
	if (connection.fd < 0)
		settle(strerror(errno));
	else
		loop_watch(&connection, EPOLLOUT);
}

static void on_timeout(struct timer *timer)
{
	(void)timer;
	char why[64];
	snprintf(why, sizeof why, "no answer within %lld ms", (long long)(timeout / MILLIS));
	settle(why);
}

/* False where the question is settled. */
static bool finish_connecting(void)
{
	int error = 0;
	socklen_t size = sizeof error;
	getsockopt(connection.fd, SOL_SOCKET, SO_ERROR, &error, &size);
	connected = error == 0;
	if (error)
		settle(strerror(error));
	else if (type == TCP)
		settle(NULL);
	return !error && type != TCP;
}

static void send_request(void)
{
	ssize_t took = send(connection.fd, request.data + asked, request.length - asked, MSG_NOSIGNAL);
	if (took > 0)
		asked += (size_t)took;
	else if (errno != EAGAIN && errno != EINTR)
		settle(strerror(errno));
	if (connection.fd >= 0 && asked == request.length)
		loop_watch(&connection, EPOLLIN);
}

static void receive_answer(void)
{
	char bytes[4096], why[128] = "";
	ssize_t got = recv(connection.fd, bytes, sizeof bytes, 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got < 0) {
		settle(strerror(errno));
		return;
	}
	buf_add(&answer, bytes, (size_t)got);
	bool ended = got == 0 || answer.length > MAX_ANSWER;
	enum verdict verdict = type == HTTP ? answer_http(&answer, ended, why, sizeof why) : answer_grpc(&answer, ended, why, sizeof why);
	if (verdict != VERDICT_OPEN)
		settle(verdict == VERDICT_PASS ? NULL : why);
}

static void on_socket(struct source *source, unsigned events)
{
	(void)source;
	if (!connected && !finish_connecting())
		return;
	if (asked < request.length)
		send_request();
	else if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		receive_answer();
}

void probe_begin(int64_t executed_at)
{
	active = true;
	since = executed_at;
	timer_set(&tick, executed_at + initial_delay);
}

void probe_end(void)
{
	if (!active)
		return;
	active = false;
	timer_cancel(&tick);
	close_question();
}

bool probe_ready(void)
{
	return ready && active;
}

int64_t probe_attempts(void)
{
	return attempts;
}

const char *probe_message(void)
{
	return message;
}
