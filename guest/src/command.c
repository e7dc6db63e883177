#include "command.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base.h"

#define NOT_EXECUTABLE "COMMAND_NOT_EXECUTABLE"
#define NOT_FOUND "COMMAND_NOT_FOUND"

static const char *path_of(char **env)
{
	for (; *env; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return "";
}

/* The program that has to run this one: of a script, or an ELF file's loader; "" where there is none. */
static void find_interpreter(const char *path, char *name, size_t size)
{
	_Alignas(Elf64_Ehdr) char head[4096];
	long length = read_file(path, head, sizeof head);
	const Elf64_Ehdr *elf = (const Elf64_Ehdr *)head;
	*name = 0;
	if (length > 2 && head[0] == '#' && head[1] == '!') {
		char *start = head + 2 + strspn(head + 2, " \t");
		snprintf(name, size, "%.*s", (int)strcspn(start, " \t\r\n"), start);
		return;
	}
	if (length < (long)sizeof *elf || memcmp(head, ELFMAG, SELFMAG) != 0 || elf->e_phentsize != sizeof(Elf64_Phdr))
		return;
	for (uint64_t i = 0, at = elf->e_phoff; i < elf->e_phnum && at < sizeof head - sizeof(Elf64_Phdr); i++, at += sizeof(Elf64_Phdr)) {
		Elf64_Phdr part;
		memcpy(&part, head + at, sizeof part);
		if (part.p_type == PT_INTERP && part.p_offset < (uint64_t)length)
			snprintf(name, size, "%s", head + part.p_offset);
	}
}

static _Noreturn void explain_format(const char *path)
{
	unsigned char head[20] = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? 0 : read(fd, head, sizeof head);
	if (length == sizeof head && memcmp(head, ELFMAG, SELFMAG) == 0)
		refuse(NOT_EXECUTABLE, "command %s: an ELF file for machine %d (expected: %d, x86-64: is the image built for another architecture?)", path, head[18] | head[19] << 8, EM_X86_64);
	refuse(NOT_EXECUTABLE, "command %s: neither an ELF file nor a script with '#!' (first bytes %02x%02x%02x%02x)", path, head[0], head[1], head[2], head[3]);
}

/* execve of a file that exists has failed. */
static _Noreturn void explain(const char *path, int error)
{
	struct stat status;
	char interpreter[256];
	if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
		refuse(NOT_EXECUTABLE, "command %s: a folder (expected: a program)", path);
	if (error == EACCES)
		refuse(NOT_EXECUTABLE, "command %s: mode %04o, not executable for user %u", path, (unsigned)status.st_mode & 07777, (unsigned)geteuid());
	if (error == ENOEXEC)
		explain_format(path);
	find_interpreter(path, interpreter, sizeof interpreter);
	if (error == ENOENT && *interpreter)
		refuse(NOT_EXECUTABLE, "command %s: needs %s, which is not in the image", path, interpreter);
	refuse(NOT_EXECUTABLE, "command %s: %s", path, strerror(error));
}

/* Returns only where there is no such file. */
static void attempt(const char *path, char **argv, char **env)
{
	struct stat status;
	execve(path, argv, env);
	int error = errno;
	if ((error == ENOENT || error == ENOTDIR) && stat(path, &status) < 0)
		return;
	if (error == EACCES && stat(path, &status) < 0)
		refuse(NOT_EXECUTABLE, "command %s: user %u may not enter a folder above it", path, (unsigned)geteuid());
	explain(path, error);
}

_Noreturn void command_execute(char **argv, char **env)
{
	const char *name = argv[0], *path = path_of(env);
	char file[4096], refused[4096] = "";
	struct stat status;
	if (!*name)
		refuse(NOT_FOUND, "command: an empty name");
	if (strchr(name, '/')) {
		attempt(name, argv, env);
		refuse(NOT_FOUND, "command %s: not found in the image", name);
	}
	for (const char *at = path; *at;) {
		size_t length = strcspn(at, ":");
		snprintf(file, sizeof file, "%.*s/%s", length ? (int)length : 1, length ? at : ".", name);
		/* As shells do: a folder or a file without the right to run it does not end the search. */
		if (stat(file, &status) == 0 && !S_ISDIR(status.st_mode) && access(file, X_OK) == 0)
			attempt(file, argv, env);
		else if (stat(file, &status) == 0 && !*refused)
			strcpy(refused, file);
		at += length + (at[length] == ':');
	}
	if (*refused)
		explain(refused, EACCES);
	refuse(NOT_FOUND, "command %s: not found on the PATH of the function, %s", name, *path ? path : "which is empty");
}
