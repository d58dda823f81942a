/* A host whose log and whose Sentry calls share one lock: the logger of diagnostics is called where the host holds none of its
 * locks. Arguments: the scenario and the DSN. Started by tests/logger.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <pthread.h>

#define LINES 4096

static pthread_mutex_t host_lock;
static pthread_t host_thread;
static int may_speak_here; /* The host is inside of sentry_init or sentry_close. */
static int lines, lines_here;
static char texts[LINES][160];

static void logger(sentry_level_t level, const char *format, va_list arguments, void *userdata)
{
    (void)level;
    (void)userdata;
    if (pthread_equal(pthread_self(), host_thread) && !may_speak_here)
        host_fail("the logger was called inside of a call of the host", __FILE__, __LINE__);
    CHECK_EQ(pthread_mutex_lock(&host_lock), 0);
    lines_here += pthread_equal(pthread_self(), host_thread);
    CHECK(lines < LINES);
    vsnprintf(texts[lines++], sizeof texts[0], format, arguments);
    CHECK_EQ(pthread_mutex_unlock(&host_lock), 0);
}

static int count_of(const char *part)
{
    int count = 0;
    CHECK_EQ(pthread_mutex_lock(&host_lock), 0);
    for (int i = 0; i < lines; i++)
        count += strstr(texts[i], part) != NULL;
    CHECK_EQ(pthread_mutex_unlock(&host_lock), 0);
    return count;
}

/* One that tells its owner that it holds it already. */
static void make_lock(void)
{
    pthread_mutexattr_t attributes;
    CHECK_EQ(pthread_mutexattr_init(&attributes), 0);
    CHECK_EQ(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK), 0);
    CHECK_EQ(pthread_mutex_init(&host_lock, &attributes), 0);
}

static void start(int64_t queue_items)
{
    sentry_options_t *options = host_options();
    make_lock();
    host_thread = pthread_self();
    CHECK_EQ(sentry_options_set_queue_max_items(options, queue_items), SENTRY_STATUS_OK);
    sentry_options_set_debug(options, 1);
    sentry_options_set_logger_level(options, SENTRY_LEVEL_TRACE);
    sentry_options_set_logger(options, logger, NULL);
    may_speak_here = 1;
    CHECK_EQ(sentry_init(options), 0);
    may_speak_here = 0;
}

static void stop(void)
{
    may_speak_here = 1;
    sentry_close();
    may_speak_here = 0;
}

/* Costs a line. */
static void wrong_use(void)
{
    sentry_value_t text = sentry_value_new_string("no number");
    CHECK_EQ(sentry_value_as_int64(text), 0);
    sentry_value_decref(text);
}

static void say_something(int number)
{
    char text[64];
    sentry_uuid_t id;
    snprintf(text, sizeof text, "{\"message\":\"number %d\"}", number);
    CHECK_EQ(pthread_mutex_lock(&host_lock), 0);
    sentry_add_breadcrumb(sentry_value_new_breadcrumb("default", text));
    sentry_set_tag("key", text);
    sentry_log_message(SENTRY_LEVEL_ERROR, "host", text);
    sentry_capture(text, &id);
    wrong_use();
    sentry_start_session();
    sentry_end_session();
    CHECK_EQ(pthread_mutex_unlock(&host_lock), 0);
}

/* All that there is to say is said by the end of a flush, in order. */
static void under_the_lock(void)
{
    int here;
    start(2);
    /* `sentry_init` speaks on its own thread. */
    here = lines_here;
    CHECK(here > 0);
    for (int i = 0; i < 10; i++)
        say_something(i);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK(count_of("libsentry: ") > 10);
    CHECK_EQ(lines_here, here);
    stop();
}

/* The host's lock is held for long: what does not fit meanwhile is counted, and nobody waits. */
static void too_many(void)
{
    start(1000);
    CHECK_EQ(pthread_mutex_lock(&host_lock), 0);
    for (int i = 0; i < 2000; i++)
        wrong_use();
    CHECK_EQ(pthread_mutex_unlock(&host_lock), 0);
    while (count_of("lines of diagnostics were lost") == 0)
        host_breathe();
    stop();
}

/* A child speaks for itself, by a thread of its own. */
static void in_a_child(void)
{
    pid_t child;
    start(1000);
    CHECK_EQ(pthread_mutex_lock(&host_lock), 0);
    child = host_fork();
    if (child == 0) {
        int before = lines;
        /* It belongs to the thread of the parent. */
        make_lock();
        host_thread = pthread_self();
        say_something(1);
        CHECK_EQ(sentry_flush(20000), 0);
        CHECK(count_of("libsentry: ") > before);
        stop();
        _exit(0);
    }
    CHECK_EQ(pthread_mutex_unlock(&host_lock), 0);
    host_await_child(child);
    stop();
}

/* Without a DSN nothing runs in the background: lines wait for the end. */
static void without_a_dsn(void)
{
    host_dsn = "";
    start(1000);
    wrong_use();
    CHECK_EQ(count_of("another type"), 0);
    stop();
    CHECK_EQ(count_of("another type"), 1);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"under_the_lock", under_the_lock},
        {"too_many", too_many},
        {"in_a_child", in_a_child},
        {"without_a_dsn", without_a_dsn},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
