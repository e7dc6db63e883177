#include <stdlib.h>
#include <time.h>

#include "test.h"

int checks, failures;

/* usage: unit [SEED] */
int main(int argc, char **argv)
{
	unsigned seed = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : (unsigned)time(NULL);
	printf("guest unit tests, seed %u\n", seed);
	json_tests(seed);
	base64_tests(seed);
	account_tests();
	question_tests(seed);
	printf("%d checks, %d failed\n", checks, failures);
	return failures != 0;
}
