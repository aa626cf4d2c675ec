#ifndef MNEEDLE_MODULE_NOTE_H
#define MNEEDLE_MODULE_NOTE_H

#include <stdint.h>

/* The version of the kit's programming interface. Raised with every change
 * that a module built before it could not live with. */
#define MNEEDLE_KIT_API 8

/* The compiler that built this image, as it names itself: Swift has no stable
 * ABI on Linux, so host and modules must agree on it to the letter. */
const char *mneedle_note_compiler(void);
uint32_t mneedle_note_kit_api(void);

#endif
