// The least that process 1 can do for a function: load modules, mount the image under a tmpfs, address eth0, run it.
// bench/boot starts it with one QEMU command line; it stands for what somebody would build by hand.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void modules(void) {
  char name[128], path[160];
  FILE *order = fopen("/modules/order", "r");
  while (order && fgets(name, sizeof name, order)) {
    name[strcspn(name, "\n")] = 0;
    snprintf(path, sizeof path, "/modules/%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) syscall(SYS_finit_module, fd, "", 0);
    close(fd);
  }
}

static struct sockaddr_in address(const char *text) {
  struct sockaddr_in in = {.sin_family = AF_INET};
  inet_pton(AF_INET, text, &in.sin_addr);
  return in;
}

static void interface(const char *name, const char *ip) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq request = {0};
  struct sockaddr_in in = address(ip), mask = address("255.255.255.0");
  strcpy(request.ifr_name, name);
  memcpy(&request.ifr_addr, &in, sizeof in);
  ioctl(fd, SIOCSIFADDR, &request);
  memcpy(&request.ifr_netmask, &mask, sizeof mask);
  ioctl(fd, SIOCSIFNETMASK, &request);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  ioctl(fd, SIOCSIFFLAGS, &request);
  close(fd);
}

int main(void) {
  mount("devtmpfs", "/dev", "devtmpfs", 0, 0);
  modules();
  interface("lo", "127.0.0.1");
  interface("eth0", "10.0.2.15");
  mkdir("/image", 0755), mkdir("/scratch", 0755), mkdir("/root", 0755);
  mount("/dev/vda", "/image", "erofs", MS_RDONLY, 0);
  mount("tmpfs", "/scratch", "tmpfs", 0, 0);
  mkdir("/scratch/upper", 0755), mkdir("/scratch/work", 0755);
  mount("overlay", "/root", "overlay", 0, "lowerdir=/image,upperdir=/scratch/upper,workdir=/scratch/work");
  if (chroot("/root") || chdir("/")) return 1;
  char *argv[] = {"/kit", "serve", 0}, *env[] = {"PORT=8080", "GREETING=hand", 0};
  execve(argv[0], argv, env);
  return 1;
}
