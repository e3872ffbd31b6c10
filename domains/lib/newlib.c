/* The system calls that newlib wants (newlib's manual, "Syscalls"): a heap and a place for text. A domain
 * has no files, so everything else says so. */
#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "heap.h"
#include "log.h"
#include "panic.h"

#undef errno
extern int errno;

_Noreturn void _exit(int status);
int close(int file);
int getpid(void);
int isatty(int file);
int kill(int process, int signal);
off_t lseek(int file, off_t offset, int whence);
ssize_t read(int file, void *buffer, size_t len);
void *sbrk(ptrdiff_t change);
ssize_t write(int file, const void *buffer, size_t len);

_Noreturn void _exit(int status)
{
    panic("exit(%d)", status);
}

int close(int file)
{
    (void)file;
    return -1;
}

/* A character device, so that stdio does not ask for a block size. */
int fstat(int file, struct stat *status)
{
    (void)file;
    status->st_mode = S_IFCHR;
    return 0;
}

int getpid(void)
{
    return 1;
}

int isatty(int file)
{
    (void)file;
    return 1;
}

/* abort() and assert() arrive here. */
int kill(int process, int signal)
{
    (void)process;
    panic("signal %d", signal);
}

off_t lseek(int file, off_t offset, int whence)
{
    (void)file;
    (void)offset;
    (void)whence;
    return 0;
}

ssize_t read(int file, void *buffer, size_t len)
{
    (void)file;
    (void)buffer;
    (void)len;
    return 0;
}

void *sbrk(ptrdiff_t change)
{
    void *old_end = heap_move(change);
    if (old_end == NULL) {
        errno = ENOMEM;
        return (void *)-1;
    }
    return old_end;
}

ssize_t write(int file, const void *buffer, size_t len)
{
    (void)file;
    log_bytes(buffer, len);
    return (ssize_t)len;
}
