/* The agent in a program under glibc that is watched: every second or so it tells the observer what malloc holds.

   The program's loader brings it in by LD_PRELOAD. It asks malloc for nothing, holds nothing open, and what goes wrong in
   it costs readings only. Its thread takes no signal, and has descriptors of its own: those are the program's. Under
   another libc than glibc it does nothing, and takes nothing that this may lack. MEMTEST_DIRECTORY, where the socket is, and
   MEMTEST_PACE, in nanoseconds, are told to the compiler. */

#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SHARE_OF_TIME 200
#define AT_FIRST 500000000LL
#define SECOND 1000000000LL
#define STACK_BYTES (256 * 1024)
#define CLOSE_RANGE 436         /* of Linux 5.9 and later, on every machine */
#define CLOSE_RANGE_UNSHARE 2UL /* in this thread only */

/* As in malloc.h of glibc 2.33 and later, which need not be the one that this is compiled with. */
struct figures {
    size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};
extern struct figures glibc_figures(void) __asm__("mallinfo2") __attribute__((weak));
extern int mallctl(const char *, void *, size_t *, void *, size_t) __attribute__((weak));
/* What pthread_atfork calls. */
extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *) __attribute__((weak));
extern void *__dso_handle __attribute__((visibility("hidden")));

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static void rest(long long nanoseconds) {
    struct timespec time = {nanoseconds / SECOND, nanoseconds % SECOND};
    nanosleep(&time, NULL);
}

/* Write the fields of a heap message of the driver protocol. */
static int read_heaps(char *text, size_t size) {
    if (mallctl) {
        /* jemalloc takes its statistics anew at any write to the epoch. */
        unsigned long long epoch = 1;
        size_t allocated = 0, length = sizeof allocated;
        mallctl("epoch", NULL, NULL, &epoch, sizeof epoch);
        if (mallctl("stats.allocated", &allocated, &length, NULL, 0))
            return snprintf(text, size, "\"heap_bytes\":{},\"unreadable_heaps\":[\"native\"]");
        return snprintf(text, size, "\"heap_bytes\":{\"native\":%zu}", allocated);
    }
    struct figures held = glibc_figures();
    return snprintf(text, size,
                    "\"heap_bytes\":{\"native\":%zu,\"mmap\":%zu},"
                    "\"allocator_bytes\":{\"arena\":%zu,\"free\":%zu,\"top\":%zu}",
                    held.uordblks, held.hblkhd, held.arena, held.fordblks, held.keepcost);
}

/* Send a message, or drop it: nothing is waited for. */
static void tell(const char *message, size_t length) {
    struct sockaddr_un address = {AF_UNIX, MEMTEST_DIRECTORY "/socket"};
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0)
        return;
    if (!connect(descriptor, (struct sockaddr *)&address, sizeof address))
        send(descriptor, message, length, MSG_NOSIGNAL);
    close(descriptor);
}

static void *work(void *nothing) {
    char heaps[512], message[640];
    /* Else the program's next file might get another number than it counts on, and a fork one descriptor more. */
    syscall(CLOSE_RANGE, 0UL, ~0U, CLOSE_RANGE_UNSHARE);
    rest(MEMTEST_PACE < AT_FIRST ? MEMTEST_PACE : AT_FIRST);
    for (;;) {
        long long began = now(), pause = MEMTEST_PACE;
        read_heaps(heaps, sizeof heaps);
        long long took = (now() - began) * SHARE_OF_TIME;
        if (pause < took)
            pause = took;
        int length = snprintf(message, sizeof message, "{%s,\"pause_seconds\":%lld.%03lld}\n", heaps, pause / SECOND,
                              pause % SECOND / 1000000);
        tell(message, (size_t)length);
        rest(pause);
    }
    return nothing;
}

static void start(void) {
    sigset_t all, before;
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes))
        return;
    sigfillset(&all);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    /* A thread is born with the signals blocked that its parent has blocked. */
    if (!pthread_sigmask(SIG_SETMASK, &all, &before)) {
        pthread_create(&thread, &attributes, work, NULL);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_attr_destroy(&attributes);
}

__attribute__((constructor)) static void begin(void) {
    if (__register_atfork && (mallctl || glibc_figures)) {
        start();
        __register_atfork(NULL, NULL, start, &__dso_handle);
    }
}
