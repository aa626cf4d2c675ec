#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR = 512 };

/* A test without memory ends here. */
static void *need(void *memory)
{
    if (!memory) abort();
    return memory;
}

/* splitmix64, as Vigna published it. */
uint64_t luck_next(struct luck *luck)
{
    uint64_t mixed = luck->state += 0x9E3779B97F4A7C15;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31);
}

struct luck luck_of(uint64_t seed)
{
    static const int chances[] = {0, 1000, 500, 990, 10, 900, 100, 500};
    struct luck luck = {seed, 0};
    luck.in_thousand = chances[luck_next(&luck) % 8];
    return luck;
}

static int is_lucky(struct luck *luck)
{
    return !luck || (int)(luck_next(luck) % 1000) < luck->in_thousand;
}

static void resize(struct image *image, int64_t size)
{
    if (size > image->room) {
        image->room = size * 2;
        image->bytes = need(realloc(image->bytes, (size_t)image->room));
    }
    if (size > image->size) memset(image->bytes + image->size, 0, (size_t)(size - image->size));
    image->size = size;
}

struct image *image_make(const char *path)
{
    struct image *image = need(calloc(1, sizeof *image));
    image->path = need(strdup(path));
    image->last = &image->first;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return image;
    struct stat status;
    if (fstat(file, &status) != 0) abort();
    image->is_there = image->is_kept = 1;
    resize(image, status.st_size);
    for (int64_t done = 0; done < status.st_size;) {
        ssize_t count = read(file, image->bytes + done, (size_t)(status.st_size - done));
        if (count <= 0) abort();
        done += count;
    }
    close(file);
    return image;
}

static void forget_changes(struct image *image)
{
    for (struct change *next, *change = image->first; change; change = next) {
        next = change->next;
        free(change);
    }
    image->first = NULL;
    image->last = &image->first;
}

void image_free(struct image *image)
{
    forget_changes(image);
    free(image->bytes);
    free(image->path);
    free(image);
}

void image_note(struct image *image, enum change_kind kind, int64_t offset, const void *data, int64_t length)
{
    struct change *change = need(calloc(1, sizeof *change + (size_t)length));
    change->kind = kind;
    change->offset = offset;
    change->length = length;
    if (length) memcpy(change->data, data, (size_t)length);
    *image->last = change;
    image->last = &change->next;
    if (kind == CREATION) image->is_there = 1;
    if (kind == DELETION) image->is_there = 0;
}

static void write_sectors(struct image *image, const struct change *change, struct luck *luck)
{
    for (int64_t done = 0; done < change->length;) {
        int64_t at = change->offset + done;
        int64_t count = SECTOR - at % SECTOR;
        if (count > change->length - done) count = change->length - done;
        if (is_lucky(luck)) {
            if (at + count > image->size) resize(image, at + count);
            memcpy(image->bytes + at, change->data + done, (size_t)count);
        }
        done += count;
    }
}

/* Without luck all is done. */
static void settle(struct image *image, struct luck *luck)
{
    for (struct change *change = image->first; change; change = change->next) {
        /* While a name stands for another file, nothing of what was asked of this one is found under it. */
        int names = change->kind == CREATION || change->kind == DELETION;
        if (change->kind == WRITING) {
            write_sectors(image, change, luck);
        } else if (!is_lucky(luck)) {
            if (names) break;
        } else if (change->kind == TRUNCATION) {
            resize(image, change->offset);
        } else {
            image->is_kept = change->kind == CREATION;
            resize(image, 0);
        }
    }
    forget_changes(image);
}

void image_sync(struct image *image)
{
    settle(image, NULL);
    image->is_kept = image->is_there;
}

void image_keep_name(struct image *image)
{
    struct change *last = NULL;
    for (struct change *change = image->first; change; change = change->next)
        if (change->kind == CREATION || change->kind == DELETION) last = change;
    if (!last) return;
    /* What came before was asked of a file that is gone now. */
    for (struct change *next, *change = image->first; change != last; change = next) {
        next = change->next;
        free(change);
    }
    image->is_kept = last->kind == CREATION;
    resize(image, 0);
    image->first = last->next;
    if (!image->first) image->last = &image->first;
    free(last);
}

void image_gamble(struct image *image, struct luck *luck) { settle(image, luck); }

int image_write(const struct image *image, const char *folder)
{
    if (!image->is_kept) return 0;
    char path[4096];
    const char *name = strrchr(image->path, '/');
    snprintf(path, sizeof path, "%s/%s", folder, name ? name + 1 : image->path);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return errno;
    int error = 0;
    for (int64_t done = 0; done < image->size && !error;) {
        ssize_t count = write(file, image->bytes + done, (size_t)(image->size - done));
        if (count < 0) error = errno; else done += count;
    }
    close(file);
    return error;
}
