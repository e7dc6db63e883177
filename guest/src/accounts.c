#include "accounts.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base.h"

enum { MAX_FILE = 1 << 20, FIELDS = 7 };

static char *load(const char *path)
{
	char *text = must_alloc(MAX_FILE);
	read_file(path, text, MAX_FILE); /* a missing file is one without entries */
	return text;
}

/* Cuts the next line into its fields; false at the end. */
static bool next_entry(char **rest, char *fields[FIELDS])
{
	char *line = strsep(rest, "\n");
	if (!line)
		return false;
	for (int i = 0; i < FIELDS; i++) {
		char *field = strsep(&line, ":");
		fields[i] = field ? field : "";
	}
	return true;
}

static bool parse_id(const char *text, unsigned *id)
{
	char *end;
	if (*text < '0' || *text > '9')
		return false;
	unsigned long long number = strtoull(text, &end, 10);
	if (*end || number > INT32_MAX)
		return false;
	*id = (unsigned)number;
	return true;
}

static bool is(const char *name, const char *id_text, const char *wanted)
{
	unsigned id, wanted_id;
	return strcmp(name, wanted) == 0 || (parse_id(id_text, &id) && parse_id(wanted, &wanted_id) && id == wanted_id);
}

/* user: in, what is asked; out, the entry's name, which the group file uses. */
static bool find_user(const char *passwd, char user[64], struct account *account)
{
	char *text = load(passwd), *rest = text, *fields[FIELDS];
	bool found = false;
	while (!found && next_entry(&rest, fields)) {
		unsigned uid, gid;
		if (!*fields[0] || !is(fields[0], fields[2], user) || !parse_id(fields[2], &uid) || !parse_id(fields[3], &gid))
			continue;
		account->uid = uid;
		account->gid = gid;
		snprintf(account->home, sizeof account->home, "%s", *fields[5] ? fields[5] : "/");
		snprintf(user, 64, "%s", fields[0]);
		found = true;
	}
	free(text);
	if (found)
		return true;
	snprintf(account->home, sizeof account->home, "/");
	return parse_id(user, &account->uid);
}

static bool find_group(const char *file, const char *group, struct account *account)
{
	char *text = load(file), *rest = text, *fields[FIELDS];
	bool found = false;
	while (!found && next_entry(&rest, fields))
		found = *fields[0] && is(fields[0], fields[2], group) && parse_id(fields[2], &account->gid);
	free(text);
	return found || parse_id(group, &account->gid);
}

static bool lists(char *members, const char *user)
{
	char *member;
	while ((member = strsep(&members, ",")))
		if (strcmp(member, user) == 0)
			return true;
	return false;
}

static void add_groups_of(const char *file, const char *user, struct account *account)
{
	char *text = load(file), *rest = text, *fields[FIELDS];
	gid_t gid;
	while (account->group_count < MAX_GROUPS && next_entry(&rest, fields))
		if (parse_id(fields[2], &gid) && gid != account->gid && lists(fields[3], user))
			account->groups[account->group_count++] = gid;
	free(text);
}

enum account_found account_find(const char *passwd, const char *group_file, const char *spec, struct account *account, char wrong[64])
{
	char user[64];
	const char *colon = strchr(spec, ':');
	size_t length = colon ? (size_t)(colon - spec) : strlen(spec);
	snprintf(user, sizeof user, "%.*s", (int)length, spec);
	snprintf(wrong, 64, "%s", user);
	*account = (struct account){0};
	if (length >= sizeof user || !find_user(passwd, *user ? user : strcpy(user, "0"), account))
		return ACCOUNT_NO_USER;
	if (colon && colon[1]) {
		snprintf(wrong, 64, "%s", colon + 1);
		if (!find_group(group_file, colon + 1, account))
			return ACCOUNT_NO_GROUP;
	}
	account->groups[account->group_count++] = account->gid;
	if (!colon || !colon[1])
		add_groups_of(group_file, user, account);
	return ACCOUNT_OK;
}
