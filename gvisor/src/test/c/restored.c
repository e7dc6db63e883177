/* The hook of a restore: leaves a file that says so. */
#include <fcntl.h>

int main(void)
{
	return open("/was-restored", O_CREAT | O_WRONLY, 0600) < 0;
}
