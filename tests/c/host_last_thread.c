/* Signals that end a process, when main has left with pthread_exit and the library's thread is the last one, and when it is
 * not. Started by tests/host_signals.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <pthread.h>
#include <signal.h>

static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
static int told[2];

/* What the kernel says of the first thread of a process; 'Z' once it has ended. */
static char first_thread(pid_t process)
{
    char path[64], text[512] = "", *end;
    FILE *file;
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)process, (int)process);
    file = fopen(path, "r");
    CHECK(file != NULL);
    CHECK(fgets(text, sizeof text, file) != NULL);
    fclose(file);
    end = strrchr(text, ')');
    CHECK(end != NULL);
    return end[2];
}

static void tell(void)
{
    CHECK_EQ(write(told[1], "x", 1), 1);
}

static void await_word(void)
{
    char word;
    CHECK_EQ(read(told[0], &word, 1), 1);
}

/* Ends a child that nothing ends. */
static int await_end(pid_t child)
{
    int status = 0;
    uint64_t start = host_now_ms();
    while (waitpid(child, &status, WNOHANG) == 0) {
        if (host_now_ms() - start > 20000) {
            kill(child, SIGKILL);
            host_fail("the signal did not end the process", __FILE__, __LINE__);
        }
        host_breathe();
    }
    return status;
}

/* Who started the tests may ignore some of them, as nohup and a shell's `&` do, and children inherit that. */
static void set_default_actions(void)
{
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        CHECK(signal(signals[i], SIG_DFL) != SIG_ERR);
}

/* In a child: the library, and a main thread that leaves. */
static pid_t child_without_main(void)
{
    pid_t child;
    CHECK_EQ(pipe(told), 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        host_start();
        CHECK_EQ(host_capture("before the end of main"), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_flush(20000), 0);
        tell();
        pthread_exit(NULL);
    }
    await_word();
    while (first_thread(child) != 'Z')
        host_breathe();
    return child;
}

static void ends(void)
{
    set_default_actions();
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        pid_t child = child_without_main();
        CHECK_EQ(kill(child, signals[i]), 0);
        CHECK_EQ(WTERMSIG(await_end(child)), signals[i]);
    }
}

static void exit_now(int number)
{
    _exit(number == SIGTERM ? 7 : 8);
}

/* There is no thread of the host any more that its handler could run on. */
static void handler(void)
{
    struct sigaction action;
    pid_t child;
    memset(&action, 0, sizeof action);
    action.sa_handler = exit_now;
    CHECK_EQ(sigaction(SIGTERM, &action, NULL), 0);
    child = child_without_main();
    CHECK_EQ(kill(child, SIGTERM), 0);
    CHECK_EQ(WEXITSTATUS(await_end(child)), 7);
}

static void *take_the_signal(void *unused)
{
    int number = 0;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    /* Meanwhile it waits, as long as the library needs to look at it and to send something. */
    for (int i = 0; i < 5; i++) {
        sigset_t pending;
        CHECK_EQ(host_capture("while it waits"), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_flush(20000), 0);
        sigpending(&pending);
        CHECK_EQ(sigismember(&pending, SIGTERM), 1);
    }
    CHECK_EQ(sigwait(&set, &number), 0);
    CHECK_EQ(number, SIGTERM);
    CHECK_EQ(sentry_close(), 0);
    _exit(0);
    return unused;
}

/* Another thread of the host is there, and takes the signal when it wants. */
static void not_the_last(void)
{
    pid_t child = host_fork();
    if (child == 0) {
        pthread_t thread;
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
        host_start();
        CHECK_EQ(kill(getpid(), SIGTERM), 0);
        CHECK_EQ(pthread_create(&thread, NULL, take_the_signal, NULL), 0);
        pthread_exit(NULL);
    }
    host_await_child(child);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"ends", ends},
        {"handler", handler},
        {"not_the_last", not_the_last},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
