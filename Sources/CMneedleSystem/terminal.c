#define _GNU_SOURCE
#include "CMneedleSystem.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int held[] = { SIGWINCH, SIGTSTP, SIGCONT, SIGTERM, SIGINT, SIGHUP };

static sigset_t all_held(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t index = 0; index < sizeof held / sizeof *held; index++)
        sigaddset(&set, held[index]);
    return set;
}

int mneedle_terminal_signals_hold(void)
{
    sigset_t set = all_held();
    for (size_t index = 0; index < sizeof held / sizeof *held; index++) {
        struct sigaction action;
        if (sigaction(held[index], NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            sigdelset(&set, held[index]);
    }
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return signals < 0 ? -errno : signals;
}

int mneedle_terminal_signals_next(int signals)
{
    struct signalfd_siginfo info;
    return read(signals, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

void mneedle_terminal_signals_release(int signals)
{
    if (signals >= 0)
        close(signals);
    sigset_t set = all_held();
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void mneedle_input_again(void) { clearerr(stdin); }
