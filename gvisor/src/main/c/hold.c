// Runs runsc to its end, and stays with the processes that it leaves behind.
//
//   hold COMMAND ARG...
//
// Its working folder is the sandbox's. There the command finds ./stdout and ./stderr opened to write and to read, so that these pipes
// live as long as the container; in a mount namespace of its own /proc/meminfo is ./meminfo and, where there is a folder ./sys,
// /proc/sys is without net. It ends with the command's exit code. Where that is 0, a process stays: its id is in ./holder; it ends when
// the last process that the command has left has, and has then written the exit code of the one in ./pid (128 + signal where a signal
// ended it) to ./status. Exit code 125: a step failed, and standard error says which.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAILED = 125, SIGNALLED = 128 };

static _Noreturn void fail(const char *step, const char *object) {
  fprintf(stderr, "hold: %s %s: %s\n", step, object, strerror(errno));
  exit(FAILED);
}

// Whole or not at all: a reader never sees half a number.
static void put(const char *path, long number) {
  char new[4096];
  snprintf(new, sizeof new, "%s.new", path);
  FILE *file = fopen(new, "we");
  if (!file || fprintf(file, "%ld\n", number) < 0 || fclose(file) || rename(new, path)) fail("write", path);
}

static long get(const char *path) {
  long number = 0;
  FILE *file = fopen(path, "re");
  if (!file || fscanf(file, "%ld", &number) != 1) fail("read", path);
  fclose(file);
  return number;
}

static int code(int status) {
  return WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
}

static void bind(const char *from, const char *to) {
  if (mount(from, to, 0, MS_BIND, 0)) fail("mount", to);
}

// Whatever the command mounts is gone with it; what the host unmounts is gone here too.
static void see_otherwise(void) {
  static const char *const PARTS[][2] = {{"sys/kernel", "/proc/sys/kernel"}, {"sys/vm", "/proc/sys/vm"}, {"sys/fs", "/proc/sys/fs"}};
  if (unshare(CLONE_NEWNS) || mount(0, "/", 0, MS_REC | MS_SLAVE, 0)) fail("unshare", "mounts");
  bind("meminfo", "/proc/meminfo");
  if (access("sys", F_OK)) return;
  bind("/proc/sys", "sys");
  if (mount("hidden", "/proc/sys", "tmpfs", 0, 0)) fail("mount", "/proc/sys");
  for (size_t i = 0; i < sizeof PARTS / sizeof *PARTS; i++) {
    if (mkdir(PARTS[i][1], 0755)) fail("make", PARTS[i][1]);
    bind(PARTS[i][0], PARTS[i][1]);
  }
}

static void connect(const char *file, int fd) {
  int opened = open(file, O_RDWR | O_CLOEXEC);
  if (opened < 0 || dup2(opened, fd) < 0) fail("open", file);
}

static int run(char **argv) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    see_otherwise();
    connect("/dev/null", 0);
    connect("stdout", 1);
    connect("stderr", 2);
    execvp(*argv, argv);
    fail("run", *argv);
  }
  // orphans may end before the command does: they are waited for later
  if (pid < 0 || waitpid(pid, &status, 0) < 0) fail("run", *argv);
  return code(status);
}

static _Noreturn void stay(void) {
  int status;
  long wanted = get("pid");
  for (pid_t pid = waitpid(-1, &status, 0); pid > 0 || errno == EINTR; pid = waitpid(-1, &status, 0))
    if (pid == wanted) put("status", code(status));
  exit(0);
}

int main(int argc, char **argv) {
  int report[2], result = FAILED;
  if (argc < 2) errno = EINVAL, fail("expected", "COMMAND");
  if (pipe2(report, O_CLOEXEC)) fail("make", "pipe");
  pid_t holder = fork();
  if (holder < 0) fail("make", "process");
  if (holder > 0) {
    close(report[1]);
    ssize_t got = read(report[0], &result, sizeof result);
    exit(got == sizeof result ? result : FAILED);
  }
  setsid();
  if (prctl(PR_SET_CHILD_SUBREAPER, 1)) fail("become", "subreaper");
  result = run(argv + 1);
  if (result == 0) put("holder", getpid());
  if (write(report[1], &result, sizeof result) < 0) fail("report", argv[1]);
  close(report[1]);
  if (result) exit(result);
  stay();
}
