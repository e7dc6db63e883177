#include "restored.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot.h"
#include "function.h"
#include "identity.h"
#include "output.h"
#include "reply.h"

#define HOOK "/etc/skep/restored"

enum { NO_HOOK, HOOK_THERE, FILES_FAILED };

static bool new_machine_id;

static int rewrite_files(void)
{
	const char *failed;
	if (!identity_rewrite_files(new_machine_id, &failed))
		return FILES_FAILED;
	return access(HOOK, X_OK) == 0 ? HOOK_THERE : NO_HOOK;
}

void restored(int64_t id, const struct json *request)
{
	if (strcmp(function_state(), "running") != 0) {
		reply_error(id, "STATE", "restored: the function is not running");
		return;
	}
	if (!identity_apply(json_get(request, "identity"))) {
		reply_error(id, "BAD_REQUEST", "restored: 'identity' needs a 'hostname' of 1 to 64 bytes, 'timeNanos' and a 'seed' of at most 512 bytes");
		return;
	}
	output_forget();
	new_machine_id = boot_has_written(MACHINE_ID);
	int status = function_inside(rewrite_files);
	if (status < 0 || !WIFEXITED(status) || WEXITSTATUS(status) > HOOK_THERE) {
		reply_error(id, "SYSTEM", "restored: the files of the guest's identity could not be written (status %d)", status);
		return;
	}
	buf_format(reply_begin(id), ",\"hook\":%s", WEXITSTATUS(status) == HOOK_THERE ? "true" : "false");
	channel_end();
}
