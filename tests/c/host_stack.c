/* How much of the stack the calls of the library take: each on a thread with a painted stack. Prints a line for each, `NAME BYTES`.
 * Started by tests/host_stack.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <limits.h>
#include <pthread.h>
#include <sys/mman.h>

#define STACK ((size_t)1024 * 1024)
#define PAINT 0xa5

typedef struct {
    const char *name;
    void (*run)(void);
} call_t;

static char *stack_top; /* Where the thread of the host was when it made the call. */
static const call_t *current;

static void *make_the_call(void *unused)
{
    char here = 0;
    stack_top = &here;
    current->run();
    return unused;
}

/* Runs a call on a stack of this size that begins at `bottom`. */
static void on_stack(const call_t *call, char *bottom, size_t size)
{
    pthread_t thread;
    pthread_attr_t attributes;
    current = call;
    CHECK_EQ(pthread_attr_init(&attributes), 0);
    CHECK_EQ(pthread_attr_setstack(&attributes, bottom, size), 0);
    CHECK_EQ(pthread_create(&thread, &attributes, make_the_call, NULL), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
}

static void measure(const call_t *call)
{
    char *bottom = (char *)mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    size_t untouched = 0;
    CHECK(bottom != (char *)MAP_FAILED);
    memset(bottom, PAINT, STACK);
    on_stack(call, bottom, STACK);
    while ((unsigned char)bottom[untouched] == PAINT)
        untouched++;
    printf("%s %zu\n", call->name, (size_t)(stack_top - bottom) - untouched);
    CHECK_EQ(munmap(bottom, STACK), 0);
}

static void capture(void)
{
    sentry_uuid_t id;
    CHECK_EQ(sentry_capture("{\"message\":\"stack\",\"extra\":{\"a\":[1,2,{\"b\":\"c\"}]},\"tags\":{\"a\":\"b\"}}", &id),
             SENTRY_STATUS_OK);
}

static void capture_event(void)
{
    sentry_value_t event = sentry_value_new_message_event(SENTRY_LEVEL_ERROR, "host", "stack");
    sentry_uuid_t id;
    sentry_event_add_exception(event, sentry_value_new_exception("type", "value"));
    id = sentry_capture_event(event);
    CHECK(!sentry_uuid_is_nil(&id));
}

static void log_message(void)
{
    CHECK_EQ(sentry_log_message(SENTRY_LEVEL_ERROR, "host", "stack"), SENTRY_STATUS_OK);
}

static void add_breadcrumb(void)
{
    sentry_add_breadcrumb(sentry_value_new_breadcrumb("default", "stack"));
}

static void set_tag(void)
{
    sentry_set_tag("key", "value");
    sentry_set_extra("key", sentry_value_new_int32(1));
}

static void sessions(void)
{
    sentry_start_session();
    sentry_end_session();
}

/* The host's own struct is not counted. */
static void stats(void)
{
    static sentry_stats_t figures;
    figures.size = sizeof figures;
    CHECK_EQ(sentry_get_stats(&figures), SENTRY_STATUS_OK);
}

static void stack_trace(void)
{
    sentry_value_decref(sentry_value_new_stacktrace(NULL, 0));
}

static void unwind(void)
{
    void *frames[16];
    CHECK(sentry_unwind_stack(NULL, frames, 16) > 1);
}

static void modules(void)
{
    sentry_clear_modulecache();
    sentry_value_decref(sentry_get_modules_list());
}

static void flush(void)
{
    CHECK_EQ(sentry_flush(20000), 0);
}

static void self_test(void)
{
    sentry_free(sentry_self_test(20000));
}

static sentry_options_t *options_with_files(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_database_path(options, "database");
    sentry_options_set_auto_session_tracking(options, 1);
    CHECK_EQ(sentry_options_set_queue_durable(options, 1), SENTRY_STATUS_OK);
    sentry_options_set_http_retry(options, 1);
    return options;
}

static void init(void)
{
    CHECK_EQ(sentry_init(options_with_files()), 0);
}

static void init_from_json(void)
{
    sentry_options_t *options = sentry_options_new_from_json("{\"sample_rate\":0.5,\"ignore_errors\":[\"a\",\"b\"]}");
    CHECK(options != NULL);
    sentry_options_free(options);
}

/* The way of https reads certificates. */
static void init_https(void)
{
    sentry_options_t *options = options_with_files();
    sentry_options_set_dsn(options, "https://key@127.0.0.1:1/1");
    CHECK_EQ(sentry_init(options), 0);
}

/* The first call in a forked child starts the library there. */
static void first_call_of_a_child(void)
{
    CHECK_EQ(host_capture("child"), SENTRY_STATUS_OK);
}

static void close_it(void)
{
    CHECK_EQ(sentry_close(), 0);
}

/* In the order in which they work. */
static const call_t calls[] = {
    {"options", init_from_json}, {"init", init},           {"init_again", init},     {"capture", capture},
    {"capture_event", capture_event}, {"log_message", log_message}, {"add_breadcrumb", add_breadcrumb},
    {"set_tag", set_tag},        {"sessions", sessions},   {"stats", stats},         {"stack_trace", stack_trace},
    {"unwind", unwind},          {"modules", modules},     {"flush", flush},         {"self_test", self_test},
    {"close", close_it},         {"init_https", init_https},
};

static void figures(void)
{
    pid_t child;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        measure(&calls[i]);
    fflush(stdout);
    init();
    child = host_fork();
    if (child == 0) {
        static const call_t first = {"first_call_of_a_child", first_call_of_a_child};
        measure(&first);
        fflush(stdout);
        CHECK_EQ(sentry_close(), 0);
        _exit(0);
    }
    host_await_child(child);
    close_it();
}

/* A stack with a page below it that nobody may touch. */
static char *guarded(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *all = (char *)mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    CHECK(all != (char *)MAP_FAILED);
    CHECK_EQ(mprotect(all, page, PROT_NONE), 0);
    return all + page;
}

/* The calls of every day live on so little. */
static void everyday_on(size_t size)
{
    static const char *const small[] = {"capture", "capture_event", "log_message", "add_breadcrumb", "set_tag"};
    char *bottom = guarded(size);
    init();
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++) {
        size_t j = 0;
        while (strcmp(calls[j].name, small[i]) != 0)
            j++;
        on_stack(&calls[j], bottom, size);
    }
    close_it();
}

/* The smallest stack that a thread may have. */
static void smallest(void)
{
    everyday_on(PTHREAD_STACK_MIN);
}

/* For a library that was built without optimisation. */
static void small_for_debug(void)
{
    everyday_on(3 * PTHREAD_STACK_MIN);
}

static void refused_init(void)
{
    CHECK_EQ(sentry_init(options_with_files()), 1);
    CHECK(strstr(sentry_last_error_message(), "of stack") != NULL);
}

static void init_on(size_t size)
{
    static const call_t start = {"init", init}, refused = {"refused_init", refused_init};
    /* With too little it says so. */
    on_stack(&refused, guarded(2 * PTHREAD_STACK_MIN), 2 * PTHREAD_STACK_MIN);
    on_stack(&start, guarded(size), size);
    close_it();
}

static void init_on_small(void)
{
    init_on(64 * 1024);
}

static void init_on_small_for_debug(void)
{
    init_on(256 * 1024);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"figures", figures},
        {"smallest", smallest},
        {"small_for_debug", small_for_debug},
        {"init_on_small", init_on_small},
        {"init_on_small_for_debug", init_on_small_for_debug},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
