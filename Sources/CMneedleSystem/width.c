#define _GNU_SOURCE
#include "CMneedleSystem.h"

#include <locale.h>
#include <pthread.h>
#include <wchar.h>

static locale_t unicode;

static void open_unicode(void) { unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0); }

int mneedle_character_width(uint32_t scalar)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, open_unicode);
    if (!unicode)
        return 1;
    locale_t former = uselocale(unicode);
    int width = wcwidth((wchar_t)scalar);
    uselocale(former);
    return width;
}
