#include "cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "boot.h"

#define PERIOD_MICROS 100000

bool cgroup_create(int64_t memory_bytes, int64_t cpu_millis)
{
	char text[64];
	if (!write_file(CGROUP "/cgroup.subtree_control", "+cpu +memory +pids") || (mkdir(FUNCTION_CGROUP, 0755) < 0 && errno != EEXIST))
		return false;
	/* As Kubernetes does: a function that has lost one of its processes to its memory limit is lost as a whole. */
	if (!write_file(FUNCTION_CGROUP "/memory.oom.group", "1"))
		return false;
	snprintf(text, sizeof text, "%lld", (long long)memory_bytes);
	if (memory_bytes > 0 && !write_file(FUNCTION_CGROUP "/memory.max", text))
		return false;
	snprintf(text, sizeof text, "%lld %d", (long long)cpu_millis * (PERIOD_MICROS / 1000), PERIOD_MICROS);
	return cpu_millis <= 0 || write_file(FUNCTION_CGROUP "/cpu.max", text);
}

static void read_own(const char *file, char text[1024])
{
	char path[128];
	snprintf(path, sizeof path, FUNCTION_CGROUP "/%s", file);
	if (read_file(path, text, 1024) < 0)
		*text = 0;
}

int64_t cgroup_oom_kills(void)
{
	char text[1024];
	read_own("memory.events", text);
	return number_after(text, "oom_kill");
}

int64_t cgroup_number(const char *file)
{
	char text[1024];
	read_own(file, text);
	return strtoll(text, NULL, 10);
}

int64_t cgroup_cpu_micros(void)
{
	char text[1024];
	read_own("cpu.stat", text);
	return number_after(text, "usage_usec");
}
