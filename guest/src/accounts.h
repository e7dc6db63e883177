/* Users and groups as the image's own /etc/passwd and /etc/group have them. */
#ifndef SKEP_ACCOUNTS_H
#define SKEP_ACCOUNTS_H
#include <sys/types.h>

enum { MAX_GROUPS = 64 };

struct account {
	uid_t uid;
	gid_t gid;
	gid_t groups[MAX_GROUPS]; /* supplementary, the primary one first */
	size_t group_count;
	char home[256];
};

enum account_found { ACCOUNT_OK, ACCOUNT_NO_USER, ACCOUNT_NO_GROUP };

/*
 * Looks up "", "user", "uid", "user:group", "uid:gid" and their mixtures. As container runtimes do: a number needs no entry; a group in the
 * spec replaces the supplementary ones. On failure, wrong is what was not found.
 */
enum account_found account_find(const char *passwd, const char *group, const char *spec, struct account *account, char wrong[64]);
#endif
