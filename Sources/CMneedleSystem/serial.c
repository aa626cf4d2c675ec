#define _GNU_SOURCE
#include "CMneedleSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

static speed_t speed_of(int baud) {
    switch (baud) {
    case 1200: return B1200;
    case 2400: return B2400;
    case 4800: return B4800;
    case 9600: return B9600;
    case 19200: return B19200;
    case 38400: return B38400;
    case 57600: return B57600;
    case 115200: return B115200;
    case 230400: return B230400;
    case 460800: return B460800;
    case 921600: return B921600;
    case 1000000: return B1000000;
    case 2000000: return B2000000;
    case 3000000: return B3000000;
    case 4000000: return B4000000;
    default: return B0;
    }
}

int mneedle_serial_open(const char *path, int baud) {
    /* Not to become the controlling terminal, not to wait for a modem's carrier. */
    int port = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (port < 0) return -errno;
    struct termios mode;
    int error = 0;
    if (tcgetattr(port, &mode) < 0) {
        error = errno;
    } else {
        cfmakeraw(&mode);
        mode.c_cflag |= CLOCAL | CREAD;
        if (cfsetspeed(&mode, speed_of(baud)) < 0 || speed_of(baud) == B0) error = EINVAL;
        else if (tcsetattr(port, TCSANOW, &mode) < 0) error = errno;
        /* Two readers would each get a part of every line. */
        else if (ioctl(port, TIOCEXCL) < 0) error = errno;
    }
    if (error) {
        close(port);
        return -error;
    }
    return port;
}

int mneedle_datagrams_name_senders(int socket) {
    int yes = 1;
    return setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) < 0 ? -errno : 0;
}

ssize_t mneedle_datagram_receive(int socket, void *bytes, size_t capacity, uid_t *uid, gid_t *gid) {
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec part = {bytes, capacity};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    ssize_t length = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (length < 0) return -errno;
    if (message.msg_flags & MSG_TRUNC) return -EMSGSIZE;
    for (struct cmsghdr *each = CMSG_FIRSTHDR(&message); each; each = CMSG_NXTHDR(&message, each)) {
        if (each->cmsg_level == SOL_SOCKET && each->cmsg_type == SCM_CREDENTIALS) {
            struct ucred *sender = (struct ucred *)CMSG_DATA(each);
            *uid = sender->uid;
            *gid = sender->gid;
            return length;
        }
    }
    return -EPERM;
}
