/* A check that says where and what, and counts; the program goes on to the next. */
#ifndef SKEP_TEST_H
#define SKEP_TEST_H
#include <stdbool.h>
#include <stdio.h>

extern int checks, failures;

#define CHECK(condition)                                                                   \
	do {                                                                               \
		checks++;                                                                  \
		if (!(condition)) {                                                        \
			failures++;                                                        \
			fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, #condition); \
		}                                                                          \
	} while (0)

void json_tests(unsigned seed);
void base64_tests(unsigned seed);
void account_tests(void);
void question_tests(unsigned seed);
#endif
