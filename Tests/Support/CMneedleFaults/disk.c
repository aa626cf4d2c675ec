#include "CMneedleFaults.h"
#include "image.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

struct mneedle_disk {
    sqlite3_vfs vfs;
    sqlite3_vfs *unix_vfs;
    pthread_mutex_t lock;
    struct image *images;
    struct luck luck;
    /* The calls that fail. */
    enum mneedle_call call;
    int64_t counted, nth, times, failures;
    int code, is_torn;
    /* When the power goes. */
    int64_t changes, cut_at;
    int64_t writings;
    int is_cut;
};

struct file {
    sqlite3_file base;
    struct mneedle_disk *disk;
    struct image *image;
    /* Whether its next sync is one of its folder too: SQLite's is, once for each log or journal that it may create. */
    int syncs_folder;
    /* SQLite's own file, which lies behind this. */
    sqlite3_file *real;
};

static struct mneedle_disk *disk_of(sqlite3_vfs *vfs) { return vfs->pAppData; }
static struct file *file_of(sqlite3_file *file) { return (struct file *)file; }
static sqlite3_file *real_of(sqlite3_file *file) { return file_of(file)->real; }

/* The error with which a call fails now, or SQLITE_OK. The lock is held. */
static int fault(struct mneedle_disk *disk, enum mneedle_call call, int without_power)
{
    if (disk->is_cut) return without_power;
    if (!disk->times || call != disk->call) return SQLITE_OK;
    disk->counted++;
    if (disk->counted < disk->nth || disk->counted - disk->nth >= disk->times) return SQLITE_OK;
    disk->failures++;
    return disk->code;
}

/* Counts a call that changes the disk; whether the power goes in the middle of it. The lock is held. */
static int is_cut_by(struct mneedle_disk *disk)
{
    if (disk->cut_at && ++disk->changes >= disk->cut_at) disk->is_cut = 1;
    return disk->is_cut;
}

static int locked_fault(struct mneedle_disk *disk, enum mneedle_call call, int without_power)
{
    pthread_mutex_lock(&disk->lock);
    int code = fault(disk, call, without_power);
    pthread_mutex_unlock(&disk->lock);
    return code;
}

/* ---- Files ---- */

static int file_close(sqlite3_file *file) { return real_of(file)->pMethods->xClose(real_of(file)); }

static int file_read(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset)
{
    int code = locked_fault(file_of(file)->disk, MNEEDLE_READ, SQLITE_IOERR_READ);
    return code ? code : real_of(file)->pMethods->xRead(real_of(file), bytes, count, offset);
}

/* Does a writing, or a part of one, and notes it. */
static int write_noted(struct file *file, const void *bytes, int count, sqlite3_int64 offset)
{
    int code = file->real->pMethods->xWrite(file->real, bytes, count, offset);
    if (!code && file->image) image_note(file->image, WRITING, offset, bytes, count);
    return code;
}

static int file_write(sqlite3_file *given, const void *bytes, int count, sqlite3_int64 offset)
{
    struct file *file = file_of(given);
    pthread_mutex_lock(&file->disk->lock);
    if (file->image) file->disk->writings++;
    int code = fault(file->disk, MNEEDLE_WRITE, SQLITE_IOERR_WRITE);
    if (code) {
        if (file->disk->is_torn && !file->disk->is_cut) write_noted(file, bytes, count / 2, offset);
    } else {
        code = write_noted(file, bytes, count, offset);
        if (is_cut_by(file->disk)) code = SQLITE_IOERR_WRITE;
    }
    pthread_mutex_unlock(&file->disk->lock);
    return code;
}

static int file_truncate(sqlite3_file *given, sqlite3_int64 size)
{
    struct file *file = file_of(given);
    pthread_mutex_lock(&file->disk->lock);
    int code = fault(file->disk, MNEEDLE_TRUNCATE, SQLITE_IOERR_TRUNCATE);
    if (!code) {
        code = file->real->pMethods->xTruncate(file->real, size);
        if (!code && file->image) image_note(file->image, TRUNCATION, size, NULL, 0);
        if (is_cut_by(file->disk)) code = SQLITE_IOERR_TRUNCATE;
    }
    pthread_mutex_unlock(&file->disk->lock);
    return code;
}

/* The lock is held. */
static void sync_folder(struct mneedle_disk *disk)
{
    for (struct image *image = disk->images; image; image = image->next) image_keep_name(image);
}

