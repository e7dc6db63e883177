/* What a process inside a guest sees and may do: one command per process, its findings as lines of text. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int said(const char *what, int result)
{
	printf("%s: %s\n", what, result < 0 ? strerror(errno) : "done");
	return 0;
}

static int identity(void)
{
	gid_t groups[64];
	int count = getgroups(64, groups);
	char folder[4096];
	printf("pid=%d uid=%d gid=%d groups=", getpid(), getuid(), getgid());
	for (int i = 0; i < count; i++)
		printf("%s%d", i ? "," : "", groups[i]);
	printf(" cwd=%s umask=%03o\n", getcwd(folder, sizeof folder), umask(0));
	for (char **at = environ; *at; at++)
		puts(*at);
	return 0;
}

static int show(const char *path)
{
	char text[65536];
	int fd = open(path, O_RDONLY);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text);
	if (length < 0)
		return said(path, -1);
	fwrite(text, 1, (size_t)length, stdout);
	return 0;
}

static int describe(const char *path)
{
	struct stat status;
	char target[256] = "";
	if (lstat(path, &status) < 0)
		return said(path, -1);
	if (S_ISLNK(status.st_mode) && readlink(path, target, sizeof target - 1) < 0)
		return said(path, -1);
	printf("%s %o %u:%u %s\n", path, status.st_mode, major(status.st_rdev), minor(status.st_rdev), target);
	return 0;
}

static int list(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	while (folder && (entry = readdir(folder)))
		puts(entry->d_name);
	return 0;
}

/* Makes a device node and opens it: "node PATH c|b MAJOR MINOR". */
static int node(char **argv)
{
	mode_t type = *argv[3] == 'b' ? S_IFBLK : S_IFCHR;
	said("mknod", mknod(argv[2], type | 0600, makedev((unsigned)atoi(argv[4]), (unsigned)atoi(argv[5]))));
	return said("open", open(argv[2], O_RDONLY));
}

/* Dials with a source address that is not ours. */
static int dial(const char *address, int port, const char *source)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	struct timeval patience = {1, 0};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)}, from = {.sin_family = AF_INET};
	inet_pton(AF_INET, address, &to.sin_addr);
	inet_pton(AF_INET, source, &from.sin_addr);
	setsockopt(fd, SOL_IP, 19 /* IP_TRANSPARENT */, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	said("bind", bind(fd, (struct sockaddr *)&from, sizeof from));
	return said("dial", connect(fd, (struct sockaddr *)&to, sizeof to));
}

static int escape(void)
{
	mkdir("/tmp/cell", 0755);
	said("chroot", chroot("/tmp/cell"));
	for (int i = 0; i < 64; i++)
		if (chdir("..") < 0)
			return said("chdir", -1);
	said("chroot", chroot("."));
	return list("/");
}

/* Calls that a seccomp profile decides about; none of them does anything that lasts. */
static int calls(void)
{
	said("keyctl", (int)syscall(SYS_keyctl, 0 /* KEYCTL_GET_KEYRING_ID */, -3 /* session */, 0));
	said("unshare", unshare(CLONE_NEWUSER | CLONE_NEWNS));
	said("mount", mount("none", "/tmp", "tmpfs", 0, 0));
	said("kexec_load", (int)syscall(SYS_kexec_load, 0, 0, 0, 0));
	said("io_uring_setup", (int)syscall(425, 1, 0));
	said("clone3", (int)syscall(435, 0, 0));
	said("socket of a virtual machine", socket(AF_VSOCK, SOCK_STREAM, 0));
	said("personality", (int)syscall(SYS_personality, 0x0040000 /* ADDR_NO_RANDOMIZE */));
	said("personality, asked", (int)syscall(SYS_personality, 0xffffffff));
	return said("ptrace", (int)ptrace(PTRACE_TRACEME, 0, 0, 0));
}

/* Answers each connection with the bytes that the file holds then: "serve PORT FILE". */
static int serve(int port, const char *file)
{
	int listener = socket(AF_INET6, SOCK_STREAM, 0), on = 1;
	struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 64) < 0)
		return said("listen", -1);
	puts("listening");
	fflush(stdout);
	for (;;) {
		char text[4096];
		int fd = accept(listener, NULL, NULL), answer = open(file, O_RDONLY);
		ssize_t got = read(fd, text, sizeof text), length = answer < 0 ? 0 : read(answer, text, sizeof text);
		if (got > 0 && length > 0)
			got = write(fd, text, (size_t)length);
		close(answer);
		close(fd);
	}
}

static int lines(long count)
{
	for (long i = 0; i < count; i++)
		printf("line %ld\n", i);
	fflush(stdout);
	puts("end");
	fflush(stdout);
	pause();
	return 0;
}

static void on_term(int signal)
{
	(void)signal;
	_exit(42);
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	if (strcmp(command, "id") == 0)
		return identity();
	if (strcmp(command, "show") == 0)
		return show(argv[2]);
	if (strcmp(command, "list") == 0)
		return list(argv[2]);
	if (strcmp(command, "node") == 0)
		return node(argv);
	if (strcmp(command, "dial") == 0)
		return dial(argv[2], atoi(argv[3]), argv[4]);
	if (strcmp(command, "escape") == 0)
		return escape();
	if (strcmp(command, "calls") == 0)
		return calls();
	if (strcmp(command, "serve") == 0)
		return serve(atoi(argv[2]), argv[3]);
	if (strcmp(command, "lines") == 0)
		return lines(atol(argv[2]));
	if (strcmp(command, "describe") == 0)
		for (int i = 2; i < argc; i++)
			describe(argv[i]);
	if (strcmp(command, "open") == 0) /* for writing */
		return said("open", open(argv[2], O_WRONLY));
	if (strcmp(command, "clock") == 0) {
		struct timespec resolution, real;
		clock_getres(CLOCK_MONOTONIC, &resolution);
		clock_gettime(CLOCK_REALTIME, &real);
		printf("%ld %lld\n", resolution.tv_nsec, (long long)real.tv_sec);
	}
	if (strcmp(command, "wait") == 0) {
		signal(SIGTERM, on_term);
		puts("waiting");
		fflush(stdout);
		for (;;)
			pause();
	}
	return 0;
}
