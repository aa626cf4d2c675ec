#ifndef C_MNEEDLE_RUN_H
#define C_MNEEDLE_RUN_H

/* Running a program, as far as Swift's view of the C library does not show it. */

#include <spawn.h>
#include <stddef.h>

/* Runs a program, which is looked for in PATH, with `input` on its standard input and waits for its end: its exit
 * status, or 256 + the signal that ended it, or -ETIME when it took longer than `milliseconds`, -ECANCELED when
 * `cancel` became readable (both end it and what it started), or another negated errno when it could not be run.
 * It has this process's environment, output and working folder, and no other descriptor of it. Blocks. */
int mneedle_run_program(char *const arguments[], const char *input, size_t length, int milliseconds, int cancel);

/* Has the signals that end this process wait from now on; those that are ignored stay ignored. A descriptor that is
 * readable once there is one, or a negated errno. For a process of one thread. */
int mneedle_stop_hold(void);
/* Ends that, and closes the descriptor: a signal that has come meanwhile ends the process here. */
void mneedle_stop_release(int stop);

/* Leaves a program that is about to be spawned no descriptor but the first three. */
int mneedle_spawn_three_descriptors(posix_spawn_file_actions_t *actions);

#endif
