#define _GNU_SOURCE
#include "CMneedleSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

int mneedle_step(int folder, const char *name)
{
    int file = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    return file < 0 ? -errno : file;
}

int mneedle_has_access_list(int file, const char *name)
{
    char path[64 + NAME_MAX];
    snprintf(path, sizeof path, "/proc/self/fd/%d%s%s", file, name ? "/" : "", name ? name : "");
    ssize_t size = name ? lgetxattr(path, "system.posix_acl_access", NULL, 0)
                        : getxattr(path, "system.posix_acl_access", NULL, 0);
    return size > 0;
}

int mneedle_publish(int folder, const char *partial, const char *name)
{
    if (renameat2(folder, partial, folder, name, RENAME_NOREPLACE) == 0)
        return 0;
    /* Network file systems know only the older way. */
    if (errno != EINVAL && errno != ENOSYS)
        return -errno;
    if (linkat(folder, partial, folder, name, 0) < 0)
        return -errno;
    unlinkat(folder, partial, 0);
    return 0;
}
