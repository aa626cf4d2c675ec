/* An ELF note in every image that links this file: the host reads it from a
 * module's file before it loads it (see Documentation/writing-a-module.md).
 * `readelf --notes libScreening.so` shows it to a person. */
#include "MneedleModuleNote.h"

struct note {
    uint32_t name_size, description_size, type;
    char name[8];
    uint32_t kit_api;
    char compiler[252];
};

__attribute__((used, retain, aligned(4), section(".note.mneedle")))
static const struct note note = {
    .name_size = sizeof note.name,
    .description_size = sizeof note.kit_api + sizeof note.compiler,
    .type = 1,
    .name = "mneedle",
    .kit_api = MNEEDLE_KIT_API,
    .compiler = __VERSION__,
};

const char *mneedle_note_compiler(void) { return note.compiler; }
uint32_t mneedle_note_kit_api(void) { return note.kit_api; }