static int file_sync(sqlite3_file *given, int flags)
{
    (void)flags;
    struct file *file = file_of(given);
    struct mneedle_disk *disk = file->disk;
    pthread_mutex_lock(&disk->lock);
    int code = fault(disk, MNEEDLE_SYNC, SQLITE_IOERR_FSYNC);
    if (code && !disk->is_cut) {
        /* A later sync says nothing of what this one has not written: the kernel takes it for written. */
        if (file->image) image_gamble(file->image, &disk->luck);
        /* SQLite's own file system has one error for all that a sync says. */
        code = SQLITE_IOERR_FSYNC;
    } else if (!code && is_cut_by(disk)) {
        code = SQLITE_IOERR_FSYNC;
    } else if (!code && file->image) {
        image_sync(file->image);
        if (file->syncs_folder) sync_folder(disk);
        file->syncs_folder = 0;
    }
    pthread_mutex_unlock(&disk->lock);
    return code;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    int code = locked_fault(file_of(file)->disk, MNEEDLE_FILE_SIZE, SQLITE_IOERR_FSTAT);
    return code ? code : real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int file_lock(sqlite3_file *file, int kind) { return real_of(file)->pMethods->xLock(real_of(file), kind); }
static int file_unlock(sqlite3_file *file, int kind) { return real_of(file)->pMethods->xUnlock(real_of(file), kind); }

static int file_is_reserved(sqlite3_file *file, int *answer)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), answer);
}

static int file_control(sqlite3_file *file, int what, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), what, argument);
}

static int file_sector(sqlite3_file *file) { return real_of(file)->pMethods->xSectorSize(real_of(file)); }
static int file_traits(sqlite3_file *file) { return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file)); }

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **memory)
{
    int code = locked_fault(file_of(file)->disk, MNEEDLE_SHM_MAP, SQLITE_IOERR_SHMMAP);
    if (!code) return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, memory);
    *memory = NULL;
    return code;
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *file) { real_of(file)->pMethods->xShmBarrier(real_of(file)); }

static int file_shm_unmap(sqlite3_file *file, int removes)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), removes);
}

static const sqlite3_io_methods methods = {
    2, file_close, file_read, file_write, file_truncate, file_sync, file_size, file_lock, file_unlock, file_is_reserved,
    file_control, file_sector, file_traits, file_shm_map, file_shm_lock, file_shm_barrier, file_shm_unmap, NULL, NULL,
};

/* ---- Names ---- */

/* The image of a path. The lock is held. */
static struct image *image_at(struct mneedle_disk *disk, const char *path)
{
    for (struct image *image = disk->images; image; image = image->next)
        if (strcmp(image->path, path) == 0) return image;
    struct image *image = image_make(path);
    image->next = disk->images;
    return disk->images = image;
}

static int disk_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *given, int flags, int *out)
{
    struct mneedle_disk *disk = disk_of(vfs);
    struct file *file = file_of(given);
    const int kept = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
    memset(file, 0, sizeof *file);
    pthread_mutex_lock(&disk->lock);
    int code = fault(disk, MNEEDLE_OPEN, SQLITE_CANTOPEN);
    if (!code) {
        file->disk = disk;
        file->image = path && (flags & kept) ? image_at(disk, path) : NULL;
        file->real = (sqlite3_file *)(file + 1);
        code = disk->unix_vfs->xOpen(disk->unix_vfs, path, file->real, flags, out);
        /* SQLite closes what has methods, also after an error. */
        if (file->real->pMethods) file->base.pMethods = &methods;
        if (!code && file->image && !file->image->is_there) image_note(file->image, CREATION, 0, NULL, 0);
        file->syncs_folder = (flags & SQLITE_OPEN_CREATE) && !(flags & SQLITE_OPEN_MAIN_DB);
    }
    pthread_mutex_unlock(&disk->lock);
    return code;
}

static int disk_delete(sqlite3_vfs *vfs, const char *path, int syncs)
{
    struct mneedle_disk *disk = disk_of(vfs);
    pthread_mutex_lock(&disk->lock);
    int code = fault(disk, MNEEDLE_DELETE, SQLITE_IOERR_DELETE);
    if (!code) {
        struct image *image = image_at(disk, path);
        code = disk->unix_vfs->xDelete(disk->unix_vfs, path, 0);
        if (!code && image->is_there) image_note(image, DELETION, 0, NULL, 0);
        if (is_cut_by(disk)) code = SQLITE_IOERR_DELETE; else if (!code && syncs) sync_folder(disk);
    }
    pthread_mutex_unlock(&disk->lock);
    return code;
}

static int disk_access(sqlite3_vfs *vfs, const char *path, int flags, int *answer)
{
    int code = locked_fault(disk_of(vfs), MNEEDLE_ACCESS, SQLITE_IOERR_ACCESS);
    return code ? code : disk_of(vfs)->unix_vfs->xAccess(disk_of(vfs)->unix_vfs, path, flags, answer);
}

static int disk_full_name(sqlite3_vfs *vfs, const char *path, int room, char *full)
{
    return disk_of(vfs)->unix_vfs->xFullPathname(disk_of(vfs)->unix_vfs, path, room, full);
}

