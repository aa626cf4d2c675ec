#define _GNU_SOURCE
#include "CMneedleSystem.h"

#include <errno.h>
#include <sys/socket.h>

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
