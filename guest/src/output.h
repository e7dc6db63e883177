/* What the function writes: cut into lines, kept in a bounded ring until the host has confirmed it. */
#ifndef SKEP_OUTPUT_H
#define SKEP_OUTPUT_H
#include "base.h"

/* Takes the read ends of the function's two pipes. */
void output_open(int out, int err);

/* Puts messages on the channel while it has room, and holds the function back while the ring is full. Before each wait. */
void output_pump(void);

/* The host has everything up to that line. */
void output_confirmed(int64_t seq);

/* A new host gets what the one before has not confirmed. */
void output_rewind(void);

/* Reads what is left in the pipes and closes them: the writers are gone. */
void output_finish(void);

/* Whether everything that was read is on the channel. */
bool output_flushed(void);

/* All that was said so far: in a clone, it is the story of another guest. */
void output_forget(void);
#endif
