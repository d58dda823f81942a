/* What the library leaves as it was: environment, directory, locale, output, descriptors, threads, memory.
 * Started by tests/host_process.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define ROUNDS 1000

extern char **environ;

/* A thread that was joined leaves the list a moment later: the kernel wakes the joiner first. */
static void check_threads(int wanted)
{
    uint64_t start = host_now_ms();
    while (host_count_entries("/proc/self/task") != wanted && host_now_ms() - start < 10000)
        host_breathe();
    CHECK_EQ(host_count_entries("/proc/self/task"), wanted);
}

static void life(const char *text)
{
    host_start();
    CHECK_EQ(host_capture(text), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(sentry_close(), 0);
}

/* Says nothing on any output; the test looks. */
static void surroundings(void)
{
    size_t count = 0, length = 0;
    char **names, *copy, before[4096], after[4096];
    mode_t mask = umask(022);
    CHECK(setlocale(LC_ALL, "C") != NULL);
    while (environ[count] != NULL)
        length += strlen(environ[count++]) + 1;
    names = (char **)malloc((count + 1) * sizeof *names);
    copy = (char *)malloc(length + 1);
    CHECK(names != NULL && copy != NULL);
    length = 0;
    for (size_t i = 0; i < count; i++) {
        names[i] = environ[i];
        strcpy(copy + length, environ[i]);
        length += strlen(environ[i]) + 1;
    }
    CHECK(getcwd(before, sizeof before) != NULL);
    for (int round = 0; round < 3; round++)
        life("surroundings");
    CHECK_EQ(sentry_capture("no JSON", NULL), SENTRY_STATUS_DISABLED);
    length = 0;
    for (size_t i = 0; i < count; i++) {
        CHECK(environ[i] == names[i]);
        CHECK_TEXT(environ[i], copy + length);
        length += strlen(copy + length) + 1;
    }
    CHECK(environ[count] == NULL);
    CHECK(getcwd(after, sizeof after) != NULL);
    CHECK_TEXT(after, before);
    CHECK_TEXT(setlocale(LC_ALL, NULL), "C");
    CHECK_EQ(umask(mask), 022);
    free(names);
    free(copy);
}

/* Numbers are written with a point whatever the host's locale; errors are English. */
static void locale(void)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "C.UTF-8", "C"};
    size_t i = 0;
    while (setlocale(LC_ALL, names[i]) == NULL)
        i++;
    host_start();
    CHECK_EQ(sentry_capture("{\"message\":\"locale\",\"extra\":{\"half\":0.5}}", NULL), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);
    CHECK_TEXT(setlocale(LC_ALL, NULL), names[i]);
}

static long resident_kib(void)
{
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL);
    CHECK_EQ(fscanf(file, "%ld %ld", &size, &resident), 2);
    fclose(file);
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Descriptors and threads go back to what they were, and memory stays flat, over a thousand lives. */
static void many_lives(void)
{
    int descriptors;
    long after_some = 0;
    life("first");
    descriptors = host_count_entries("/proc/self/fd");
    check_threads(1);
    for (int round = 0; round < ROUNDS; round++) {
        host_start();
        if (round % 10 == 0)
            CHECK_EQ(host_capture("life"), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_close(), 0);
        if (round % 50 == 0) {
            CHECK_EQ(host_count_entries("/proc/self/fd"), descriptors);
            check_threads(1);
        }
        if (round == ROUNDS / 4)
            after_some = resident_kib();
    }
    CHECK_EQ(host_count_entries("/proc/self/fd"), descriptors);
    check_threads(1);
    /* A leak of one page in each of the 750 lives since would be 3,000 KiB. */
    if (resident_kib() > after_some + 1024)
        host_fail_number("growth in KiB", resident_kib() - after_some, 1024, __FILE__, __LINE__);
}

