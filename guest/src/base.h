/* What every file needs: time, console, small files, growable buffers. */
#ifndef SKEP_BASE_H
#define SKEP_BASE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MILLIS 1000000LL
#define SECONDS 1000000000LL

/* Monotonic, in nanoseconds. */
int64_t now(void);

/* One line on the guest's console, prefixed with the agent's name. */
void console(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As console, then ends the guest: the VMM's exit is how the host learns of it. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Writes text to an existing file; false with errno. */
bool write_file(const char *path, const char *text);

/* Reads at most size - 1 bytes and terminates them; the length, or -1 with errno. */
long read_file(const char *path, char *text, size_t size);

/* The number after "key " or "key:" at the start of a line; 0 where there is none. */
int64_t number_after(const char *text, const char *key);

/* Bytes that grow; running out of memory ends the guest. */
struct buf {
	char *data;
	size_t length;
	size_t capacity;
};

void buf_add(struct buf *buf, const void *data, size_t length);
void buf_text(struct buf *buf, const char *text);
void buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Removes bytes from the front. */
void buf_consume(struct buf *buf, size_t length);
void buf_free(struct buf *buf);

/* malloc and strdup that never return NULL. */
void *must_alloc(size_t size);
char *must_copy(const char *text);
#endif
