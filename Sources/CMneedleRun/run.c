#define _GNU_SOURCE
#include "CMneedleRun.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The input as a file without a name, so that nobody has to feed a pipe. */
static int file_of(const char *input, size_t length)
{
    int file = memfd_create("input", MFD_CLOEXEC);
    if (file < 0)
        return -errno;
    for (size_t written = 0; written < length;) {
        ssize_t count = write(file, input + written, length - written);
        if (count < 0) {
            int error = errno;
            close(file);
            return -error;
        }
        written += (size_t)count;
    }
    lseek(file, 0, SEEK_SET);
    return file;
}

int mneedle_spawn_three_descriptors(posix_spawn_file_actions_t *actions)
{
    return -posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}

/* A process group of its own, so that what the program started ends with it; signals as a shell would
 * give them; no descriptor but the three. */
static int spawn(pid_t *child, char *const arguments[], int input)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
    mneedle_spawn_three_descriptors(&files);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes,
        POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int error = posix_spawnp(child, arguments[0], &files, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return -error;
}

/* Waits until the process has ended, or somebody cancels, or the time is over. */
static int wait_for(int process, int cancel, int milliseconds)
{
    struct pollfd ready[] = { { .fd = process, .events = POLLIN }, { .fd = cancel, .events = POLLIN } };
    int count;
    do
        count = poll(ready, 2, milliseconds);
    while (count < 0 && errno == EINTR);
    if (ready[0].revents)
        return 0;
    return count == 0 ? -ETIME : -ECANCELED;
}

int mneedle_run_program(char *const arguments[], const char *input, size_t length, int milliseconds, int cancel)
{
    int file = file_of(input, length);
    if (file < 0)
        return file;
    pid_t child;
    int result = spawn(&child, arguments, file);
    close(file);
    if (result < 0)
        return result;
    int process = (int)syscall(SYS_pidfd_open, child, 0);
    result = process < 0 ? -errno : wait_for(process, cancel, milliseconds);
    /* One that is about to end may do so: what it has done need not be done again. */
    if (result == -ECANCELED && wait_for(process, -1, 1000) == 0)
        result = 0;
    if (result < 0) {
        /* Time to tidy up, then not any more. */
        kill(-child, SIGTERM);
        if (process < 0 || wait_for(process, -1, 2000) < 0)
            kill(-child, SIGKILL);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    /* What it has left running in its group ends with it. */
    kill(-child, SIGKILL);
    if (process >= 0)
        close(process);
    if (result < 0)
        return result;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static const int stops[] = { SIGTERM, SIGINT, SIGHUP };

int mneedle_stop_hold(void)
{
    sigset_t held;
    sigemptyset(&held);
    for (size_t index = 0; index < sizeof stops / sizeof *stops; index++) {
        struct sigaction action;
        if (sigaction(stops[index], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            sigaddset(&held, stops[index]);
    }
    if (sigprocmask(SIG_BLOCK, &held, NULL) < 0)
        return -errno;
    int stop = signalfd(-1, &held, SFD_CLOEXEC);
    return stop < 0 ? -errno : stop;
}

void mneedle_stop_release(int stop)
{
    if (stop >= 0)
        close(stop);
    sigset_t held;
    sigemptyset(&held);
    for (size_t index = 0; index < sizeof stops / sizeof *stops; index++)
        sigaddset(&held, stops[index]);
    sigprocmask(SIG_UNBLOCK, &held, NULL);
}