static int disk_random(sqlite3_vfs *vfs, int count, char *bytes)
{
    return disk_of(vfs)->unix_vfs->xRandomness(disk_of(vfs)->unix_vfs, count, bytes);
}

static int disk_sleep(sqlite3_vfs *vfs, int time) { return disk_of(vfs)->unix_vfs->xSleep(disk_of(vfs)->unix_vfs, time); }

static int disk_day(sqlite3_vfs *vfs, double *day)
{
    return disk_of(vfs)->unix_vfs->xCurrentTime(disk_of(vfs)->unix_vfs, day);
}

static int disk_time(sqlite3_vfs *vfs, sqlite3_int64 *time)
{
    return disk_of(vfs)->unix_vfs->xCurrentTimeInt64(disk_of(vfs)->unix_vfs, time);
}

static int disk_last_error(sqlite3_vfs *vfs, int room, char *text)
{
    return disk_of(vfs)->unix_vfs->xGetLastError(disk_of(vfs)->unix_vfs, room, text);
}

/* ---- What a test says ---- */

struct mneedle_disk *mneedle_disk_make(const char *name)
{
    if (sqlite3_initialize() != SQLITE_OK) return NULL;
    sqlite3_vfs *base = sqlite3_vfs_find("unix");
    struct mneedle_disk *disk = calloc(1, sizeof *disk);
    char *kept = strdup(name);
    if (!base || !disk || !kept) {
        free(disk);
        free(kept);
        return NULL;
    }
    disk->unix_vfs = base;
    disk->luck = luck_of(0);
    pthread_mutex_init(&disk->lock, NULL);
    disk->vfs = (sqlite3_vfs){
        .iVersion = 2, .szOsFile = (int)sizeof(struct file) + base->szOsFile, .mxPathname = base->mxPathname,
        .zName = kept, .pAppData = disk, .xOpen = disk_open, .xDelete = disk_delete, .xAccess = disk_access,
        .xFullPathname = disk_full_name, .xRandomness = disk_random, .xSleep = disk_sleep, .xCurrentTime = disk_day,
        .xGetLastError = disk_last_error, .xCurrentTimeInt64 = disk_time,
    };
    if (sqlite3_vfs_register(&disk->vfs, 0) == SQLITE_OK) return disk;
    free(kept);
    free(disk);
    return NULL;
}

static void forget_images(struct mneedle_disk *disk)
{
    for (struct image *next, *image = disk->images; image; image = next) {
        next = image->next;
        image_free(image);
    }
    disk->images = NULL;
}

void mneedle_disk_free(struct mneedle_disk *disk)
{
    sqlite3_vfs_unregister(&disk->vfs);
    forget_images(disk);
    pthread_mutex_destroy(&disk->lock);
    free((char *)disk->vfs.zName);
    free(disk);
}

void mneedle_disk_fail(struct mneedle_disk *disk, enum mneedle_call call, int64_t nth, int64_t times, int code, int torn)
{
    pthread_mutex_lock(&disk->lock);
    disk->call = call;
    disk->nth = nth;
    disk->times = times;
    disk->code = code;
    disk->is_torn = torn;
    disk->counted = disk->failures = 0;
    pthread_mutex_unlock(&disk->lock);
}

void mneedle_disk_mend(struct mneedle_disk *disk)
{
    pthread_mutex_lock(&disk->lock);
    disk->times = 0;
    pthread_mutex_unlock(&disk->lock);
}

int64_t mneedle_disk_failures(struct mneedle_disk *disk)
{
    pthread_mutex_lock(&disk->lock);
    int64_t failures = disk->failures;
    pthread_mutex_unlock(&disk->lock);
    return failures;
}

int64_t mneedle_disk_writings(struct mneedle_disk *disk)
{
    pthread_mutex_lock(&disk->lock);
    int64_t writings = disk->writings;
    pthread_mutex_unlock(&disk->lock);
    return writings;
}

void mneedle_disk_cut(struct mneedle_disk *disk, int64_t nth)
{
    pthread_mutex_lock(&disk->lock);
    disk->changes = 0;
    disk->cut_at = nth;
    pthread_mutex_unlock(&disk->lock);
}

int mneedle_disk_is_cut(struct mneedle_disk *disk)
{
    pthread_mutex_lock(&disk->lock);
    int is_cut = disk->is_cut;
    pthread_mutex_unlock(&disk->lock);
    return is_cut;
}

int mneedle_disk_crash(struct mneedle_disk *disk, const char *folder, uint64_t seed)
{
    int error = 0;
    pthread_mutex_lock(&disk->lock);
    disk->luck = luck_of(seed);
    for (struct image *image = disk->images; image && !error; image = image->next) {
        image_gamble(image, &disk->luck);
        error = image_write(image, folder);
    }
    forget_images(disk);
    disk->times = disk->cut_at = disk->is_cut = 0;
    pthread_mutex_unlock(&disk->lock);
    return error;
}
