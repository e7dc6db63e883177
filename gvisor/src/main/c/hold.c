// Runs a command to its end and stays with the processes that it leaves behind, of which one is named in a file.
//
//   hold PIDFILE STATUSFILE HOLDERFILE COMMAND ARG...
//
// Ends with the command's exit code. Where that is 0, a process of its own stays: its id is in HOLDERFILE; it ends when the last of
// those processes has, and has then written the exit code of the one in PIDFILE (128 + signal where a signal ended it) to STATUSFILE.
// Exit code 125: a step failed, and standard error says which.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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

static int run(char **argv) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    execvp(*argv, argv);
    fail("run", *argv);
  }
  // orphans may end before the command does: they are told apart by their ids
  if (pid < 0 || waitpid(pid, &status, 0) < 0) fail("run", *argv);
  return code(status);
}

static _Noreturn void stay(const char *pid_file, const char *status_file) {
  int status;
  long wanted = get(pid_file);
  for (pid_t pid = waitpid(-1, &status, 0); pid > 0 || errno == EINTR; pid = waitpid(-1, &status, 0))
    if (pid == wanted) put(status_file, code(status));
  exit(0);
}

int main(int argc, char **argv) {
  int report[2], result = FAILED;
  if (argc < 5) errno = EINVAL, fail("expected", "PIDFILE STATUSFILE HOLDERFILE COMMAND");
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
  result = run(argv + 4);
  if (result == 0) put(argv[3], getpid());
  if (write(report[1], &result, sizeof result) < 0) fail("report", argv[4]);
  close(report[1]);
  if (result) exit(result);
  stay(argv[1], argv[2]);
}
