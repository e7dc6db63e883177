#define _GNU_SOURCE
#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accounts.h"
#include "base.h"
#include "boot.h"
#include "command.h"
#include "contain.h"
#include "folders.h"
#include "identity.h"
#include "mounts.h"

#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static int report_fd;

_Noreturn void refuse(const char *code, const char *format, ...)
{
	struct refusal refusal = {0};
	va_list arguments;
	va_start(arguments, format);
	snprintf(refusal.code, sizeof refusal.code, "%s", code);
	vsnprintf(refusal.message, sizeof refusal.message, format, arguments);
	ssize_t ignored = write(report_fd, &refusal, sizeof refusal);
	(void)ignored;
	_exit(127);
}

static void shed_the_agent(void)
{
	sigset_t none;
	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(022);
	setsid();
	if (!write_file("/proc/self/oom_score_adj", "0") || !write_file(FUNCTION_CGROUP "/cgroup.procs", "0"))
		refuse("SYSTEM", "cgroup of the function: %s", strerror(errno));
	struct rlimit files = {65536, 1048576}, processes = {RLIM_INFINITY, RLIM_INFINITY};
	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_NPROC, &processes);
}

static void enter(const struct launch *launch)
{
	const char *failed = "";
	bool inside = launch->join < 0 ? contain_enter_new(&failed) : contain_join(launch->join, &failed);
	if (inside && launch->join < 0)
		inside = identity_write_files(&failed);
	if (!inside)
		refuse("SYSTEM", "inside the guest: %s: %s", failed, strerror(errno));
}

static void find_account(const char *spec, struct account *account)
{
	char wrong[64];
	switch (account_find("/etc/passwd", "/etc/group", spec, account, wrong)) {
	case ACCOUNT_OK: return;
	case ACCOUNT_NO_USER: refuse("UNKNOWN_USER", "user '%s': not in the image's /etc/passwd (expected: one of its names, or a number)", wrong);
	case ACCOUNT_NO_GROUP: refuse("UNKNOWN_GROUP", "group '%s': not in the image's /etc/group (expected: one of its names, or a number)", wrong);
	}
}

/* Made with all folders above where it is missing, as container runtimes do. */
static void enter_folder(const char *path)
{
	if (*path != '/')
		refuse("WORKING_DIR", "working folder '%s': not an absolute path", path);
	if (!folders_to(path) || chdir(path) < 0)
		refuse("WORKING_DIR", "working folder %s: %s", path, strerror(errno));
}

static void connect_streams(const struct launch *launch, uid_t uid)
{
	int fds[] = {launch->in, launch->out, launch->err};
	for (int i = 0; i < 3; i++) {
		int fd = fds[i] >= 0 ? fds[i] : open("/dev/null", i ? O_WRONLY : O_RDONLY);
		if (fds[i] >= 0) /* else /dev/stdout would be closed to all but root */
			fchown(fd, uid, (gid_t)-1);
		if (dup2(fd, i) < 0)
			refuse("SYSTEM", "standard streams: %s", strerror(errno));
	}
}

static void become(const struct account *account)
{
	if (!contain_drop_capabilities() || setgroups(account->group_count, account->groups) < 0 || setresgid(account->gid, account->gid, account->gid) < 0 ||
	    setresuid(account->uid, account->uid, account->uid) < 0)
		refuse("SYSTEM", "user %u: %s", account->uid, strerror(errno));
}

/* Only where the walls are new: who joins them finds it. */
static void mount_all(const struct account *account)
{
	const char *failed;
	if (!mounts_make(account->uid, account->gid, &failed))
		refuse("MOUNT", "mount at %s: %s", failed, strerror(errno));
}

static bool has(char **env, const char *assignment)
{
	size_t length = (size_t)(strchr(assignment, '=') - assignment) + 1;
	for (; *env; env++)
		if (strncmp(*env, assignment, length) == 0)
			return true;
	return false;
}

static char **complete(char **env, const char *home)
{
	char home_text[300], host_text[100];
	snprintf(home_text, sizeof home_text, "HOME=%s", home);
	snprintf(host_text, sizeof host_text, "HOSTNAME=%s", identity_hostname());
	const char *defaults[] = {DEFAULT_PATH, home_text, host_text};
	size_t count = 0;
	while (env[count])
		count++;
	char **complete = must_alloc((count + 4) * sizeof *complete);
	memcpy(complete, env, count * sizeof *env);
	for (int i = 0; i < 3; i++)
		if (!has(env, defaults[i]))
			complete[count++] = must_copy(defaults[i]);
	return complete;
}

static _Noreturn void child(const struct launch *launch)
{
	struct account account;
	shed_the_agent();
	enter(launch);
	find_account(launch->user, &account);
	if (launch->join < 0)
		mount_all(&account);
	enter_folder(*launch->working_dir ? launch->working_dir : "/");
	connect_streams(launch, account.uid);
	become(&account);
	command_execute(launch->argv, complete(launch->env, account.home));
}

pid_t launch(const struct launch *launch, int *report)
{
	int pipe_fds[2];
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		report_fd = pipe_fds[1];
		child(launch);
	}
	int error = errno;
	close(pipe_fds[1]);
	if (pid < 0)
		close(pipe_fds[0]);
	else
		*report = pipe_fds[0];
	errno = error;
	return pid;
}

bool launch_succeeded(int report, struct refusal *refusal)
{
	ssize_t got = read(report, refusal, sizeof *refusal);
	close(report);
	return got != sizeof *refusal;
}
