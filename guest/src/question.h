/* One question of a probe over TCP: what is sent, and what the answer so far means. */
#ifndef SKEP_QUESTION_H
#define SKEP_QUESTION_H
#include "json.h"

enum verdict { VERDICT_OPEN, VERDICT_PASS, VERDICT_FAIL };

/* Bytes to send; a probe of type tcp has none. */
struct buf question_http(uint16_t port, const char *path, const struct json *headers);
struct buf question_grpc(uint16_t port, const char *service);

/* Judges all bytes received so far; why is set where it fails. */
enum verdict answer_http(const struct buf *answer, bool ended, char *why, size_t size);
enum verdict answer_grpc(const struct buf *answer, bool ended, char *why, size_t size);
#endif
