/* Forks: what a child delivers, inherits and leaves alone. Started by tests/host_fork.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <pthread.h>
#include <spawn.h>

extern char **environ;

/* The parent's events wait behind a request that hangs while the child delivers its own. */
static void own_events(void)
{
    pid_t child;
    host_start();
    for (int i = 0; i < 5; i++) {
        char text[32];
        snprintf(text, sizeof text, "parent %d", i);
        CHECK_EQ(host_capture(text), SENTRY_STATUS_OK);
    }
    host_await_request();
    child = host_fork();
    if (child == 0) {
        sentry_category_stats_t counts;
        CHECK_EQ(host_capture("child"), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_flush(20000), 0);
        counts = host_check_account();
        CHECK_EQ(counts.captured, 1);
        CHECK_EQ(counts.delivered, 1);
        CHECK_EQ(sentry_close(), 0);
        CHECK_EQ(host_capture("after close"), SENTRY_STATUS_DISABLED);
        exit(0);
    }
    host_await_child(child);
    /* The test lets the server answer when it has seen the child's event. */
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_check_account().delivered, 5);
    CHECK_EQ(sentry_close(), 0);
}

static void scope(void)
{
    pid_t child;
    host_start();
    sentry_set_tag("set.by", "parent");
    CHECK_EQ(sentry_add_breadcrumb_json("{\"message\": \"crumb of the parent\"}"), SENTRY_STATUS_OK);
    child = host_fork();
    if (child == 0) {
        pid_t grandchild;
        sentry_set_tag("in.child", "yes");
        CHECK_EQ(sentry_add_breadcrumb_json("{\"message\": \"crumb of the child\"}"), SENTRY_STATUS_OK);
        CHECK_EQ(host_capture("child"), SENTRY_STATUS_OK);
        grandchild = host_fork();
        if (grandchild == 0) {
            CHECK_EQ(host_capture("grandchild"), SENTRY_STATUS_OK);
            CHECK_EQ(sentry_close(), 0);
            _exit(0);
        }
        host_await_child(grandchild);
        exit(0); /* The exit handler delivers. */
    }
    host_await_child(child);
    CHECK_EQ(host_capture("parent"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);
}

/* A grandchild whose own parent never called the library. */
static void skipped_generation(void)
{
    pid_t child;
    host_start();
    child = host_fork();
    if (child == 0) {
        pid_t grandchild = host_fork();
        if (grandchild == 0) {
            CHECK_EQ(host_capture("grandchild"), SENTRY_STATUS_OK);
            CHECK_EQ(sentry_close(), 0);
            exit(0);
        }
        host_await_child(grandchild);
        exit(0);
    }
    host_await_child(child);
    CHECK_EQ(sentry_close(), 0);
}

/* Children that never call the library, or only end it, while the parent's server hangs. */
static void silent_children(void)
{
    uint64_t start;
    CHECK_EQ(sentry_init(host_options()), 0);
    CHECK_EQ(host_capture("parent"), SENTRY_STATUS_OK);
    host_await_request();
    start = host_now_ms();
    for (int way = 0; way < 7; way++) {
        pid_t child = host_fork();
        if (child == 0) {
            if (way == 0)
                _exit(0);
            if (way == 1)
                exit(0);
            if (way == 2)
                CHECK_EQ(host_close_within(0), 0);
            if (way == 3)
                CHECK_EQ(sentry_flush(5000), 0);
            if (way == 4) {
                CHECK_EQ(sentry_close(), 0);
                CHECK_EQ(sentry_close(), 0);
                CHECK_EQ(host_capture("nobody"), SENTRY_STATUS_DISABLED);
            }
            if (way == 5)
                sentry_set_tag("only", "a tag");
            if (way == 6) {
                /* The last one tells the test to let the server answer. */
                CHECK_EQ(host_capture("all done"), SENTRY_STATUS_OK);
                CHECK_EQ(sentry_close(), 0);
            }
            exit(0);
        }
        host_await_child(child);
    }
    /* None of them waited for the parent's events: that would take the 20 s of the shutdown time-out. */
    CHECK(host_now_ms() - start < 15000);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(sentry_close(), 0);
}

static void init_in_child(void)
{
    pid_t child;
    host_start();
    sentry_set_tag("set.by", "parent");
    CHECK_EQ(host_capture("parent, first"), SENTRY_STATUS_OK);
    child = host_fork();
    if (child == 0) {
        sentry_options_t *options = host_options();
        sentry_options_set_release(options, "child@2.0.0");
        CHECK_EQ(sentry_init(options), 0);
        CHECK_EQ(host_capture("child"), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_close(), 0);
        CHECK_EQ(sentry_init(host_options()), 0);
        CHECK_EQ(host_capture("child, again"), SENTRY_STATUS_OK);
        exit(0);
    }
    host_await_child(child);
    CHECK_EQ(host_capture("parent, second"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);
}

/* Other ways to start a process: they run no fork handler, and nothing of the library runs in them. */
static void other_ways(void)
{
    char name[] = "/bin/true";
    char *const arguments[] = {name, NULL};
    host_start();
    for (int i = 0; i < 20; i++) {
        pid_t child = 0;
        int status;
        CHECK_EQ(host_capture("parent"), SENTRY_STATUS_OK);
        CHECK_EQ(posix_spawn(&child, name, NULL, NULL, arguments, environ), 0);
        host_await_child(child);
        CHECK_EQ(system("true"), 0);
        child = vfork();
        if (child == 0) {
            execv(name, arguments);
            _exit(1);
        }
        CHECK(child > 0);
        CHECK_EQ(waitpid(child, &status, 0), child);
        CHECK_EQ(status, 0);
    }
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_check_account().delivered, 20);
    CHECK_EQ(sentry_close(), 0);
}

/* Ids differ between parent, children and siblings although they share a seed at the fork. */
static void ids(void)
{
    host_start();
    (void)sentry_uuid_new_v4();
    for (int i = 0; i < 20; i++) {
        pid_t child = host_fork();
        if (child == 0) {
            CHECK_EQ(host_capture("child"), SENTRY_STATUS_OK);
            CHECK_EQ(sentry_close(), 0);
            _exit(0);
        }
        CHECK_EQ(host_capture("parent"), SENTRY_STATUS_OK);
        host_await_child(child);
    }
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"own_events", own_events},
        {"scope", scope},
        {"skipped_generation", skipped_generation},
        {"silent_children", silent_children},
        {"init_in_child", init_in_child},
        {"other_ways", other_ways},
        {"ids", ids},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
