#define _GNU_SOURCE
#include "function.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "channel.h"
#include "contain.h"
#include "identity.h"
#include "loop.h"
#include "mounts.h"
#include "output.h"
#include "probe.h"
#include "reply.h"

#define LAST_WORDS (250 * MILLIS)

static void on_report(struct source *source, unsigned events);
static void on_grace_over(struct timer *timer);

static enum { IDLE, STARTING, RUNNING, EXITED } state;
static const char *root_problem;
static pid_t pid;
static int pidfd = -1;
static struct launch process = {.in = -1, .join = -1};
static struct source report = {.fd = -1, .on_event = on_report};
static struct timer grace = {.on_time = on_grace_over};
static int64_t start_id, asked_at, executed_at, ran;
static int exit_status;
static bool out_of_memory, exit_told, stopping;

const char *function_state(void)
{
	return state == RUNNING ? "running" : state == EXITED ? "exited" : "idle";
}

void function_root_is(const char *problem)
{
	root_problem = problem;
}

static bool configure(const struct json *request)
{
	const struct json *config = json_get(request, "process");
	process.argv = json_strings(json_get(config, "argv"), false);
	process.env = json_strings(json_get(config, "env"), true);
	process.user = must_copy(json_text(config, "user", ""));
	process.working_dir = must_copy(json_text(config, "workingDir", "/"));
	return process.argv && process.env && probe_configure(json_get(request, "readiness"));
}

/* Opens its two pipes and forks; NULL, or what failed. */
static const char *run(void)
{
	int out[2], err[2];
	if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		return "pipes";
	process.out = out[1];
	process.err = err[1];
	/* From here on every child of the agent lives in the function's namespace; the first is its process 1. */
	if (unshare(CLONE_NEWPID) < 0)
		return "process namespace";
	pid = launch(&process, &report.fd);
	mounts_forget();
	close(out[1]);
	close(err[1]);
	if (pid < 0)
		return "fork";
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	output_open(out[0], err[0]);
	loop_watch(&report, EPOLLIN);
	return pidfd < 0 ? "pidfd" : NULL;
}

void function_start(int64_t id, const struct json *request)
{
	const struct json *limits = json_get(request, "limits");
	if (state != IDLE || process.argv) {
		reply_error(id, "STATE", "start: the function has been started before");
		return;
	}
	if (root_problem) {
		reply_error(id, "ROOT", "root file system: %s", root_problem);
		return;
	}
	asked_at = now();
	start_id = id;
	if (!configure(request)) {
		reply_error(id, "BAD_REQUEST", "start: 'process' needs lists of strings 'argv' and 'env', 'readiness' a known 'type' with its fields");
		return;
	}
	if (!identity_apply(json_get(request, "identity"))) {
		reply_error(id, "BAD_REQUEST", "start: 'identity' needs a 'hostname' of 1 to 64 bytes, 'timeNanos' and a 'seed' of at most 512 bytes");
		return;
	}
	const char *failed = cgroup_create(json_number(limits, "memoryBytes", 0), json_number(limits, "cpuMillis", 0)) ? run() : "cgroup";
	if (failed)
		reply_error(id, "SYSTEM", "start: %s: %s", failed, strerror(errno));
	else
		state = STARTING;
}

static void on_report(struct source *source, unsigned events)
{
	(void)events;
	struct refusal refusal;
	int fd = source->fd;
	loop_watch(source, 0);
	source->fd = -1;
	if (!launch_succeeded(fd, &refusal)) {
		reply_error(start_id, refusal.code, "%s", refusal.message);
		return; /* the child dies; what it was goes to function_child_ended */
	}
	executed_at = now();
	if (state == STARTING)
		state = RUNNING;
	buf_format(reply_begin(start_id), ",\"execMicros\":%lld", (long long)(executed_at - asked_at) / 1000);
	channel_end();
	if (state == RUNNING)
		probe_begin(executed_at);
}

bool function_sibling(struct launch *launch)
{
	if (state != RUNNING)
		return false;
	launch->env = process.env;
	launch->user = process.user;
	launch->working_dir = process.working_dir;
	launch->join = pidfd;
	return true;
}

int function_inside(int (*inside)(void))
{
	const char *failed;
	int status;
	pid_t child = fork();
	if (child == 0)
		_exit(contain_join(pidfd, &failed) ? inside() : 255);
	return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

bool function_child_ended(pid_t ended, int status)
{
	if (ended != pid || pid == 0)
		return false;
	/* It may have ended before its report was read. */
	if (report.fd >= 0)
		on_report(&report, 0);
	pid = 0;
	timer_cancel(&grace);
	if (state != RUNNING) { /* refused: nothing ran */
		state = IDLE;
		return true;
	}
	state = EXITED;
	exit_status = status;
	ran = now() - executed_at;
	out_of_memory = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && cgroup_oom_kills() > 0;
	probe_end();
	output_finish();
	return true;
}

static void tell_exit(void)
{
	int signal = WIFSIGNALED(exit_status) ? WTERMSIG(exit_status) : 0;
	buf_format(channel_begin("exited"), ",\"code\":%d,\"signal\":%d,\"oom\":%s,\"ranMicros\":%lld", signal ? 128 + signal : WEXITSTATUS(exit_status), signal,
		   out_of_memory ? "true" : "false", (long long)ran / 1000);
	channel_end();
	exit_told = true;
}

void function_retell(void)
{
	exit_told = false;
	if (state == RUNNING)
		probe_retell();
}

void function_pump(void)
{
	if (state == EXITED && !exit_told && channel_connected() && output_flushed())
		tell_exit();
	if (stopping && pid == 0) {
		channel_finish(LAST_WORDS);
		sync();
		reboot(RB_AUTOBOOT);
		die("reboot: %s", strerror(errno));
	}
}

void function_signal(int64_t id, const struct json *request)
{
	int64_t signal = json_number(request, "signal", 0);
	if (state != RUNNING)
		reply_error(id, "STATE", "signal: the function is not running");
	else if (signal < 1 || signal > 64)
		reply_error(id, "BAD_REQUEST", "signal: %lld (expected: 1 to 64)", (long long)signal);
	else if (kill(pid, (int)signal) < 0)
		reply_error(id, "SYSTEM", "signal %lld: %s", (long long)signal, strerror(errno));
	else
		reply_done(id);
}

/*
 * Process 1 of a namespace is deaf to signals that it neither handles nor ignores. A program that would die of SIGTERM anywhere else dies of
 * it here too, instead of sitting out its grace.
 */
static bool deaf_to_term(void)
{
	char path[32], text[4096];
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	if (read_file(path, text, sizeof text) < 0)
		return false;
	const char *caught = strstr(text, "\nSigCgt:"), *ignored = strstr(text, "\nSigIgn:");
	if (!caught || !ignored)
		return false;
	unsigned long long either = strtoull(caught + 8, NULL, 16) | strtoull(ignored + 8, NULL, 16);
	return !(either >> (SIGTERM - 1) & 1);
}

void function_stop(int64_t id, const struct json *request)
{
	int64_t millis = json_number(request, "graceMillis", 0);
	reply_done(id);
	stopping = true;
	probe_end();
	if (pid == 0)
		return;
	bool at_once = millis <= 0 || deaf_to_term();
	kill(pid, at_once ? SIGKILL : SIGTERM);
	if (!at_once)
		timer_set(&grace, now() + millis * MILLIS);
}

static void on_grace_over(struct timer *timer)
{
	(void)timer;
	if (pid > 0)
		kill(pid, SIGKILL);
}
