// Preloaded into a QEMU that restores a guest: puts the snapshot's memory where QEMU maps the guest's.
//
// QEMU itself maps anonymous memory. The mapping of SKEP_MEMORY_BYTES bytes, the guest's, is met here, and
//   with SKEP_MEMORY_FD    it becomes a private mapping of that file, which the kernel pages in;
//   with SKEP_PAGER        its faults go to the pager at that socket: a userfaultfd is made with the device SKEP_USERFAULTFD_FD
//                          and handed over as Firecracker does, in one message with the JSON list of memory regions.
// A step that fails ends QEMU with exit code 125 and the reason on standard error.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PAGE = 4096 };

typedef void *mapper(void *, size_t, int, int, int, off_t);

static void fail(const char *step) {
  fprintf(stderr, "guest memory: %s: %s\n", step, strerror(errno));
  _exit(125);
}

static unsigned long number(const char *variable) {
  const char *text = getenv(variable);
  return text ? strtoul(text, NULL, 10) : 0;
}

static int register_faults(void *memory, size_t bytes) {
  int fd = ioctl((int)number("SKEP_USERFAULTFD_FD"), USERFAULTFD_IOC_NEW, O_CLOEXEC | O_NONBLOCK);
  struct uffdio_api api = {.api = UFFD_API, .features = UFFD_FEATURE_EVENT_REMOVE};
  struct uffdio_register range = {.range = {(unsigned long)memory, bytes}, .mode = UFFDIO_REGISTER_MODE_MISSING};
  if (fd < 0) fail("userfaultfd");
  if (ioctl(fd, UFFDIO_API, &api)) fail("userfaultfd API");
  if (ioctl(fd, UFFDIO_REGISTER, &range)) fail("userfaultfd registration");
  return fd;
}

static int dial(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address)) fail("pager");
  return fd;
}

// The socket stays open as long as this process lives: that is how the pager knows.
static void hand_over(int pager, int faults, void *memory, size_t bytes) {
  char text[256], room[CMSG_SPACE(sizeof faults)] = {0};
  int length = snprintf(text, sizeof text, "[{\"base_host_virt_addr\":%lu,\"size\":%zu,\"offset\":0,\"page_size\":%d,\"page_size_kib\":%d}]",
                        (unsigned long)memory, bytes, PAGE, PAGE);
  struct iovec io = {text, (size_t)length};
  struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof faults);
  memcpy(CMSG_DATA(header), &faults, sizeof faults);
  if (sendmsg(pager, &message, MSG_NOSIGNAL) != length) fail("handover to the pager");
}

static void take_over(mapper *map, void *memory, size_t bytes, int protection) {
  const char *pager = getenv("SKEP_PAGER");
  if (pager)
    hand_over(dial(pager), register_faults(memory, bytes), memory, bytes);
  else if (map(memory, bytes, protection, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, (int)number("SKEP_MEMORY_FD"), 0) != memory)
    fail("mapping of the snapshot's memory");
}

void *mmap64(void *address, size_t bytes, int protection, int flags, int fd, off_t offset) {
  static mapper *map;
  static int done;
  if (!map) map = (mapper *)dlsym(RTLD_NEXT, "mmap64");
  void *memory = map(address, bytes, protection, flags, fd, offset);
  if (!done && bytes == number("SKEP_MEMORY_BYTES") && flags & MAP_FIXED && flags & MAP_ANONYMOUS && protection & PROT_WRITE && memory != MAP_FAILED) {
    done = 1;
    take_over(map, memory, bytes, protection);
  }
  return memory;
}

void *mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset) {
  return mmap64(address, bytes, protection, flags, fd, offset);
}
