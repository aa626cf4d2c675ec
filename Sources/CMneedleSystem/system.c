#define _GNU_SOURCE
#include "CMneedleSystem.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int mneedle_peer_credentials(int socket, uid_t *uid, gid_t *gid)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
        return -errno;
    *uid = peer.uid;
    *gid = peer.gid;
    return 0;
}

int mneedle_accept(int socket)
{
    int client;
    do {
        client = accept4(socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    } while (client < 0 && (errno == EINTR || errno == ECONNABORTED));
    return client < 0 ? -errno : client;
}

int mneedle_peer_groups(int socket, gid_t *groups, int capacity)
{
    socklen_t size = (socklen_t)capacity * sizeof *groups;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
        return errno == ERANGE ? (int)(size / sizeof *groups) : -errno;
    return (int)(size / sizeof *groups);
}

int mneedle_event_create(void)
{
    int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return event < 0 ? -errno : event;
}

int mneedle_timer_create(void)
{
    int timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    return timer < 0 ? -errno : timer;
}

int mneedle_timer_arm(int timer, int64_t milliseconds)
{
    /* Disarmed is "never": a time far off, so that a change of the clock is still told. */
    struct itimerspec when = { .it_value = { .tv_sec = 32503680000 } };
    if (milliseconds >= 0) {
        when.it_value.tv_sec = milliseconds / 1000;
        when.it_value.tv_nsec = milliseconds % 1000 * 1000000;
        if (milliseconds == 0)
            when.it_value.tv_nsec = 1; /* all zero would disarm it */
    }
    int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
    return timerfd_settime(timer, flags, &when, NULL) < 0 ? -errno : 0;
}

void mneedle_timer_drain(int timer)
{
    uint64_t expirations;
    /* ECANCELED says that the clock was set: the caller asks what is due in either case. */
    ssize_t ignored = read(timer, &expirations, sizeof expirations);
    (void)ignored;
}

void mneedle_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }
