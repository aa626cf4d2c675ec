#ifndef C_MNEEDLE_SYSTEM_H
#define C_MNEEDLE_SYSTEM_H

/* What Swift's view of the C library does not show. Every function returns 0
 * or a descriptor, or a negative errno. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Who is at the other end of a unix socket, as the kernel noted it at connect. */
int mneedle_peer_credentials(int socket, uid_t *uid, gid_t *gid);

/* Takes the next client of a listening socket, if there is one: a descriptor that does not block and that no
 * child inherits, or a negated errno, EAGAIN among them. */
int mneedle_accept(int socket);

/* The peer's supplementary groups: the count, of which at most `capacity` are written. */
int mneedle_peer_groups(int socket, gid_t *groups, int capacity);

/* A counter that another thread raises to wake a poll. */
int mneedle_event_create(void);

/* A timer on the real-time clock that is also ready when somebody sets that clock. */
int mneedle_timer_create(void);
/* Arms it for `milliseconds` since 1970; a negative value disarms it. */
int mneedle_timer_arm(int timer, int64_t milliseconds);
/* Takes the expiry, or the news that the clock was set. */
void mneedle_timer_drain(int timer);

/* Gives the pages of code and constants back to the page cache; those still in use come back as
 * they are touched. Starting reads far more of the libraries than serving does. */
void mneedle_release_code_pages(void);

/* Has the kernel say with each datagram who sent it. */
int mneedle_datagrams_name_senders(int socket);
/* Takes one datagram without waiting: its length and its sender, or a negated errno: EMSGSIZE when it was
 * longer than `capacity` (it is gone then), EAGAIN when there is none. */
ssize_t mneedle_datagram_receive(int socket, void *bytes, size_t capacity, uid_t *uid, gid_t *gid);

/* One step down a path: a place in the file system, without opening it; a link is not followed. */
int mneedle_step(int folder, const char *name);
/* Whether a file, or one in a folder, has an access list beside its mode. */
int mneedle_has_access_list(int file, const char *name);
/* Gives a finished file its name, unless there is one of that name: EEXIST. */
int mneedle_publish(int folder, const char *partial, const char *name);

/* Crash notes: a page shared with a file, so that it outlives the process. Each
 * thread has a slot with the name of the module that runs on it and whose request that
 * is; a handler for the fatal signals marks the slot of the thread that dies. */
#define MNEEDLE_CRASH_SLOTS 64
#define MNEEDLE_CRASH_NAME 48
#define MNEEDLE_CRASH_REQUEST 96
/* What stands where a signal would: the module called exit(), or did not finish. */
#define MNEEDLE_CRASH_EXIT (-1)
#define MNEEDLE_CRASH_OVERDUE (-2)
/* The exit code of a process that somebody ended with exit() and that did not mean to end. */
#define MNEEDLE_EXIT_UNMEANT 70

struct mneedle_crash_slot {
    volatile int32_t signal;                       /* which signal ended it, 0 for none, or one of the above */
    volatile uint32_t uid;                         /* whose request it is */
    volatile char module[MNEEDLE_CRASH_NAME];      /* empty while no module runs */
    volatile char request[MNEEDLE_CRASH_REQUEST];  /* the request's verb; empty for what a module does of its own */
};

/* Maps the file at `path`, of MNEEDLE_CRASH_SLOTS slots, and installs the handlers. */
int mneedle_crash_notes_open(const char *path);
/* Notes what this thread runs; an empty name for nothing. Costs a few stores. */
void mneedle_crash_note(const char *module, size_t length);
/* Notes whose request this thread works on; an empty name for what a module does of its own. */
void mneedle_crash_request(const char *request, size_t length, uint32_t uid);
/* The module that runs on the thread of a slot: 1 when there is one. */
int mneedle_crash_running(int slot, char *module, size_t room);

/* From now on whoever calls exit() ends the process as a failure, and a module that does is noted. */
void mneedle_exit_is_unmeant(void);
/* From now on exit() is the service's own. */
void mneedle_exit_is_meant(void);

/* How long a module may take for one piece of work, on threads that say so; 0 for as long as it likes. What takes longer
 * than that, at most by a half, ends the process by SIGABRT: there is no other way to stop code that runs in it. */
void mneedle_deadline_set(int milliseconds);
/* Between these two the calling thread's time is watched, by a timer of its own that sleeps otherwise. */
void mneedle_deadline_begin(void);
void mneedle_deadline_end(void);
/* The next piece of work has the whole time again. */
void mneedle_deadline_restart(void);
/* While the thread is in the store it is not ended: that may wait for a slow disk. */
void mneedle_deadline_in_store(int is_inside);
/* Whether the piece of work has nearly used up its time: for giving it up in an orderly way before. */
int mneedle_deadline_is_near(void);

/* The columns of a terminal that a character takes, whatever the locale: 0, 1 or 2; -1 for a control character. */
int mneedle_character_width(uint32_t scalar);

/* Holds back the signals that a program which has the whole terminal deals with itself: another size, a stop and its end,
 * and those that end it; what is ignored stays ignored. A descriptor that is readable once there is one, or a negated
 * errno. For a process of one thread. */
int mneedle_terminal_signals_hold(void);
/* The next of them; 0 when there is none. */
int mneedle_terminal_signals_next(int signals);
/* Lets them do what they usually do, and closes the descriptor. */
void mneedle_terminal_signals_release(int signals);
/* Takes lines from standard input again after its end, which a terminal only tells. */
void mneedle_input_again(void);

/* Names the calling thread, in at most 15 bytes. */
void mneedle_name_thread(const char *name);

#endif
