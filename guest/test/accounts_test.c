#include "accounts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

static char passwd[] = "/tmp/skep-passwd-XXXXXX", group[] = "/tmp/skep-group-XXXXXX";

static void put(char *path, const char *text)
{
	int fd = mkstemp(path);
	CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static struct account found;
static char wrong[64];

static enum account_found find(const char *spec)
{
	return account_find(passwd, group, spec, &found, wrong);
}

static void finds_names_and_numbers(void)
{
	CHECK(find("") == ACCOUNT_OK && found.uid == 0 && found.gid == 0 && strcmp(found.home, "/root") == 0);
	CHECK(find("app") == ACCOUNT_OK && found.uid == 1000 && found.gid == 1001 && strcmp(found.home, "/home/app") == 0);
	CHECK(found.group_count == 3 && found.groups[0] == 1001 && found.groups[1] == 10 && found.groups[2] == 2000);
	CHECK(find("1000") == ACCOUNT_OK && found.gid == 1001 && found.group_count == 3);
	CHECK(find("4321") == ACCOUNT_OK && found.uid == 4321 && found.gid == 0 && strcmp(found.home, "/") == 0);
	CHECK(find("nohome") == ACCOUNT_OK && strcmp(found.home, "/") == 0);
}

static void a_group_replaces_the_others(void)
{
	CHECK(find("app:wheel") == ACCOUNT_OK && found.gid == 10 && found.group_count == 1 && found.groups[0] == 10);
	CHECK(find("app:77") == ACCOUNT_OK && found.gid == 77);
	CHECK(find("5:6") == ACCOUNT_OK && found.uid == 5 && found.gid == 6);
	CHECK(find(":wheel") == ACCOUNT_OK && found.uid == 0 && found.gid == 10);
	CHECK(find("app:") == ACCOUNT_OK && found.gid == 1001 && found.group_count == 3);
}

static void says_what_it_did_not_find(void)
{
	CHECK(find("ghost") == ACCOUNT_NO_USER && strcmp(wrong, "ghost") == 0);
	CHECK(find("app:ghosts") == ACCOUNT_NO_GROUP && strcmp(wrong, "ghosts") == 0);
	CHECK(find("-1") == ACCOUNT_NO_USER);
	CHECK(find("4294967296") == ACCOUNT_NO_USER);
	CHECK(find("99999999999999999999999") == ACCOUNT_NO_USER);
	CHECK(find("1000x") == ACCOUNT_NO_USER);
	CHECK(find("broken") == ACCOUNT_NO_USER);
	char long_name[200];
	memset(long_name, 'a', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = 0;
	CHECK(find(long_name) == ACCOUNT_NO_USER);
}

static void needs_no_files(void)
{
	CHECK(account_find("/nowhere", "/nowhere", "", &found, wrong) == ACCOUNT_OK && found.uid == 0);
	CHECK(account_find("/nowhere", "/nowhere", "7:8", &found, wrong) == ACCOUNT_OK && found.uid == 7 && found.gid == 8);
	CHECK(account_find("/nowhere", "/nowhere", "root", &found, wrong) == ACCOUNT_NO_USER);
}

void account_tests(void)
{
	put(passwd, "root:x:0:0:root:/root:/bin/sh\nbroken:x:y:z\n\n:::\napp:x:1000:1001::/home/app:/bin/sh\nnohome:x:5:5\nlast:x:9:9::/l:/s");
	put(group, "root:x:0:\nwheel:x:10:root,app\nappears:x:11:application\nextra:x:2000:app\nown:x:1001:app\nbad:x:q:app\n");
	finds_names_and_numbers();
	a_group_replaces_the_others();
	says_what_it_did_not_find();
	needs_no_files();
	CHECK(find("last") == ACCOUNT_OK && found.uid == 9);
	unlink(passwd);
	unlink(group);
}
