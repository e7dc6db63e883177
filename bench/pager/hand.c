// What somebody would write by hand against userfaultfd: a pager for one guest, and the guest that both pagers are measured with.
//   hand pager SOCKET MEMORY [ORDER PAGES]   serves one guest; with ORDER (page numbers, 4 bytes each) and PAGES it installs them first
//   hand guest SOCKET BYTES ORDER            hands over BYTES of memory, touches ORDER's pages; prints nanoseconds: all, mean
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096 };

static void need(int ok, const char *what) {
  if (ok) return;
  perror(what);
  exit(1);
}

static int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static struct sockaddr_un address(const char *path) {
  struct sockaddr_un a = {.sun_family = AF_UNIX};
  strncpy(a.sun_path, path, sizeof a.sun_path - 1);
  return a;
}

static uint32_t *order(const char *path, size_t *count) {
  struct stat s;
  int fd = open(path, O_RDONLY);
  need(fd >= 0 && !fstat(fd, &s), path);
  uint32_t *pages = malloc(s.st_size);
  need(read(fd, pages, s.st_size) == s.st_size, path);
  close(fd);
  *count = s.st_size / sizeof *pages;
  return pages;
}

static void copy(int faults, uint64_t to, const void *from, uint64_t length) {
  struct uffdio_copy c = {.dst = to, .src = (uint64_t)from, .len = length};
  need(!ioctl(faults, UFFDIO_COPY, &c) || errno == EEXIST, "UFFDIO_COPY");
}

static void install(int faults, uint64_t base, const char *order_path, const char *pages_path) {
  size_t count;
  uint32_t *pages = order(order_path, &count);
  char *content;
  need(!posix_memalign((void **)&content, PAGE, count * PAGE), "memory");
  int fd = open(pages_path, O_RDONLY | O_DIRECT);
  need(fd >= 0 && read(fd, content, count * PAGE) == (ssize_t)(count * PAGE), pages_path);
  for (size_t i = 0, run; i < count; i += run) {
    for (run = 1; i + run < count && pages[i + run] == pages[i] + run; run++) {
    }
    copy(faults, base + (uint64_t)pages[i] * PAGE, content + i * PAGE, run * PAGE);
  }
  close(fd);
  free(content);
}

static int pager(char **argument, int count) {
  struct sockaddr_un a = address(argument[0]);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0), file = open(argument[1], O_RDONLY);
  struct stat s;
  unlink(argument[0]);
  need(!bind(listener, (void *)&a, sizeof a) && !listen(listener, 1), argument[0]);
  need(file >= 0 && !fstat(file, &s), argument[1]);
  char *memory = mmap(0, s.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  puts("listening");
  fflush(stdout);
  int vmm = accept(listener, 0, 0), faults;
  char json[4096] = "", control[CMSG_SPACE(sizeof faults)];
  struct iovec io = {json, sizeof json - 1};
  struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  need(recvmsg(vmm, &m, 0) > 0, "recvmsg");
  memcpy(&faults, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof faults);
  uint64_t base = strtoull(strchr(json, ':') + 1, 0, 10);
  if (count == 4) install(faults, base, argument[2], argument[3]);
  struct pollfd p[] = {{faults, POLLIN, 0}, {vmm, POLLIN, 0}};
  while (poll(p, 2, -1) > 0 && !p[1].revents) {
    struct uffd_msg msg;
    if (read(faults, &msg, sizeof msg) != sizeof msg) continue;
    uint64_t at = msg.arg.pagefault.address & ~(PAGE - 1ULL);
    copy(faults, at, memory + (at - base), PAGE);
  }
  return 0;
}

static int guest(char **argument) {
  size_t bytes = strtoull(argument[1], 0, 10), count;
  uint32_t *pages = order(argument[2], &count);
  int faults = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
  need(faults >= 0, "userfaultfd");
  struct uffdio_api api = {.api = UFFD_API, .features = UFFD_FEATURE_EVENT_REMOVE};
  need(!ioctl(faults, UFFDIO_API, &api), "UFFDIO_API");
  char *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct uffdio_register r = {.range = {(uint64_t)memory, bytes}, .mode = UFFDIO_REGISTER_MODE_MISSING};
  need(!ioctl(faults, UFFDIO_REGISTER, &r), "UFFDIO_REGISTER");
  struct sockaddr_un a = address(argument[0]);
  int pager = socket(AF_UNIX, SOCK_STREAM, 0);
  need(!connect(pager, (void *)&a, sizeof a), argument[0]);
  char json[256], control[CMSG_SPACE(sizeof faults)] = "";
  int length = snprintf(json, sizeof json, "[{\"base_host_virt_addr\":%lu,\"size\":%zu,\"offset\":0,\"page_size\":%d}]",
                        (unsigned long)memory, bytes, PAGE);
  struct iovec io = {json, length};
  struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *c = CMSG_FIRSTHDR(&m);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof faults);
  memcpy(CMSG_DATA(c), &faults, sizeof faults);
  int64_t began = now();
  need(sendmsg(pager, &m, 0) == length, "sendmsg");
  volatile char sum = 0;
  for (size_t i = 0; i < count; i++) sum += memory[(size_t)pages[i] * PAGE];
  int64_t took = now() - began;
  printf("%ld %ld\n", (long)took, (long)(took / (int64_t)count));
  return 0;
}

int main(int argc, char **argv) {
  if ((argc == 4 || argc == 6) && !strcmp(argv[1], "pager")) return pager(argv + 2, argc - 2);
  if (argc == 5 && !strcmp(argv[1], "guest")) return guest(argv + 2);
  fprintf(stderr, "usage: see the head of bench/pager/hand.c\n");
  return 2;
}
