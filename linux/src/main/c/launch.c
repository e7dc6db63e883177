// Runs one program confined: in its own session, in given cgroups and a network namespace, as an unprivileged user.
//
//   launch [--cgroup FILE]... [--netns FILE] [--device FILE]... [--tap NAME] [--open FILE]... [--env NAME=VALUE]... [--fsize BYTES]
//          [--oom ADJ] [--root FOLDER [--read PATH]... [--place PATH]...] [--uid N] [--gid N] -- PROGRAM ARG...
//
// The tap, if any, is descriptor 3 of the program; opened files follow, read-only, in the order given. Everything that
// needs root happens here, in the order written in main; the program itself can't gain privileges again. With --root it sees
// of the host: FOLDER, which is its own, the devices, itself in /proc, and what --read names, all under the paths of the host. At a
// --place is an empty file: whoever may enter its mount namespace can mount another there.
// Exit code 125: a step failed, and standard error says which.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_FILES = 16, FIRST_FD = 3, MAX_PATH = 4096 };

// The values of an option that can be given more than once.
struct list {
  char *items[MAX_FILES];
  int count;
};

static void fail(const char *step, const char *object) {
  fprintf(stderr, "launch: %s %s: %s\n", step, object, strerror(errno));
  exit(125);
}

static void add(struct list *list, char *value) {
  if (list->count == MAX_FILES) errno = E2BIG, fail("one too many:", value);
  list->items[list->count++] = value;
}

static unsigned long number(const char *option, const char *text) {
  char *end;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (errno || *end || end == text) {
    errno = EINVAL;
    fail(option, text);
  }
  return value;
}

static void write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) fail("write", path);
  close(fd);
}

static void enter_netns(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET)) fail("enter network namespace", path);
  close(fd);
}

// A mount namespace of the program's own. What the host mounts or unmounts still arrives there, or a removed network namespace
// would live on.
static void own_mounts(void) {
  if (unshare(CLONE_NEWNS) || mount(0, "/", 0, MS_REC | MS_SLAVE, 0)) fail("unshare", "mounts");
}

static void own_node(const char *node, const char *device, uid_t uid, gid_t gid) {
  struct stat host;
  if (stat(device, &host) || mknod(node, S_IFCHR | 0600, host.st_rdev) || chown(node, uid, gid)) fail("own device", device);
}

// Puts nodes that belong to the program in the place of the host's, which it may not be able to open.
static void own_devices(const struct list *devices, uid_t uid, gid_t gid) {
  const char *room = "/tmp";  // for as long as it takes: whatever is below it comes back
  if (mount("devices", room, "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0700,size=64k")) fail("mount", room);
  for (int i = 0; i < devices->count; i++) {
    char node[16];
    snprintf(node, sizeof node, "%s/%d", room, i);
    own_node(node, devices->items[i], uid, gid);
    if (mount(node, devices->items[i], 0, MS_BIND, 0)) fail("own device", devices->items[i]);
  }
  if (umount2(room, MNT_DETACH)) fail("unmount", room);
}

// Makes the folders above it, too.
static void make_folder(char *path) {
  for (char *end = strchr(path + 1, '/'); end; end = strchr(end + 1, '/')) {
    *end = 0;
    if (mkdir(path, 0755) && errno != EEXIST) fail("make", path);
    *end = '/';
  }
  if (mkdir(path, 0755) && errno != EEXIST) fail("make", path);
}

static void in_room(char *place, const char *room, const char *path) {
  if (*path != '/' || snprintf(place, MAX_PATH, "%s%s", room, path) >= MAX_PATH) errno = EINVAL, fail("no absolute path:", path);
}

// Makes an empty file at the path below the room, and the folders above it.
static void make_file(char *place) {
  char *name = strrchr(place, '/');
  *name = 0;
  make_folder(place);
  *name = '/';
  int fd = open(place, O_CREAT | O_RDONLY | O_CLOEXEC, 0444);
  if (fd < 0) fail("make", place);
  close(fd);
}

// Shows what is at the path of the host at the same path below the room.
static void show(const char *room, const char *path, unsigned long flags) {
  char place[MAX_PATH];
  struct stat host;
  in_room(place, room, path);
  if (stat(path, &host)) fail("find", path);
  if (S_ISDIR(host.st_mode)) make_folder(place);
  else make_file(place);
  if (mount(path, place, 0, MS_BIND, 0) || mount(0, place, 0, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | flags, 0))
    fail("show", path);
}

static void mount_in(const char *room, const char *path, const char *type, unsigned long flags, const char *options) {
  char place[MAX_PATH];
  in_room(place, room, path);
  make_folder(place);
  if (mount(type, place, type, MS_NOSUID | MS_NOEXEC | flags, options)) fail("mount", path);
}

static void no_more_writes(const char *room, const char *path, unsigned long flags) {
  char place[MAX_PATH];
  in_room(place, room, path);
  if (mount(0, place, 0, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NOEXEC | flags, 0)) fail("close", path);
}

