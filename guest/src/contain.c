#define _GNU_SOURCE
#include "contain.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "boot.h"

/* <sys/mount.h> and <linux/mount.h> do not go together everywhere. */
int mount(const char *, const char *, const char *, unsigned long, const void *);
int umount2(const char *, int);

enum { DETACH = 2, SAFE = MS_NOSUID | MS_NODEV | MS_NOEXEC };

static const char *const DEVICES[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"};
enum { DEVICE_COUNT = sizeof DEVICES / sizeof *DEVICES };

static const struct {
	const char *type, *target;
	unsigned long flags;
	const char *options;
	mode_t mode;
} MOUNTS[] = {
	{"proc", "/proc", SAFE, NULL, 0555},
	{"sysfs", "/sys", SAFE | MS_RDONLY, NULL, 0555},
	{"cgroup2", "/sys/fs/cgroup", SAFE | MS_RDONLY, NULL, 0555},
	{"tmpfs", "/dev", MS_NOSUID | MS_NODEV | MS_STRICTATIME, "mode=755,size=64m", 0755},
	{"devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5", 0755},
	{"tmpfs", "/dev/shm", SAFE, "mode=1777,size=64m", 01777},
	{"mqueue", "/dev/mqueue", SAFE, NULL, 01777},
};

static const char *const LINKS[][2] = {
	{"/proc/self/fd", "/dev/fd"}, {"/proc/self/fd/0", "/dev/stdin"}, {"/proc/self/fd/1", "/dev/stdout"},
	{"/proc/self/fd/2", "/dev/stderr"}, {"pts/ptmx", "/dev/ptmx"}, {"/proc/kcore", "/dev/core"},
};

static const char *const READ_ONLY[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};

static const char *const MASKED[] = {
	"/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
	"/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
};

/*
 * The agent's own root is the initrd, which pivot_root refuses: the function's root is moved over it instead, and what the agent has mounted
 * is taken off first. From then on the image's own links lead nowhere but into the image.
 */
static bool change_root(int devices[DEVICE_COUNT])
{
	static const char *const OWN[] = {CGROUP, "/sys", "/proc", "/dev", "/image", "/scratch"};
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	for (int i = 0; i < DEVICE_COUNT; i++)
		if ((devices[i] = (int)syscall(SYS_open_tree, AT_FDCWD, DEVICES[i], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)) < 0)
			return false;
	for (size_t i = 0; i < sizeof OWN / sizeof *OWN; i++)
		if (umount2(OWN[i], DETACH) < 0)
			return false;
	return chdir(FUNCTION_ROOT) == 0 && mount(".", "/", NULL, MS_MOVE, NULL) == 0 && chroot(".") == 0 && chdir("/") == 0;
}

/* /dev itself opens no devices, so that nodes made there later are dead; these live on mounts of their own. */
static bool add_devices(const int devices[DEVICE_COUNT])
{
	for (int i = 0; i < DEVICE_COUNT; i++) {
		int fd = open(DEVICES[i], O_CREAT | O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0666);
		if (fd < 0)
			return false;
		close(fd);
		if (syscall(SYS_move_mount, devices[i], "", AT_FDCWD, DEVICES[i], MOVE_MOUNT_F_EMPTY_PATH) < 0)
			return false;
		close(devices[i]);
	}
	for (size_t i = 0; i < sizeof LINKS / sizeof *LINKS; i++)
		if (symlink(LINKS[i][0], LINKS[i][1]) < 0)
			return false;
	return true;
}

static bool make_read_only(const char *path)
{
	if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0)
		return errno == ENOENT;
	return mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | SAFE, NULL) == 0;
}

static bool mask(const char *path)
{
	struct stat status;
	if (stat(path, &status) < 0)
		return errno == ENOENT;
	if (S_ISDIR(status.st_mode))
		return mount("tmpfs", path, "tmpfs", SAFE | MS_RDONLY, "size=0k,mode=755") == 0;
	return mount("/dev/null", path, NULL, MS_BIND, NULL) == 0;
}

bool contain_enter_new(const char **failed)
{
	int devices[DEVICE_COUNT];
	*failed = "namespaces";
	if (unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWCGROUP) < 0)
		return false;
	*failed = "change of root";
	if (!change_root(devices))
		return false;
	for (size_t i = 0; i < sizeof MOUNTS / sizeof *MOUNTS; i++) {
		*failed = MOUNTS[i].target;
		mkdir(MOUNTS[i].target, MOUNTS[i].mode);
		if (mount(MOUNTS[i].type, MOUNTS[i].target, MOUNTS[i].type, MOUNTS[i].flags, MOUNTS[i].options) < 0)
			return false;
	}
	*failed = "/dev";
	if (!add_devices(devices))
		return false;
	for (size_t i = 0; i < sizeof READ_ONLY / sizeof *READ_ONLY; i++)
		if (*failed = READ_ONLY[i], !make_read_only(*failed))
			return false;
	for (size_t i = 0; i < sizeof MASKED / sizeof *MASKED; i++)
		if (*failed = MASKED[i], !mask(*failed))
			return false;
	*failed = "/tmp";
	mkdir("/tmp", 01777);
	return chmod("/tmp", 01777) == 0;
}

bool contain_join(int pidfd, const char **failed)
{
	*failed = "namespaces of the function";
	return setns(pidfd, CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWCGROUP) == 0;
}

bool contain_drop_capabilities(void)
{
	static const unsigned KEPT = 1U << CAP_CHOWN | 1U << CAP_DAC_OVERRIDE | 1U << CAP_FSETID | 1U << CAP_FOWNER | 1U << CAP_MKNOD | 1U << CAP_NET_RAW |
				     1U << CAP_SETGID | 1U << CAP_SETUID | 1U << CAP_SETFCAP | 1U << CAP_SETPCAP | 1U << CAP_NET_BIND_SERVICE |
				     1U << CAP_SYS_CHROOT | 1U << CAP_KILL | 1U << CAP_AUDIT_WRITE;
	for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if ((i >= 32 || !(KEPT >> i & 1)) && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			return false;
	return true;
}
