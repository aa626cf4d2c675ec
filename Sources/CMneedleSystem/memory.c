#define _GNU_SOURCE
#include "CMneedleSystem.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

static int release(struct dl_phdr_info *image, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < image->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &image->dlpi_phdr[i];
        /* What may be written holds relocations, which the file does not have. */
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W)
            continue;
        uintptr_t start = (image->dlpi_addr + segment->p_vaddr + page - 1) & ~(page - 1);
        uintptr_t end = (image->dlpi_addr + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
        if (start < end)
            madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void mneedle_release_code_pages(void)
{
    dl_iterate_phdr(release, NULL);
}
