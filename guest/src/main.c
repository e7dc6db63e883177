/* Process 1 of the guest: boots it, then serves the host until the host ends it. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "boot.h"
#include "cgroup.h"
#include "exec.h"
#include "function.h"
#include "loop.h"
#include "mounts.h"
#include "net.h"
#include "output.h"
#include "probe.h"
#include "reply.h"
#include "restored.h"

#define PROTOCOL 2

static int64_t boot_micros, listen_micros;

static void add_state(struct buf *out)
{
	buf_format(out, ",\"state\":\"%s\",\"ready\":%s", function_state(), probe_ready() ? "true" : "false");
}

static void greet(void)
{
	struct buf *out = channel_begin("hello");
	buf_format(out, ",\"protocol\":%d,\"bootMicros\":%lld,\"listenMicros\":%lld", PROTOCOL, (long long)boot_micros, (long long)listen_micros);
	add_state(out);
	channel_end();
	output_rewind();
	function_retell();
}

static void answer_stats(int64_t id)
{
	char text[2048];
	if (read_file("/proc/meminfo", text, sizeof text) < 0)
		*text = 0;
	int64_t total = number_after(text, "MemTotal") * 1024;
	buf_format(reply_begin(id), ",\"memoryTotalBytes\":%lld,\"memoryUsedBytes\":%lld,\"functionMemoryBytes\":%lld,\"cpuMicros\":%lld,\"processes\":%lld", (long long)total,
		   (long long)(total - number_after(text, "MemAvailable") * 1024), (long long)cgroup_number("memory.current"), (long long)cgroup_cpu_micros(),
		   (long long)cgroup_number("pids.current"));
	channel_end();
}

static void answer_status(int64_t id)
{
	struct buf *out = reply_begin(id);
	add_state(out);
	buf_format(out, ",\"probeAttempts\":%lld,\"probeMessage\":", (long long)probe_attempts());
	json_quote(out, probe_message());
	channel_end();
}

static void serve(const struct json *request)
{
	const char *type = json_text(request, "type", "");
	int64_t id = json_number(request, "id", 0);
	if (strcmp(type, "ack") == 0)
		output_confirmed(json_number(request, "seq", 0));
	else if (strcmp(type, "mount") == 0)
		mounts_add(id, request);
	else if (strcmp(type, "start") == 0)
		function_start(id, request);
	else if (strcmp(type, "restored") == 0)
		restored(id, request);
	else if (strcmp(type, "exec") == 0)
		exec_start(id, request);
	else if (strncmp(type, "exec", 4) == 0 && exec_stream(type + 4, id, request))
		return;
	else if (strcmp(type, "signal") == 0)
		function_signal(id, request);
	else if (strcmp(type, "stop") == 0)
		function_stop(id, request);
	else if (strcmp(type, "stats") == 0)
		answer_stats(id);
	else if (strcmp(type, "status") == 0)
		answer_status(id);
	else
		reply_error(id, "BAD_REQUEST", "type '%s' (expected: mount, start, restored, exec, signal, stop, stats, status or ack)", type);
}

static void on_request(char *text, size_t length)
{
	struct json_doc doc;
	const struct json *request = json_parse(&doc, text, length);
	if (request && request->type == JSON_OBJECT)
		serve(request);
	else
		channel_hang_up();
	json_free(&doc);
}

static void before_wait(void)
{
	output_pump();
	exec_pump();
	function_pump();
	channel_flush();
}

static void on_child(pid_t pid, int status)
{
	if (!function_child_ended(pid, status) && !probe_child_ended(pid, status))
		exec_child_ended(pid, status);
}

static int64_t since_kernel_start(void)
{
	struct timespec time;
	clock_gettime(CLOCK_BOOTTIME, &time);
	return time.tv_sec * SECONDS + time.tv_nsec;
}

int main(void)
{
	static const struct channel_events events = {.connected = greet, .disconnected = exec_abandon, .request = on_request};
	int64_t begun = now();
	boot_micros = since_kernel_start() / 1000;
	boot_mounts();
	boot_modules();
	net_up();
	loop_init();
	channel_open(&events);
	listen_micros = (now() - begun) / 1000;
	console("listening");
	/* While the host dials: what only the function needs. */
	boot_modules();
	function_root_is(boot_root());
	loop_run(before_wait, on_child);
}
