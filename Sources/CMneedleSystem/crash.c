#define _GNU_SOURCE
#include "CMneedleSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct mneedle_crash_slot *slots;
static atomic_int next_slot;
static _Thread_local struct mneedle_crash_slot *mine;
/* Stacks for the handler: a thread that has used up its own could not run it. Pages that are not touched cost nothing. */
#define MNEEDLE_CRASH_STACK 32768
static _Alignas(64) char stacks[MNEEDLE_CRASH_SLOTS][MNEEDLE_CRASH_STACK];

static const int fatal[] = { SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV };

/* Only stores and signal-safe calls: the process is dying. */
static void crashed(int signal, siginfo_t *info, void *context)
{
    (void)info;
    (void)context;
    if (mine)
        mine->signal = signal;
    /* SA_RESETHAND has put the default action back. */
    raise(signal);
}

int mneedle_crash_notes_open(const char *path)
{
    size_t size = sizeof(struct mneedle_crash_slot) * MNEEDLE_CRASH_SLOTS;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return -errno;
    /* Not only the length but the room: a page of a mapped file for which the disk has none is a SIGBUS. */
    int failure = ftruncate(file, (off_t)size) < 0 ? errno : posix_fallocate(file, 0, (off_t)size);
    if (failure) {
        close(file);
        return -failure;
    }
    void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    int error = errno;
    close(file);
    if (page == MAP_FAILED)
        return -error;
    memset(page, 0, size);
    slots = page;

    struct sigaction action = { .sa_sigaction = crashed, .sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER | SA_ONSTACK };
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        sigaction(fatal[i], &action, NULL);
    return 0;
}

void mneedle_crash_note(const char *module, size_t length)
{
    if (!slots)
        return;
    if (!mine) {
        int index = atomic_fetch_add(&next_slot, 1);
        /* Threads beyond the last slot share it: a note too many is better than none. */
        mine = &slots[index < MNEEDLE_CRASH_SLOTS ? index : MNEEDLE_CRASH_SLOTS - 1];
        if (index < MNEEDLE_CRASH_SLOTS) {
            stack_t stack = { .ss_sp = stacks[index], .ss_size = MNEEDLE_CRASH_STACK };
            sigaltstack(&stack, NULL);
        }
    }
    if (length >= MNEEDLE_CRASH_NAME)
        length = MNEEDLE_CRASH_NAME - 1;
    for (size_t i = 0; i < length; i++)
        mine->module[i] = module[i];
    mine->module[length] = 0;
}
