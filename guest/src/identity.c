#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

static char hostname[65];
static struct buf hosts, resolv;

static bool set_clock(int64_t nanos)
{
	struct timespec time = {.tv_sec = nanos / SECONDS, .tv_nsec = nanos % SECONDS};
	return nanos > 0 && clock_settime(CLOCK_REALTIME, &time) == 0;
}

/* Credited in full: the host has drawn it from its own generator for this guest alone. */
static bool credit_entropy(const char *base64)
{
	enum { MAX_SEED = 512 };
	union {
		struct rand_pool_info info;
		char room[sizeof(struct rand_pool_info) + MAX_SEED];
	} pool;
	struct buf seed = {0};
	bool good = base64_decode(&seed, base64) && seed.length > 0 && seed.length <= MAX_SEED;
	if (good) {
		pool.info.entropy_count = (int)seed.length * 8;
		pool.info.buf_size = (int)seed.length;
		memcpy(pool.info.buf, seed.data, seed.length);
		int fd = open("/dev/urandom", O_WRONLY | O_CLOEXEC);
		/* What was added counts at once, not when the kernel next thinks of it. */
		good = fd >= 0 && ioctl(fd, RNDADDENTROPY, &pool) == 0 && ioctl(fd, RNDRESEEDCRNG) == 0;
		close(fd);
	}
	buf_free(&seed);
	return good;
}

static void resolvers(const struct json *identity)
{
	const struct json *servers = json_get(identity, "nameservers"), *domains = json_get(identity, "searchDomains");
	buf_free(&resolv);
	for (const struct json *at = servers ? servers->first : NULL; at; at = at->next)
		if (at->type == JSON_STRING)
			buf_format(&resolv, "nameserver %s\n", at->text);
	if (!domains || !domains->first)
		return;
	/* One line: of several, C libraries take the last. The dots are Kubernetes'. */
	buf_format(&resolv, "search");
	for (const struct json *at = domains->first; at; at = at->next)
		if (at->type == JSON_STRING)
			buf_format(&resolv, " %s", at->text);
	buf_format(&resolv, "\noptions ndots:5\n");
}

bool identity_apply(const struct json *identity)
{
	const char *name = json_text(identity, "hostname", "");
	if (!*name || strlen(name) >= sizeof hostname)
		return false;
	snprintf(hostname, sizeof hostname, "%s", name);
	resolvers(identity);
	buf_free(&hosts);
	buf_format(&hosts, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n" GUEST_ADDRESS "\t%s\n", hostname);
	return sethostname(hostname, strlen(hostname)) == 0 && set_clock(json_number(identity, "timeNanos", 0)) && credit_entropy(json_text(identity, "seed", ""));
}

/*
 * Images like to have a link there, often one that leads nowhere: it is replaced, not followed. What the function's own mounts have put there
 * stays: it comes after what this guest writes at first, and so it does in a clone.
 */
static bool put_file(const char *path, mode_t mode, const void *data, size_t length)
{
	if (unlink(path) < 0 && (errno == EBUSY || errno == EROFS))
		return true;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return false;
	bool written = fchmod(fd, mode) == 0 && write(fd, data, length) == (ssize_t)length;
	close(fd);
	return written;
}

/* The image's own, if it has one, is the same in every guest, as in every container. */
static bool machine_id_wanted(void)
{
	char text[40];
	long length = read_file(MACHINE_ID, text, sizeof text);
	return length >= 0 && (length <= 1 || strncmp(text, "uninitialized", 13) == 0);
}

static bool write_machine_id(void)
{
	char text[40];
	unsigned char id[16];
	if (getrandom(id, sizeof id, 0) != sizeof id)
		return false;
	for (int i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", id[i]);
	text[32] = '\n';
	return put_file(MACHINE_ID, 0444, text, 33);
}

static bool write_names(const char **failed)
{
	char name[sizeof hostname + 1];
	int length = snprintf(name, sizeof name, "%s\n", hostname);
	mkdir("/etc", 0755);
	*failed = "/etc/hostname";
	if (!put_file(*failed, 0644, name, (size_t)length))
		return false;
	*failed = "/etc/hosts";
	if (!put_file(*failed, 0644, hosts.data, hosts.length))
		return false;
	*failed = "/etc/resolv.conf";
	return put_file(*failed, 0644, resolv.data, resolv.length);
}

bool identity_write_files(const char **failed)
{
	if (!write_names(failed))
		return false;
	*failed = MACHINE_ID;
	return !machine_id_wanted() || write_machine_id();
}

bool identity_rewrite_files(bool machine_id, const char **failed)
{
	if (!write_names(failed))
		return false;
	*failed = MACHINE_ID;
	return !machine_id || write_machine_id();
}

const char *identity_hostname(void)
{
	return hostname;
}
