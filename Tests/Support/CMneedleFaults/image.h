/* What a disk holds of one file for certain, and what was asked of it since. */
#ifndef MNEEDLE_IMAGE_H
#define MNEEDLE_IMAGE_H

#include <stdint.h>

enum change_kind { CREATION, DELETION, TRUNCATION, WRITING };

struct change {
    struct change *next;
    enum change_kind kind;
    /* Where a writing begins, or the size after a truncation. */
    int64_t offset;
    int64_t length;
    unsigned char data[];
};

struct image {
    struct image *next;
    char *path;
    /* Whether there is such a file for the program. */
    int is_there;
    /* Whether there is one on the disk for certain, and what is in it. */
    int is_kept;
    unsigned char *bytes;
    int64_t size;
    int64_t room;
    /* What the disk may have done or not, in its order. */
    struct change *first;
    struct change **last;
};

/* What luck gives: of how many in 1000 the disk has done each change. Each luck has a state of its own. */
struct luck {
    uint64_t state;
    int in_thousand;
};

struct luck luck_of(uint64_t seed);
uint64_t luck_next(struct luck *luck);

/* An image of the file at a path as it is now. */
struct image *image_make(const char *path);
void image_free(struct image *image);
/* Notes a change that the disk may do now or later. */
void image_note(struct image *image, enum change_kind kind, int64_t offset, const void *data, int64_t length);
/* Makes everything certain that was asked. */
void image_sync(struct image *image);
/* Makes it certain whether there is such a file, as a sync of its folder does. */
void image_keep_name(struct image *image);
/* Decides by luck what of it the disk has done, for ever. */
void image_gamble(struct image *image, struct luck *luck);
/* Writes the file into a folder; 0, or the number of the system's error. */
int image_write(const struct image *image, const char *folder);

#endif
