/* Forks inside callbacks: that of outcomes, on each thread that may run it, and hooks. Started by tests/host_fork.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

typedef enum { CHILD_CAPTURES, CHILD_RETURNS } child_way_t;

typedef struct {
    child_way_t way;
    pid_t parent;
    int calls;  /* Through the atomic built-ins. */
    pid_t child;
} hook_t;

static hook_t hook;

/* Forks once, at the first outcome in the first process. */
static void on_outcome(const sentry_outcome_info_t *info, void *user_data)
{
    pid_t child;
    (void)info;
    (void)user_data;
    if (getpid() != hook.parent)
        host_fail("the child heard of an outcome of its parent", __FILE__, __LINE__);
    if (__atomic_fetch_add(&hook.calls, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    child = host_fork();
    if (child == 0) {
        if (hook.way == CHILD_RETURNS)
            return;
        hook.parent = getpid();
        hook.calls = 1;
        CHECK_EQ(host_capture("child"), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_flush(20000), 0);
        CHECK_EQ(host_check_account().delivered, 1);
        CHECK_EQ(sentry_close(), 0);
        _exit(0);
    }
    __atomic_store_n(&hook.child, child, __ATOMIC_RELEASE);
}

static void start(child_way_t way, int64_t queue_items)
{
    sentry_options_t *options = host_options();
    hook.way = way;
    hook.parent = getpid();
    sentry_options_set_on_outcome(options, on_outcome, NULL);
    CHECK_EQ(sentry_options_set_queue_max_items(options, queue_items), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
}

static void await_fork(void)
{
    while (__atomic_load_n(&hook.child, __ATOMIC_ACQUIRE) == 0)
        host_breathe();
    host_await_child(hook.child);
}

/* The first of ten outcomes forks on the library's thread; nine events of the parent are still queued then. */
static void on_worker(child_way_t way)
{
    start(way, 100);
    for (int i = 0; i < 10; i++) {
        char text[32];
        snprintf(text, sizeof text, "parent %d", i);
        CHECK_EQ(host_capture(text), SENTRY_STATUS_OK);
    }
    await_fork();
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_check_account().delivered, 10);
    CHECK_EQ(__atomic_load_n(&hook.calls, __ATOMIC_ACQUIRE), 10);
    CHECK_EQ(sentry_close(), 0);
}

static void worker_captures(void)
{
    on_worker(CHILD_CAPTURES);
}

/* The child has only the copy of the library's thread. It must not go on with the parent's work. */
static void worker_returns(void)
{
    on_worker(CHILD_RETURNS);
}

/* The server hangs, so the second event is refused on the capturing thread. */
static void on_capturing(child_way_t way)
{
    start(way, 1);
    CHECK_EQ(host_capture("parent 0"), SENTRY_STATUS_OK);
    CHECK_EQ(host_capture("refused"), SENTRY_STATUS_QUEUE_FULL);
    if (getpid() != hook.parent) {
        /* The child came back from the callback and goes on like any other. */
        hook.parent = getpid();
        CHECK_EQ(host_capture("child"), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_close(), 0);
        exit(0);
    }
    await_fork();
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_check_account().delivered, 1);
    CHECK_EQ(sentry_close(), 0);
}

static void capturing_captures(void)
{
    on_capturing(CHILD_CAPTURES);
}

static void capturing_returns(void)
{
    on_capturing(CHILD_RETURNS);
}

/* The server hangs until the close gives up: then the closing thread tells the outcomes. */
static void on_closing(child_way_t way)
{
    sentry_options_t *options = host_options();
    hook.way = way;
    hook.parent = getpid();
    sentry_options_set_on_outcome(options, on_outcome, NULL);
    sentry_options_set_shutdown_timeout(options, 200);
    CHECK_EQ(sentry_init(options), 0);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(host_capture("parent"), SENTRY_STATUS_OK);
    host_await_request();
    (void)sentry_close();
    if (getpid() != hook.parent)
        exit(0);
    await_fork();
    CHECK_EQ(__atomic_load_n(&hook.calls, __ATOMIC_ACQUIRE), 3);
}

static void closing_returns(void)
{
    on_closing(CHILD_RETURNS);
}

static void fork_once(void)
{
    if (hook.calls++ == 0) {
        hook.child = host_fork();
        if (hook.child == 0 && hook.way == CHILD_CAPTURES) {
            CHECK_EQ(host_capture("child"), SENTRY_STATUS_OK);
            CHECK_EQ(sentry_flush(20000), 0);
            CHECK_EQ(host_check_account().delivered, 1);
            CHECK_EQ(sentry_close(), 0);
            _exit(0);
        }
    }
}

static sentry_value_t before_send(sentry_value_t event, void *hint, void *user_data)
{
    (void)hint;
    (void)user_data;
    fork_once();
    return event;
}

static sentry_value_t before_breadcrumb(sentry_value_t crumb, void *user_data)
{
    (void)user_data;
    fork_once();
    return crumb;
}

static sentry_value_t before_send_feedback(sentry_value_t feedback, sentry_hint_t *hint, void *user_data)
{
    (void)hint;
    (void)user_data;
    fork_once();
    return feedback;
}

/* What the parent captures: an event, a breadcrumb, feedback. In a child that the hook forked it is not the child's to
 * send; the next capture is. */
static void in_hook(child_way_t way, int kind)
{
    sentry_options_t *options = host_options();
    sentry_status_t status;
    hook.way = way;
    hook.parent = getpid();
    sentry_options_set_auto_session_tracking(options, 1);
    if (kind == 0)
        sentry_options_set_before_send(options, before_send, NULL);
    else if (kind == 1)
        sentry_options_set_before_breadcrumb(options, before_breadcrumb, NULL);
    else
        sentry_options_set_before_send_feedback(options, before_send_feedback, NULL);
    CHECK_EQ(sentry_init(options), 0);
    if (kind == 0) {
        status = host_capture("parent");
    } else if (kind == 1) {
        status = sentry_add_breadcrumb_json("{}");
    } else {
        sentry_capture_feedback(sentry_value_new_feedback("parent", NULL, NULL, NULL));
        status = sentry_last_error_message()[0] == '\0' ? SENTRY_STATUS_OK : SENTRY_STATUS_DROPPED_BY_HOOK;
    }
    if (getpid() != hook.parent) {
        CHECK_EQ(status, SENTRY_STATUS_DROPPED_BY_HOOK);
        CHECK(strstr(sentry_last_error_message(), "forked") != NULL);
        CHECK_EQ(host_capture("child"), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_flush(20000), 0);
        CHECK_EQ(host_check_account().delivered, 1);
        CHECK_EQ(sentry_close(), 0);
        exit(0);
    }
    CHECK_EQ(status, SENTRY_STATUS_OK);
    host_await_child(hook.child);
    CHECK_EQ(sentry_close(), 0);
}

static void event_captures(void)
{
    in_hook(CHILD_CAPTURES, 0);
}

static void event_returns(void)
{
    in_hook(CHILD_RETURNS, 0);
}

static void breadcrumb_returns(void)
{
    in_hook(CHILD_RETURNS, 1);
}

static void feedback_returns(void)
{
    in_hook(CHILD_RETURNS, 2);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"worker_captures", worker_captures},
        {"worker_returns", worker_returns},
        {"capturing_captures", capturing_captures},
        {"capturing_returns", capturing_returns},
        {"closing_returns", closing_returns},
        {"event_captures", event_captures},
        {"event_returns", event_returns},
        {"breadcrumb_returns", breadcrumb_returns},
        {"feedback_returns", feedback_returns},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