/* Every descriptor that a program started by the host would inherit, but standard ones. */
static void list_inheritable(const char *when)
{
    struct dirent *entry;
    DIR *directory = opendir("/proc/self/fd");
    CHECK(directory != NULL);
    while ((entry = readdir(directory)) != NULL) {
        int number = atoi(entry->d_name);
        int flags = number > 2 ? fcntl(number, F_GETFD) : FD_CLOEXEC;
        if (flags >= 0 && (flags & FD_CLOEXEC) == 0) {
            char path[64], target[128], text[256];
            ssize_t length;
            snprintf(path, sizeof path, "/proc/self/fd/%d", number);
            length = readlink(path, target, sizeof target - 1);
            target[length < 0 ? 0 : length] = 0;
            snprintf(text, sizeof text, "%s, a program would inherit descriptor %d: %s", when, number, target);
            host_fail(text, __FILE__, __LINE__);
        }
    }
    closedir(directory);
}

/* Started by `descriptors` as another program: what it holds was inherited. */
static void inherited(void)
{
    int count = host_count_entries("/proc/self/fd");
    /* Three standard ones, and the directory itself. */
    CHECK_EQ(count, 3 + 1);
}

static void run_program(void)
{
    pid_t child = host_fork();
    if (child == 0) {
        execl("/proc/self/exe", "host_process", "inherited", (char *)NULL);
        _exit(98);
    }
    host_await_child(child);
}

static void descriptors(void)
{
    /* What the test itself was started with is not our subject. */
    for (int number = 3; number < 1024; number++)
        (void)close(number);
    list_inheritable("before the library starts");
    for (int round = 0; round < 20; round++) {
        host_start();
        list_inheritable("after init");
        CHECK_EQ(host_capture("descriptors"), SENTRY_STATUS_OK);
        host_await_request();
        list_inheritable("while a request hangs");
        if (round == 0)
            run_program();
        if (round == 19)
            break;
        /* The test answers each request late; the next round begins with an answer. */
        CHECK_EQ(sentry_flush(20000), 0);
        list_inheritable("after an answer");
        CHECK_EQ(sentry_close(), 0);
    }
    CHECK_EQ(sentry_close(), 0);
}

/* The host has pairs of its own that it wants to hand down: they stay as they are. */
static void descriptors_of_the_host(void)
{
    int pairs[8][2];
    for (int i = 0; i < 8; i++)
        CHECK_EQ(pipe(pairs[i]), 0);
    /* Gaps that the library's descriptors will fill. */
    CHECK_EQ(close(pairs[1][0]), 0);
    CHECK_EQ(close(pairs[3][1]), 0);
    CHECK_EQ(close(pairs[5][0]), 0);
    life("descriptors");
    host_start();
    for (int i = 0; i < 8; i++) {
        if (i != 1 && i != 5)
            CHECK_EQ(fcntl(pairs[i][0], F_GETFD), 0);
        if (i != 3)
            CHECK_EQ(fcntl(pairs[i][1], F_GETFD), 0);
    }
    CHECK_EQ(sentry_close(), 0);
}

/* Without descriptors init fails or works, and the library is whole again when there are some. */
static void no_descriptors(void)
{
    struct rlimit before, little;
    int failed = 0, worked = 0;
    int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK(lowest >= 0);
    CHECK_EQ(close(lowest), 0);
    CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    for (int spare = 0; spare < 10; spare++) {
        int answer;
        little = before;
        little.rlim_cur = (rlim_t)(lowest + spare);
        CHECK_EQ(setrlimit(RLIMIT_NOFILE, &little), 0);
        answer = sentry_init(host_options());
        CHECK(answer == 0 || answer == 1);
        if (answer == 0) {
            worked++;
            CHECK_EQ(host_capture("few descriptors"), SENTRY_STATUS_OK);
        } else {
            failed++;
            CHECK(sentry_last_error_message()[0] != 0);
            CHECK_EQ(host_capture("no descriptors"), SENTRY_STATUS_DISABLED);
            CHECK_EQ(sentry_flush(1000), 0);
        }
        CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
        if (answer == 0) {
            CHECK_EQ(sentry_flush(20000), 0);
            (void)host_check_account();
        }
        CHECK_EQ(sentry_close(), 0);
    }
    CHECK(failed > 0);
    CHECK(worked > 0);
    life("enough descriptors");
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"surroundings", surroundings},
        {"locale", locale},
        {"many_lives", many_lives},
        {"descriptors", descriptors},
        {"inherited", inherited},
        {"descriptors_of_the_host", descriptors_of_the_host},
        {"no_descriptors", no_descriptors},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
