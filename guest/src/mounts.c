#define _GNU_SOURCE
#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folders.h"
#include "function.h"
#include "reply.h"

enum { SAFE = MS_NOSUID | MS_NODEV };

struct file {
	struct file *next;
	char *name; /* below the mount; empty: the mount itself */
	struct buf content;
};

struct mounted {
	struct mounted *next;
	char *path;
	int64_t size; /* of what is writable; 0: it has files */
	mode_t mode;  /* of each file */
	struct file *files;
};

/* In the order in which the host sent them: what lies below comes later. */
static struct mounted *first;

static struct mounted *find_or_add(const char *path)
{
	struct mounted **at = &first;
	while (*at && strcmp((*at)->path, path) != 0)
		at = &(*at)->next;
	if (!*at) {
		*at = must_alloc(sizeof **at);
		**at = (struct mounted){.path = must_copy(path)};
	}
	return *at;
}

static bool add_file(struct mounted *mounted, const struct json *request)
{
	struct file *file = must_alloc(sizeof *file);
	*file = (struct file){.next = mounted->files, .name = must_copy(json_text(request, "name", ""))};
	mounted->files = file;
	return base64_decode(&file->content, json_text(request, "data", ""));
}

void mounts_add(int64_t id, const struct json *request)
{
	const char *path = json_text(request, "path", "");
	const struct json *files = json_get(request, "files");
	if (*path != '/' || strlen(path) >= PATH_MAX / 2) {
		reply_error(id, "BAD_REQUEST", "mount: 'path' has to be absolute");
		return;
	}
	if (strcmp(function_state(), "idle") != 0) {
		reply_error(id, "STATE", "mount: the function has been started before");
		return;
	}
	struct mounted *mounted = find_or_add(path);
	mounted->size = json_number(request, "sizeBytes", 0);
	mounted->mode = (mode_t)json_number(request, "mode", 0644) & 07777;
	for (const struct json *file = files ? files->first : NULL; file; file = file->next)
		if (!add_file(mounted, file)) {
			reply_error(id, "BAD_REQUEST", "mount: 'files' need 'name' and 'data' in base64");
			return;
		}
	reply_done(id);
}

void mounts_forget(void)
{
	while (first) {
		struct mounted *gone = first;
		first = gone->next;
		while (gone->files) {
			struct file *file = gone->files;
			gone->files = file->next;
			buf_free(&file->content);
			free(file->name);
			free(file);
		}
		free(gone->path);
		free(gone);
	}
}

static bool write_new(const char *path, const struct buf *content, mode_t mode, uid_t uid, gid_t gid)
{
	size_t written = 0;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	while (written < content->length) {
		ssize_t took = write(fd, content->data + written, content->length - written);
		if (took < 0)
			break;
		written += (size_t)took;
	}
	bool done = written == content->length && fchown(fd, uid, gid) == 0 && fchmod(fd, mode) == 0;
	int error = errno;
	close(fd);
	errno = error;
	return done;
}

/* On the root's writable layer, and read-only from then on. */
static bool mount_file(const struct mounted *mounted, uid_t uid, gid_t gid)
{
	const char *path = mounted->path;
	unlink(path);
	return folders_above(path) && write_new(path, &mounted->files->content, mounted->mode, uid, gid) && mount(path, path, NULL, MS_BIND, NULL) == 0 &&
	       mount(NULL, path, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY | SAFE, NULL) == 0;
}

/* The folders between a mount and one of its files. */
static bool own_folders(char *path, size_t base, uid_t uid, gid_t gid)
{
	for (char *slash = strchr(path + base + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		bool made = mkdir(path, 0755) == 0;
		bool good = made ? chown(path, uid, gid) == 0 : errno == EEXIST;
		*slash = '/';
		if (!good)
			return false;
	}
	return true;
}

static bool mount_files(const struct mounted *mounted, uid_t uid, gid_t gid)
{
	char text[PATH_MAX];
	snprintf(text, sizeof text, "mode=755,uid=%u,gid=%u", uid, gid);
	if (!folders_to(mounted->path) || mount("tmpfs", mounted->path, "tmpfs", SAFE, text) < 0)
		return false;
	for (const struct file *file = mounted->files; file; file = file->next) {
		if (snprintf(text, sizeof text, "%s/%s", mounted->path, file->name) >= (int)sizeof text)
			return errno = ENAMETOOLONG, false;
		if (!own_folders(text, strlen(mounted->path), uid, gid) || !write_new(text, &file->content, mounted->mode, uid, gid))
			return false;
	}
	return mount(NULL, mounted->path, NULL, MS_REMOUNT | MS_RDONLY | SAFE, NULL) == 0;
}

static bool mount_room(const struct mounted *mounted, uid_t uid, gid_t gid)
{
	char options[80];
	snprintf(options, sizeof options, "mode=777,size=%lld,uid=%u,gid=%u", (long long)mounted->size, uid, gid);
	return folders_to(mounted->path) && mount("tmpfs", mounted->path, "tmpfs", SAFE, options) == 0;
}

bool mounts_make(uid_t uid, gid_t gid, const char **failed)
{
	for (const struct mounted *at = first; at; at = at->next) {
		*failed = at->path;
		bool is_file = at->files && !*at->files->name;
		if (!(at->size > 0 ? mount_room(at, uid, gid) : is_file ? mount_file(at, uid, gid) : mount_files(at, uid, gid)))
			return false;
	}
	return true;
}