// Leaves the host's files: a root in which nothing is but what the program needs, and of that only its folder can be written.
static void own_root(const char *folder, const struct list *readable, const struct list *places, const struct list *devices, uid_t uid,
                     gid_t gid) {
  const char *room = "/sys";  // above nothing that is shown
  mode_t mask = umask(0);
  if (mount("root", room, "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, "mode=0755,size=64k")) fail("mount", room);
  mount_in(room, "/proc", "proc", MS_NODEV, "hidepid=invisible,subset=pid");
  mount_in(room, "/dev", "tmpfs", 0, "mode=0755,size=64k");
  for (int i = 0; i < devices->count; i++) {
    char node[MAX_PATH];
    in_room(node, room, devices->items[i]);
    char *name = strrchr(node, '/');
    *name = 0;
    make_folder(node);
    *name = '/';
    own_node(node, devices->items[i], uid, gid);
  }
  for (int i = 0; i < places->count; i++) {
    char place[MAX_PATH];
    in_room(place, room, places->items[i]);
    make_file(place);
  }
  for (int i = 0; i < readable->count; i++) show(room, readable->items[i], MS_RDONLY);
  show(room, folder, MS_NOEXEC);
  no_more_writes(room, "/dev", 0);
  no_more_writes(room, "/", MS_NODEV);
  umask(mask);
  // onto itself: the host's root then lies above the new one, and comes off
  if (chdir(room) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH)) fail("enter", "root");
  if (chdir(folder)) fail("enter", folder);
}

static void take(int fd, int wanted, const char *path) {
  if (fd == wanted) return;
  if (dup2(fd, wanted) < 0) fail("dup", path);
  close(fd);
}

static void open_tap(const char *name, int wanted) {
  int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  if (fd < 0) fail("open", "/dev/net/tun");
  struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (ioctl(fd, TUNSETIFF, &request)) fail("attach to tap", name);
  take(fd, wanted, name);
}

static void limit(int resource, rlim_t value, const char *name) {
  struct rlimit both = {value, value};
  if (setrlimit(resource, &both)) fail("limit", name);
}

int main(int argc, char **argv) {
  struct list cgroups = {0}, files = {0}, devices = {0}, readable = {0}, places = {0}, variables = {0};
  const char *netns = 0, *tap = 0, *oom = 0, *root = 0;
  int at = 1;
  unsigned long uid = 0, gid = 0, fsize = 0;
  for (; at < argc && strcmp(argv[at], "--"); at += 2) {
    char *option = argv[at], *value = argv[at + 1];
    if (!value) fail("missing value of", option);
    if (!strcmp(option, "--cgroup")) add(&cgroups, value);
    else if (!strcmp(option, "--open")) add(&files, value);
    else if (!strcmp(option, "--device")) add(&devices, value);
    else if (!strcmp(option, "--read")) add(&readable, value);
    else if (!strcmp(option, "--place")) add(&places, value);
    else if (!strcmp(option, "--root")) root = value;
    else if (!strcmp(option, "--env")) add(&variables, value);
    else if (!strcmp(option, "--netns")) netns = value;
    else if (!strcmp(option, "--tap")) tap = value;
    else if (!strcmp(option, "--oom")) oom = value;
    else if (!strcmp(option, "--fsize")) fsize = number(option, value);
    else if (!strcmp(option, "--uid")) uid = number(option, value);
    else if (!strcmp(option, "--gid")) gid = number(option, value);
    else errno = EINVAL, fail("option", option);
  }
  if (at + 1 >= argc) errno = EINVAL, fail("expected", "-- PROGRAM");

  setsid();  // fails only where it is a session leader already
  for (int i = 0; i < cgroups.count; i++) write_file(cgroups.items[i], "0");
  if (oom) write_file("/proc/self/oom_score_adj", oom);
  if (netns) enter_netns(netns);
  if (devices.count || root) own_mounts();
  if (devices.count && !root) own_devices(&devices, (uid_t)uid, (gid_t)gid);
  int next = FIRST_FD;
  if (tap) open_tap(tap, next++);
  for (int i = 0; i < files.count; i++) {
    int fd = open(files.items[i], O_RDONLY);
    if (fd < 0) fail("open", files.items[i]);
    take(fd, next++, files.items[i]);
  }
  if (root) own_root(root, &readable, &places, &devices, (uid_t)uid, (gid_t)gid);
  limit(RLIMIT_CORE, 0, "core size");  // a core file would hold the guest's memory
  if (fsize) limit(RLIMIT_FSIZE, fsize, "file size");
  if (gid && (setgroups(0, 0) || setresgid(gid, gid, gid))) fail("become group", "--gid");
  if (uid && setresuid(uid, uid, uid)) fail("become user", "--uid");
  for (int i = 0; i < variables.count; i++)
    if (putenv(variables.items[i])) fail("set", variables.items[i]);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) fail("give up", "privileges");
  execvp(argv[at + 1], argv + at + 1);
  fail("run", argv[at + 1]);
}
