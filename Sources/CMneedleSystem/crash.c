#define _GNU_SOURCE
#include "CMneedleSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static struct mneedle_crash_slot *slots;
static atomic_int next_slot;
static _Thread_local struct mneedle_crash_slot *mine;
/* Stacks for the handler: a thread that has used up its own could not run it. Pages that are not touched cost nothing. */
#define MNEEDLE_CRASH_STACK 32768
static _Alignas(64) char stacks[MNEEDLE_CRASH_SLOTS][MNEEDLE_CRASH_STACK];

static const int fatal[] = { SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV };

/* How often the thread's timer has fired since its piece of work began: no clock is read for it. */
static _Thread_local volatile sig_atomic_t ticks;
/* Whether the thread is in the store, which may wait for a slow disk: no module's fault. */
static _Thread_local volatile sig_atomic_t in_store;
static _Thread_local timer_t timer;
static _Thread_local int has_timer;
/* The time between two ticks: half of what a piece of work may take. */
static atomic_long tick_nanoseconds;
static atomic_int leaving;

/* Only stores and signal-safe calls: the process is dying. */
static void crashed(int signal, siginfo_t *info, void *context)
{
    (void)info;
    (void)context;
    if (mine && !mine->signal)
        mine->signal = signal;
    /* SA_RESETHAND has put the default action back. */
    raise(signal);
}

static void say(const char *text)
{
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

/* Names to the log who is at fault. A slot's names end with a zero, always. */
static void accuse(const char *what)
{
    char module[MNEEDLE_CRASH_NAME], request[MNEEDLE_CRASH_REQUEST];
    for (size_t i = 0; i < sizeof module; i++)
        module[i] = mine->module[i];
    for (size_t i = 0; i < sizeof request; i++)
        request[i] = mine->request[i];
    say("mneedled: module '");
    say(module);
    say(what);
    if (request[0]) {
        say(" for the request '");
        say(request);
        say("'");
    }
    say("; the service ends here and has to be started again\n");
}

/* The first tick may come of a process that was stopped meanwhile: such a one comes only once, however late it is. */
#define OVERDUE_TICKS 3

static void ticked(int signal)
{
    (void)signal;
    if (!mine || !mine->module[0])
        return;
    /* In the store it comes as far as giving the statement up, and goes on from there when that returns. */
    if (ticks < OVERDUE_TICKS - 1 || !in_store)
        ticks = ticks + 1;
    if (ticks < OVERDUE_TICKS)
        return;
    mine->signal = MNEEDLE_CRASH_OVERDUE;
    accuse("' does not finish");
    raise(SIGABRT);
}

static void left(void)
{
    if (atomic_load(&leaving))
        return;
    if (mine && mine->module[0]) {
        mine->signal = MNEEDLE_CRASH_EXIT;
        accuse("' called exit");
    } else {
        say("mneedled: something called exit; the service ends here and has to be started again\n");
    }
    _exit(MNEEDLE_EXIT_UNMEANT);
}

static void handle_ticks(void)
{
    struct sigaction action = { .sa_handler = ticked, .sa_flags = SA_RESTART | SA_ONSTACK };
    sigemptyset(&action.sa_mask);
    sigaction(SIGRTMIN, &action, NULL);
}

int mneedle_crash_notes_open(const char *path)
{
    size_t size = sizeof(struct mneedle_crash_slot) * MNEEDLE_CRASH_SLOTS;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return -errno;
    int error = ftruncate(file, (off_t)size) < 0 ? errno : 0;
    /* A page that a full disk has no room for would end the process when it is written to. */
    if (!error)
        error = posix_fallocate(file, 0, (off_t)size);
    if (error) {
        close(file);
        return -error;
    }
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    error = errno;
    close(file);
    if (page == MAP_FAILED)
        return -error;
    memset(page, 0, size);
    slots = page;

    struct sigaction action = { .sa_sigaction = crashed, .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER | SA_ONSTACK };
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        sigaction(fatal[i], &action, NULL);
    handle_ticks();
    return 0;
}

void mneedle_exit_is_unmeant(void)
{
    atexit(left);
    at_quick_exit(left);
}

void mneedle_exit_is_meant(void) { atomic_store(&leaving, 1); }

/* The thread's slot; none before the file is open. */
static struct mneedle_crash_slot *slot(void)
{
    if (!mine && slots) {
        int index = atomic_fetch_add(&next_slot, 1);
        /* Threads beyond the last slot share it: a note too many is better than none. */
        mine = &slots[index < MNEEDLE_CRASH_SLOTS ? index : MNEEDLE_CRASH_SLOTS - 1];
        if (index < MNEEDLE_CRASH_SLOTS) {
            stack_t stack = { .ss_sp = stacks[index], .ss_size = MNEEDLE_CRASH_STACK };
            sigaltstack(&stack, NULL);
        }
    }
    return mine;
}

static void put(volatile char *to, size_t room, const char *from, size_t length)
{
    if (length >= room)
        length = room - 1;
    for (size_t i = 0; i < length; i++)
        to[i] = from[i];
    to[length] = 0;
}

void mneedle_crash_note(const char *module, size_t length)
{
    if (slot())
        put(mine->module, MNEEDLE_CRASH_NAME, module, length);
}

void mneedle_crash_request(const char *request, size_t length, uint32_t uid)
{
    if (!slot())
        return;
    mine->uid = uid;
    put(mine->request, MNEEDLE_CRASH_REQUEST, request, length);
}

int mneedle_crash_running(int index, char *module, size_t room)
{
    if (!slots || index < 0 || index >= MNEEDLE_CRASH_SLOTS || !slots[index].module[0])
        return 0;
    size_t i = 0;
    for (; i + 1 < room && i < MNEEDLE_CRASH_NAME && slots[index].module[i]; i++)
        module[i] = slots[index].module[i];
    module[i] = 0;
    return 1;
}

void mneedle_deadline_set(int milliseconds) { atomic_store(&tick_nanoseconds, (long)milliseconds * 500000L); }

static void set_timer(long nanoseconds)
{
    struct timespec interval = { .tv_sec = nanoseconds / 1000000000L, .tv_nsec = nanoseconds % 1000000000L };
    struct itimerspec times = { .it_interval = interval, .it_value = interval };
    timer_settime(timer, 0, &times, NULL);
}

void mneedle_deadline_begin(void)
{
    long interval = atomic_load(&tick_nanoseconds);
    if (!interval || !slot())
        return;
    if (!has_timer) {
        struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN };
        event.sigev_notify_thread_id = gettid();
        /* Without one the watchdog is what remains. */
        if (timer_create(CLOCK_MONOTONIC, &event, &timer) < 0)
            return;
        has_timer = 1;
    }
    ticks = 0;
    set_timer(interval);
}

void mneedle_deadline_restart(void) { ticks = 0; }

void mneedle_deadline_end(void)
{
    if (has_timer)
        set_timer(0);
    ticks = 0;
}

void mneedle_deadline_in_store(int is_inside) { in_store = is_inside; }

int mneedle_deadline_is_near(void) { return ticks >= OVERDUE_TICKS - 1; }
