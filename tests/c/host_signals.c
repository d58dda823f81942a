/* Signals: masks, dispositions, SIGPIPE, and where the host's handlers run. Started by tests/host_signals.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>

/* Of the thread that took the signal; through the atomic built-ins. */
static long handler_thread;
static int handler_calls;

static void note_thread(int signal)
{
    (void)signal;
    __atomic_store_n(&handler_thread, syscall(SYS_gettid), __ATOMIC_RELEASE);
    __atomic_add_fetch(&handler_calls, 1, __ATOMIC_ACQ_REL);
}

static void get_mask(sigset_t *mask)
{
    sigemptyset(mask);
    CHECK_EQ(pthread_sigmask(SIG_BLOCK, NULL, mask), 0);
}

static void check_same_mask(const sigset_t *before)
{
    sigset_t now;
    get_mask(&now);
    for (int number = 1; number < SIGRTMAX; number++)
        CHECK_EQ(sigismember(&now, number), sigismember(before, number));
}

static struct sigaction disposition(int number)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    (void)sigaction(number, NULL, &action);
    return action;
}

/* Everything the library does leaves the caller's mask and the dispositions of the process alone. */
static void masks(void)
{
    sigset_t before;
    struct sigaction actions[65];
    sigemptyset(&before);
    sigaddset(&before, SIGUSR2);
    sigaddset(&before, SIGCHLD);
    CHECK_EQ(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    for (int number = 1; number < 65; number++)
        actions[number] = disposition(number);
    host_start();
    check_same_mask(&before);
    CHECK_EQ(host_capture("masks"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    sentry_free(sentry_self_test(5000));
    check_same_mask(&before);
    for (int number = 1; number < 65; number++) {
        struct sigaction now = disposition(number);
        CHECK(now.sa_handler == actions[number].sa_handler);
        CHECK_EQ(now.sa_flags, actions[number].sa_flags);
    }
    CHECK_EQ(sentry_close(), 0);
    check_same_mask(&before);
    CHECK_EQ(sentry_init(NULL), 0);
    CHECK_EQ(sentry_close(), 0);
    check_same_mask(&before);
}

/* The SigBlk line of each thread but the calling one; returns how many there are. */
static int other_threads(uint64_t *blocked, int room)
{
    int count = 0;
    struct dirent *entry;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    while ((entry = readdir(tasks)) != NULL) {
        char path[300], line[256];
        FILE *file;
        if (entry->d_name[0] == '.' || atol(entry->d_name) == syscall(SYS_gettid))
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        file = fopen(path, "r");
        if (file == NULL)
            continue; /* It has ended meanwhile. */
        CHECK(count < room);
        blocked[count] = 0;
        while (fgets(line, sizeof line, file) != NULL)
            if (strncmp(line, "SigBlk:", 7) == 0)
                blocked[count] = strtoull(line + 7, NULL, 16);
        fclose(file);
        count++;
    }
    closedir(tasks);
    return count;
}

static int has(uint64_t set, int number)
{
    return (int)((set >> (number - 1)) & 1);
}

static void worker_mask(void)
{
    uint64_t blocked[8];
    int count;
    host_start();
    count = other_threads(blocked, 8);
    CHECK_EQ(count, 1);
    for (int i = 0; i < count; i++) {
        static const int open[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
        static const int shut[] = {SIGPIPE, SIGALRM, SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1, SIGUSR2, SIGPROF, SIGIO, SIGQUIT};
        for (size_t j = 0; j < sizeof open / sizeof open[0]; j++)
            CHECK_EQ(has(blocked[i], open[j]), 0);
        for (size_t j = 0; j < sizeof shut / sizeof shut[0]; j++)
            CHECK_EQ(has(blocked[i], shut[j]), 1);
        CHECK_EQ(has(blocked[i], SIGRTMIN), 1);
        CHECK_EQ(has(blocked[i], SIGRTMAX), 1);
    }
    CHECK_EQ(sentry_close(), 0);
    /* The joined thread leaves the list a moment later; one that stays is ended by the guard. */
    while (other_threads(blocked, 8) != 0)
        host_breathe();
}

/* The main thread blocks the signals for a while: they wait for it, since no other thread may take them. */
static void handlers(void)
{
    static const int numbers[] = {SIGALRM, SIGTERM, SIGCHLD, SIGUSR1};
    long main_thread = syscall(SYS_gettid);
    sigset_t ours, none;
    int sent = 0;
    sigemptyset(&ours);
    sigemptyset(&none);
    host_start();
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_handler = note_thread;
        CHECK_EQ(sigaction(numbers[i], &action, NULL), 0);
        sigaddset(&ours, numbers[i]);
    }
    for (int round = 0; round < 20; round++) {
        sigset_t pending;
        CHECK_EQ(pthread_sigmask(SIG_BLOCK, &ours, NULL), 0);
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
            CHECK_EQ(kill(getpid(), numbers[i]), 0);
            sent++;
        }
        CHECK_EQ(host_capture("handlers"), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_flush(20000), 0);
        sigpending(&pending);
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
            CHECK_EQ(sigismember(&pending, numbers[i]), 1);
        CHECK_EQ(pthread_sigmask(SIG_UNBLOCK, &ours, NULL), 0);
        CHECK_EQ(__atomic_load_n(&handler_calls, __ATOMIC_ACQUIRE), sent);
        CHECK_EQ(__atomic_load_n(&handler_thread, __ATOMIC_ACQUIRE), main_thread);
    }
    CHECK_EQ(sentry_close(), 0);
}

/* A timer that fires all the time interrupts every system call of the host's thread; nothing may fail for that. */
static void interruptions(void)
{
    struct sigaction action;
    struct itimerval every;
    memset(&action, 0, sizeof action);
    action.sa_handler = note_thread; /* Without SA_RESTART. */
    CHECK_EQ(sigaction(SIGVTALRM, &action, NULL), 0);
    CHECK_EQ(sigaction(SIGPROF, &action, NULL), 0);
    memset(&every, 0, sizeof every);
    every.it_interval.tv_usec = 1000;
    every.it_value.tv_usec = 1000;
    CHECK_EQ(setitimer(ITIMER_VIRTUAL, &every, NULL), 0);
    CHECK_EQ(setitimer(ITIMER_PROF, &every, NULL), 0);
    for (int round = 0; round < 5; round++) {
        host_start();
        for (int i = 0; i < 100; i++)
            CHECK_EQ(host_capture("interrupted"), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_flush(20000), 0);
        CHECK_EQ(host_check_account().delivered, 100);
        CHECK_EQ(sentry_close(), 0);
    }
}

/* The server resets connections while we send; SIGPIPE keeps its default, which would end the process. */
static void broken_pipe(void)
{
    char *text = (char *)malloc(300000);
    sentry_options_t *options = host_options();
    CHECK(text != NULL);
    CHECK(disposition(SIGPIPE).sa_handler == SIG_DFL);
    CHECK_EQ(sentry_options_set_compression(options, SENTRY_COMPRESSION_NONE), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_options_set_retries(options, 1000), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
    memset(text, 'x', 300000);
    memcpy(text, "{\"message\":\"big\",\"extra\":{", 26);
    {
        /* Many values, since a single one would be shortened. */
        size_t at = 26;
        for (int i = 0; i < 60; i++)
            at += (size_t)snprintf(text + at, 300000 - at, "%s\"key%d\":\"%0800d\"", i == 0 ? "" : ",", i, i);
        snprintf(text + at, 300000 - at, "}}");
    }
    for (int i = 0; i < 20; i++)
        CHECK_EQ(sentry_capture(text, NULL), SENTRY_STATUS_OK);
    free(text);
    /* In the end the server takes everything. */
    CHECK_EQ(sentry_flush(50000), 0);
    CHECK_EQ(host_check_account().delivered, 20);
    CHECK(host_stats().requests_failed >= 20);
    CHECK(disposition(SIGPIPE).sa_handler == SIG_DFL);
    CHECK_EQ(sentry_close(), 0);
}

/* Diagnostics into a pipe that nobody reads any more. */
static void broken_stderr(void)
{
    int ends[2], kept = dup(STDERR_FILENO);
    sigset_t before;
    sentry_options_t *options = host_options();
    CHECK(kept >= 0);
    CHECK_EQ(pipe(ends), 0);
    CHECK_EQ(close(ends[0]), 0);
    get_mask(&before);
    sentry_options_set_debug(options, 1);
    CHECK_EQ(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    CHECK_EQ(sentry_init(options), 0);
    CHECK_EQ(host_capture("unheard"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(dup2(kept, STDERR_FILENO), STDERR_FILENO);
    check_same_mask(&before);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"masks", masks},
        {"worker_mask", worker_mask},
        {"handlers", handlers},
        {"interruptions", interruptions},
        {"broken_pipe", broken_pipe},
        {"broken_stderr", broken_stderr},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
