#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>

int64_t now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECONDS + time.tv_nsec;
}

static void console_line(const char *format, va_list arguments)
{
	char line[512];
	int length = snprintf(line, sizeof line, "skep-agent: ");
	length += vsnprintf(line + length, sizeof line - (size_t)length - 1, format, arguments);
	if (length > (int)sizeof line - 2)
		length = sizeof line - 2;
	line[length++] = '\n';
	int fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return;
	ssize_t ignored = write(fd, line, (size_t)length);
	(void)ignored;
	close(fd);
}

void console(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	console_line(format, arguments);
	va_end(arguments);
}

_Noreturn void die(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	console_line(format, arguments);
	va_end(arguments);
	if (getpid() == 1)
		reboot(RB_AUTOBOOT);
	_exit(1);
}

bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size_t length = strlen(text);
	bool written = write(fd, text, length) == (ssize_t)length;
	int error = errno;
	close(fd);
	errno = error;
	return written;
}

long read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	size_t length = 0;
	ssize_t got;
	while (length < size - 1 && (got = read(fd, text + length, size - 1 - length)) > 0)
		length += (size_t)got;
	close(fd);
	text[length] = 0;
	return (long)length;
}

int64_t number_after(const char *text, const char *key)
{
	size_t length = strlen(key);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) == 0 && (line[length] == ' ' || line[length] == ':'))
			return strtoll(line + length + 1, NULL, 10);
	}
	return 0;
}

static void reserve(struct buf *buf, size_t more)
{
	if (buf->capacity - buf->length >= more)
		return;
	size_t capacity = buf->capacity ? buf->capacity : 256;
	while (capacity - buf->length < more)
		capacity *= 2;
	buf->data = realloc(buf->data, capacity);
	if (!buf->data)
		die("out of memory (%zu bytes asked)", capacity);
	buf->capacity = capacity;
}

void buf_add(struct buf *buf, const void *data, size_t length)
{
	if (length == 0)
		return;
	reserve(buf, length);
	memcpy(buf->data + buf->length, data, length);
	buf->length += length;
}

void buf_text(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_format(struct buf *buf, const char *format, ...)
{
	char text[1024];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	buf_add(buf, text, length < (int)sizeof text ? (size_t)length : sizeof text - 1);
}

void buf_consume(struct buf *buf, size_t length)
{
	buf->length -= length;
	memmove(buf->data, buf->data + length, buf->length);
}

void buf_free(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){0};
}

void *must_alloc(size_t size)
{
	void *memory = calloc(1, size);
	if (!memory)
		die("out of memory (%zu bytes asked)", size);
	return memory;
}

char *must_copy(const char *text)
{
	size_t size = strlen(text) + 1;
	return memcpy(must_alloc(size), text, size);
}
