/* Forks while other threads are in the middle of everything. Started by tests/host_fork.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <pthread.h>

/* One process of 8 capturing and 4 forking threads. */
#define CAPTURING 8
#define FORKING 4
#define FORKS_EACH 20
#define PARENT_EVENTS_EACH 50
/* The seed's scenario at full size. */
#define MANY_FORKS 1000
#define AT_ONCE 8

static int is_over; /* Through the atomic built-ins. */

static int over(void)
{
    return __atomic_load_n(&is_over, __ATOMIC_ACQUIRE);
}

static void end_threads(void)
{
    __atomic_store_n(&is_over, 1, __ATOMIC_RELEASE);
}

static pthread_t start_thread(void *(*body)(void *), void *argument)
{
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, body, argument), 0);
    return thread;
}

/* What a child does: one event of its own, delivered before it ends. */
static void child_life(const char *text)
{
    if (host_capture(text) != SENTRY_STATUS_OK)
        host_fail_number("capture in the child", 1, 0, __FILE__, __LINE__);
    CHECK_EQ(sentry_close(), 0);
    _exit(0);
}

static void *capture_some(void *argument)
{
    for (int i = 0; i < PARENT_EVENTS_EACH; i++) {
        char text[48];
        snprintf(text, sizeof text, "parent %d %d", *(int *)argument, i);
        sentry_set_tag("round", text);
        CHECK_EQ(host_capture(text), SENTRY_STATUS_OK);
        host_breathe();
    }
    return NULL;
}

static void *fork_some(void *argument)
{
    for (int i = 0; i < FORKS_EACH; i++) {
        pid_t child = host_fork();
        if (child == 0) {
            char text[48];
            snprintf(text, sizeof text, "child %d %d", *(int *)argument, i);
            child_life(text);
        }
        host_await_child(child);
    }
    return NULL;
}

static void many_threads(void)
{
    pthread_t threads[CAPTURING + FORKING];
    int numbers[CAPTURING + FORKING];
    host_start();
    for (int i = 0; i < CAPTURING + FORKING; i++) {
        numbers[i] = i;
        threads[i] = start_thread(i < CAPTURING ? capture_some : fork_some, &numbers[i]);
    }
    for (int i = 0; i < CAPTURING + FORKING; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    CHECK_EQ(sentry_flush(30000), 0);
    CHECK_EQ(host_check_account().delivered, CAPTURING * PARENT_EVENTS_EACH);
    CHECK_EQ(sentry_close(), 0);
}

static void *capture_until_over(void *argument)
{
    int *count = (int *)argument;
    while (!over()) {
        char text[48];
        snprintf(text, sizeof text, "parent %d", *count);
        CHECK_EQ(host_capture(text), SENTRY_STATUS_OK);
        *count += 1;
        host_breathe();
    }
    return NULL;
}

/* Prints how many events the parent sent; each child sends one. */
static void thousand(void)
{
    int count = 0, running = 0;
    pthread_t thread;
    sentry_options_t *options = host_options();
    CHECK_EQ(sentry_options_set_queue_max_items(options, 100000), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
    thread = start_thread(capture_until_over, &count);
    for (int i = 0; i < MANY_FORKS; i++) {
        pid_t child = host_fork();
        if (child == 0) {
            char text[48];
            snprintf(text, sizeof text, "child %d", i);
            child_life(text);
        }
        if (++running == AT_ONCE) {
            int status = -1;
            CHECK(wait(&status) > 0);
            CHECK_EQ(status, 0);
            running--;
        }
    }
    for (; running > 0; running--) {
        int status = -1;
        CHECK(wait(&status) > 0);
        CHECK_EQ(status, 0);
    }
    end_threads();
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(sentry_flush(30000), 0);
    CHECK_EQ(host_check_account().delivered, count);
    CHECK_EQ(sentry_close(), 0);
    printf("%d\n", count);
}

static void *use_everything(void *unused)
{
    (void)unused;
    while (!over()) {
        sentry_stats_t stats;
        sentry_set_tag("busy", "yes");
        (void)sentry_add_breadcrumb_json("{\"message\": \"busy\"}");
        (void)host_capture("parent");
        stats = host_stats();
        (void)stats;
    }
    return NULL;
}

/* The locks of the library, of the allocator and of standard error are held by other threads at many of these forks. */
static void held_locks(void)
{
    pthread_t threads[4];
    sentry_options_t *options = host_options();
    CHECK_EQ(sentry_options_set_queue_max_items(options, 2), SENTRY_STATUS_OK);
    sentry_options_set_debug(options, 1);
    CHECK_EQ(sentry_init(options), 0);
    sentry_set_tag("kept", "yes");
    CHECK_EQ(sentry_add_breadcrumb_json("{\"message\": \"parent\"}"), SENTRY_STATUS_OK);
    for (int i = 0; i < 4; i++)
        threads[i] = start_thread(use_everything, NULL);
    for (int i = 0; i < 150; i++) {
        pid_t child = host_fork();
        if (child == 0) {
            sentry_stats_t stats;
            sentry_set_tag("of", "child");
            CHECK_EQ(sentry_add_breadcrumb_json("{\"message\": \"child\"}"), SENTRY_STATUS_OK);
            stats = host_stats();
            CHECK_EQ(stats.categories[SENTRY_CATEGORY_ERROR].captured, 0);
            child_life("child");
        }
        host_await_child(child);
    }
    end_threads();
    for (int i = 0; i < 4; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    (void)host_check_account();
    (void)sentry_close();
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"many_threads", many_threads},
        {"thousand", thousand},
        {"held_locks", held_locks},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
