/* A function as small as one can be: answers every HTTP/1.1 request with a greeting, one thread a connection.
   GET /?wait=MS answers after MS milliseconds. PORT and TARGET come from the environment. */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_MAX = 16 * 1024 };

static char greeting[256];

static int send_all(int to, const char *data, size_t length) {
  while (length > 0) {
    ssize_t sent = send(to, data, length, MSG_NOSIGNAL);
    if (sent <= 0) return -1;
    data += sent;
    length -= (size_t)sent;
  }
  return 0;
}

/* Reads and throws away the body that follows the head; part of it may be in the buffer already. Returns what is left in the buffer. */
static long skip_body(int from, char *buffer, long have, long length) {
  if (have >= length) {
    memmove(buffer, buffer + length, (size_t)(have - length));
    return have - length;
  }
  for (length -= have; length > 0;) {
    ssize_t got = recv(from, buffer, length < HEAD_MAX ? (size_t)length : HEAD_MAX, 0);
    if (got <= 0) return -1;
    length -= got;
  }
  return 0;
}

static int answer(int to, const char *head) {
  const char *line_end = strstr(head, "\r\n"), *wait = strstr(head, "?wait=");
  if (wait && wait < line_end) usleep((useconds_t)(atoi(wait + 6) % 60000) * 1000);
  char response[512];
  int length = snprintf(response, sizeof response, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n%s",
                        strlen(greeting), strncmp(head, "HEAD ", 5) == 0 ? "" : greeting);
  return send_all(to, response, (size_t)length);
}

static void *serve(void *argument) {
  int connection = (int)(long)argument;
  char buffer[HEAD_MAX + 1];
  long have = 0;
  for (;;) {
    char *end;
    buffer[have] = 0;
    while (!(end = strstr(buffer, "\r\n\r\n"))) {
      ssize_t got = have < HEAD_MAX ? recv(connection, buffer + have, (size_t)(HEAD_MAX - have), 0) : 0;
      if (got <= 0) goto closed;
      buffer[have += got] = 0;
    }
    end[2] = 0; /* the head is a string of its own now, ending with a line end */
    char *length = strcasestr(buffer, "\r\nContent-Length:");
    long body = length ? atol(length + 17) : 0;
    int last = strcasestr(buffer, "\r\nConnection: close") != NULL;
    if (body < 0 || answer(connection, buffer) < 0 || last) break;
    long rest = have - (end + 4 - buffer);
    memmove(buffer, end + 4, (size_t)rest);
    if ((have = skip_body(connection, buffer, rest, body)) < 0) break;
  }
closed:
  close(connection);
  return NULL;
}

static void stop(int signal) {
  (void)signal;
  _exit(0);
}

int main(void) {
  const char *port = getenv("PORT"), *target = getenv("TARGET");
  snprintf(greeting, sizeof greeting, "Hello %s!\n", target ? target : "World");
  signal(SIGTERM, stop);
  int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port ? port : "8080"))};
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 128) < 0) {
    perror("hello: cannot listen");
    return 1;
  }
  printf("hello: listening on port %d\n", ntohs(address.sin_port));
  fflush(stdout);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 128 * 1024);
  pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
  for (;;) {
    pthread_t thread;
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (connection >= 0 && pthread_create(&thread, &small, serve, (void *)(long)connection) != 0) close(connection);
  }
}
