// The one program in the test image; what it does depends on its first argument.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void on_term(int signal) {
  (void)signal;
  if (write(1, "got SIGTERM\n", 12) != 12) _exit(1);
  _exit(0);
}

static int exit_code;
static void leave(int signal) {
  (void)signal;
  _exit(exit_code);
}

static void serve(void) {
  const char *port = getenv("PORT"), *greeting = getenv("GREETING");
  int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port ? port : "8080"))};
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&in, sizeof in) || listen(fd, 64)) exit(9);
  printf("listening on %s\n", port);
  fflush(stdout);
  for (;;) {
    char request[4096], body[256], response[512];
    int client = accept(fd, 0, 0);
    if (client < 0) continue;
    if (read(client, request, sizeof request) > 0) {
      int length = snprintf(body, sizeof body, "GREETING=%s\n", greeting ? greeting : "");
      int size = snprintf(response, sizeof response, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", length, body);
      if (write(client, response, (size_t)size) != size) perror("write");
    }
    close(client);
  }
}

// connect ADDRESS PORT: "connected", "refused" or "nothing" (no answer within 2 s)
static int connect_to(const char *address, const char *port) {
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  struct timeval limit = {2, 0};
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  inet_pton(AF_INET, address, &in.sin_addr);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (!connect(fd, (struct sockaddr *)&in, sizeof in)) puts("connected");
  else puts(errno == ECONNREFUSED ? "refused" : "nothing");
  return 0;
}

// identity: one line each of what no two guests may share, and the wall clock in nanoseconds
static int identity(void) {
  unsigned char bytes[16];
  char name[65], id[40] = "";
  struct timespec time;
  int random = open("/dev/urandom", O_RDONLY), machine = open("/etc/machine-id", O_RDONLY);
  if (read(random, bytes, sizeof bytes) != sizeof bytes) return 1;
  for (size_t i = 0; i < sizeof bytes; i++) printf("%02x", bytes[i]);
  gethostname(name, sizeof name);
  if (machine >= 0 && read(machine, id, 32) < 0) return 1;
  clock_gettime(CLOCK_REALTIME, &time);
  printf("\n%s\n%s\n%lld\n", name, id, time.tv_sec * 1000000000LL + time.tv_nsec);
  return 0;
}

static int copy(int from, int to) {
  char buffer[4096];
  ssize_t n;
  if (from < 0 || to < 0) return 1;
  while ((n = read(from, buffer, sizeof buffer)) > 0)
    if (write(to, buffer, (size_t)n) != n) return 1;
  return n < 0;
}

// flood BYTES: so many zeros to stdout, then "done" to stderr
static int flood(long long left) {
  static char zeros[64 << 10];
  while (left > 0) {
    ssize_t n = write(1, zeros, left < (long long)sizeof zeros ? (size_t)left : sizeof zeros);
    if (n <= 0) return 1;
    left -= n;
  }
  return write(2, "done\n", 5) != 5;
}

static void print_size(int signal) {
  struct winsize size;
  char text[64];
  (void)signal;
  if (ioctl(0, TIOCGWINSZ, &size) < 0) _exit(9);
  int length = snprintf(text, sizeof text, "%d rows %d columns\n", size.ws_row, size.ws_col);
  if (write(1, text, (size_t)length) != length) _exit(9);
}

// terminal: tells its size now and whenever it changes, for ten minutes
static int terminal(void) {
  signal(SIGWINCH, print_size);
  if (!ttyname(0)) return 8;
  print_size(0);
  for (int i = 0; i < 600; i++) sleep(1);
  return 0;
}

int main(int argc, char **argv) {
  const char *verb = argc > 1 ? argv[1] : "serve";
  if (!strcmp(verb, "serve")) {
    signal(SIGTERM, on_term);
    serve();
  } else if (!strcmp(verb, "ignore")) {
    signal(SIGTERM, SIG_IGN);
    serve();
  } else if (!strcmp(verb, "serve-exit")) {
    if (fork() == 0) {
      sleep(2);
      kill(getppid(), SIGUSR1);
      _exit(0);
    }
    exit_code = atoi(argv[2]);
    signal(SIGUSR1, leave);
    serve();
  } else if (!strcmp(verb, "print")) {
    for (int i = 3; i < argc; i++) puts(argv[i]);
    return atoi(argv[2]);
  } else if (!strcmp(verb, "sleep")) {
    sleep(600);
  } else if (!strcmp(verb, "echo")) {
    puts(argv[2]);
  } else if (!strcmp(verb, "cat")) {
    return copy(0, 1);
  } else if (!strcmp(verb, "flood")) {
    return flood(atoll(argv[2]));
  } else if (!strcmp(verb, "terminal")) {
    return terminal();
  } else if (!strcmp(verb, "read")) {
    return copy(open(argv[2], O_RDONLY), 1);
  } else if (!strcmp(verb, "write")) {
    return copy(0, open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0644));
  } else if (!strcmp(verb, "exit")) {
    return atoi(argv[2]);
  } else if (!strcmp(verb, "connect")) {
    return connect_to(argv[2], argv[3]);
  } else if (!strcmp(verb, "identity")) {
    return identity();
  } else if (!strcmp(verb, "eat")) {
    for (;;) memset(malloc(1 << 20), 1, 1 << 20);
  }
  return 0;
}
