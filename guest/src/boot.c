#include "boot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base.h"

#define COMPRESSED_MODULE 4 /* MODULE_INIT_COMPRESSED_FILE */
#define IMAGE_DRIVE "/dev/vda"
#define SCRATCH "/scratch"

static void must_mount(const char *type, const char *target, unsigned long flags, const char *options)
{
	mkdir(target, 0755);
	if (mount(type, target, type, flags, options) < 0 && errno != EBUSY)
		die("mount %s on %s: %s", type, target, strerror(errno));
}

void boot_mounts(void)
{
	umask(0);
	must_mount("devtmpfs", "/dev", MS_NOSUID, NULL);
	must_mount("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	must_mount("sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	/* Module loads, mounts and cgroups wait for RCU a dozen times before the function runs, each time for several ticks. */
	write_file("/sys/kernel/rcu_expedited", "1");
	must_mount("cgroup2", CGROUP, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	/* A function that eats its memory must not take the agent, the only witness, with it. */
	write_file("/proc/self/oom_score_adj", "-1000");
}

static void load_module(const char *name)
{
	char path[256];
	snprintf(path, sizeof path, "/modules/%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *suffix = strstr(name, ".ko");
	int flags = suffix && suffix[3] ? COMPRESSED_MODULE : 0;
	if (fd < 0 || (syscall(SYS_finit_module, fd, "", flags) < 0 && errno != EEXIST))
		console("module %s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	unlink(path); /* the initrd's pages are the guest's memory */
}

void boot_modules(void)
{
	static char order[8192];
	static char *rest;
	if (!rest) {
		if (read_file("/modules/order", order, sizeof order) < 0)
			return;
		unlink("/modules/order");
		rest = order;
	}
	char *name;
	while ((name = strsep(&rest, "\n")) && strcmp(name, "--") != 0)
		if (*name)
			load_module(name);
	if (!rest)
		rest = order + sizeof order - 1; /* an empty text: nothing is left */
}

static const char *problem(const char *format, const char *detail)
{
	static char text[256];
	snprintf(text, sizeof text, format, detail);
	return text;
}

bool boot_has_written(const char *path)
{
	char upper[256];
	struct stat status;
	snprintf(upper, sizeof upper, SCRATCH "/upper%s", path);
	return lstat(upper, &status) == 0 && S_ISREG(status.st_mode);
}

const char *boot_root(void)
{
	static const char OPTIONS[] = "lowerdir=/image,upperdir=" SCRATCH "/upper,workdir=" SCRATCH "/work,volatile";
	struct stat status;
	/* The driver's probe makes the node, but not always before its module's init has returned. */
	for (int tries = 0; stat(IMAGE_DRIVE, &status) < 0; tries++) {
		if (tries == 200)
			return problem("no drive %s (expected: the image as first virtio-blk drive)", IMAGE_DRIVE);
		usleep(1000);
	}
	mkdir("/image", 0755);
	mkdir(SCRATCH, 0755);
	mkdir(FUNCTION_ROOT, 0755);
	if (mount(IMAGE_DRIVE, "/image", "erofs", MS_RDONLY | MS_NODEV, NULL) < 0)
		return problem("mount of " IMAGE_DRIVE " as EROFS: %s", strerror(errno));
	if (mount("tmpfs", SCRATCH, "tmpfs", MS_NODEV, "size=50%,mode=755") < 0)
		return problem("tmpfs for the writable layer: %s", strerror(errno));
	mkdir(SCRATCH "/upper", 0755);
	mkdir(SCRATCH "/work", 0755);
	if (stat("/image", &status) == 0) { /* an overlay's root is its upper folder's */
		if (chown(SCRATCH "/upper", status.st_uid, status.st_gid) < 0 || chmod(SCRATCH "/upper", status.st_mode & 07777) < 0)
			return problem("mode of /: %s", strerror(errno));
	}
	if (mount("overlay", FUNCTION_ROOT, "overlay", MS_NODEV, OPTIONS) < 0)
		return problem("overlay of image and tmpfs: %s", strerror(errno));
	return NULL;
}
