/* Calls into the library from outcome callbacks, and callbacks that misbehave. Started by tests/host_callback.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <pthread.h>
#include <semaphore.h>

static pthread_t main_thread;
static int calls;   /* Through the atomic built-ins. */
static int depth, deepest;
static sem_t entered, leave;

static int on_main(void)
{
    return pthread_equal(pthread_self(), main_thread);
}

static void start_with(sentry_outcome_function_t callback, int64_t queue_items, uint64_t shutdown_ms)
{
    sentry_options_t *options = host_options();
    main_thread = pthread_self();
    sentry_options_set_on_outcome(options, callback, &calls);
    sentry_options_set_shutdown_timeout(options, shutdown_ms);
    CHECK_EQ(sentry_options_set_queue_max_items(options, queue_items), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
}

static void call_everything(const sentry_outcome_info_t *info, void *user_data)
{
    uint64_t start = host_now_ms();
    CHECK(user_data == (void *)&calls);
    CHECK_EQ(info->size, sizeof *info);
    CHECK_EQ(info->outcome, SENTRY_OUTCOME_DELIVERED);
    CHECK_EQ(info->category, SENTRY_CATEGORY_ERROR);
    CHECK_EQ(info->http_status, 200);
    CHECK_EQ(info->attempts, 1);
    CHECK_EQ(sentry_uuid_is_nil(&info->event_id), 0);
    CHECK(!on_main());
    CHECK_EQ(host_capture("from the callback"), SENTRY_STATUS_WORKER_THREAD);
    CHECK_EQ(sentry_capture("{}", NULL), SENTRY_STATUS_WORKER_THREAD);
    CHECK_EQ(sentry_log_message(SENTRY_LEVEL_FATAL, "host", "from the callback"), SENTRY_STATUS_WORKER_THREAD);
    CHECK_EQ(sentry_add_breadcrumb_json("{\"message\":\"from the callback\"}"), SENTRY_STATUS_OK);
    sentry_set_tag("from", "callback");
    sentry_remove_tag("from");
    (void)host_check_account();
    CHECK(sentry_self_test(1000) == NULL);
    (void)sentry_flush(30000);
    CHECK(host_now_ms() - start < 10000);
    __atomic_add_fetch(&calls, 1, __ATOMIC_ACQ_REL);
}

static void everything(void)
{
    sentry_category_stats_t counts;
    start_with(call_everything, 100, 20000);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(host_capture("everything"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    counts = host_check_account();
    CHECK_EQ(counts.delivered, 10);
    CHECK_EQ(counts.discarded_by_reason[SENTRY_DISCARD_WORKER_THREAD], 20);
    CHECK_EQ(counts.captured, 30);
    CHECK_EQ(__atomic_load_n(&calls, __ATOMIC_ACQUIRE), 10);
    CHECK_EQ(sentry_close(), 0);
}

static void close_in_it(const sentry_outcome_info_t *info, void *user_data)
{
    (void)info;
    (void)user_data;
    (void)sentry_close();
    __atomic_add_fetch(&calls, 1, __ATOMIC_ACQ_REL);
}

/* The library is closed on its own thread, and can be used again. */
static void close_from_worker(void)
{
    for (int round = 0; round < 20; round++) {
        int before = __atomic_load_n(&calls, __ATOMIC_ACQUIRE);
        start_with(close_in_it, 100, 20000);
        CHECK_EQ(host_capture("close"), SENTRY_STATUS_OK);
        while (__atomic_load_n(&calls, __ATOMIC_ACQUIRE) == before)
            host_breathe();
        CHECK_EQ(host_capture("closed"), SENTRY_STATUS_DISABLED);
        CHECK_EQ(sentry_close(), 0);
    }
}

static void init_in_it(const sentry_outcome_info_t *info, void *user_data)
{
    (void)info;
    (void)user_data;
    if (__atomic_fetch_add(&calls, 1, __ATOMIC_ACQ_REL) == 0) {
        host_start();
        CHECK_EQ(sem_post(&entered), 0);
    }
}

static void init_from_worker(void)
{
    CHECK_EQ(sem_init(&entered, 0, 0), 0);
    start_with(init_in_it, 100, 20000);
    CHECK_EQ(host_capture("of the first"), SENTRY_STATUS_OK);
    CHECK_EQ(sem_wait(&entered), 0);
    CHECK_EQ(host_capture("of the second"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(__atomic_load_n(&calls, __ATOMIC_ACQUIRE), 1);
}

/* Blocks at its first call, on the library's thread, for 5 s or until it may leave. */
static void block(const sentry_outcome_info_t *info, void *user_data)
{
    (void)info;
    (void)user_data;
    if (__atomic_fetch_add(&calls, 1, __ATOMIC_ACQ_REL) == 0) {
        struct timespec until;
        CHECK(!on_main());
        CHECK_EQ(sem_post(&entered), 0);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 5;
        while (sem_timedwait(&leave, &until) != 0 && errno == EINTR) {
        }
    }
}

static void blocking(void)
{
    uint64_t start, took;
    CHECK_EQ(sem_init(&entered, 0, 0), 0);
    CHECK_EQ(sem_init(&leave, 0, 0), 0);
    start_with(block, 100, 500);
    for (int i = 0; i < 10; i++)
        CHECK_EQ(host_capture("blocking"), SENTRY_STATUS_OK);
    CHECK_EQ(sem_wait(&entered), 0);
    start = host_now_ms();
    CHECK_EQ(sentry_flush(200), 1);
    took = host_now_ms() - start;
    if (took > 200 + HOST_MARGIN_MS)
        host_fail_number("time of sentry_flush in ms", (long long)took, 200, __FILE__, __LINE__);
    CHECK_EQ(host_close_within(500), 9);
    CHECK_EQ(__atomic_load_n(&calls, __ATOMIC_ACQUIRE), 10);
    /* A new one starts while the old thread is still held up. */
    host_start();
    CHECK_EQ(host_capture("meanwhile"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(sem_post(&leave), 0);
    CHECK_EQ(sentry_close(), 0);
}

/* As `block`, and on the closing thread everything that could wait for that thread itself. */
static void block_then_call(const sentry_outcome_info_t *info, void *user_data)
{
    sentry_stats_t stats;
    if (!on_main()) {
        block(info, user_data);
        return;
    }
    stats.size = sizeof stats;
    (void)sentry_get_stats(&stats);
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(sentry_init(NULL), 1);
    CHECK_EQ(sentry_flush(0), 1);
    CHECK_EQ(host_capture("while closing"), SENTRY_STATUS_SHUTTING_DOWN);
    __atomic_add_fetch(&calls, 1, __ATOMIC_ACQ_REL);
}

static void calls_while_closing(void)
{
    CHECK_EQ(sem_init(&entered, 0, 0), 0);
    CHECK_EQ(sem_init(&leave, 0, 0), 0);
    start_with(block_then_call, 100, 100);
    for (int i = 0; i < 4; i++)
        CHECK_EQ(host_capture("calls"), SENTRY_STATUS_OK);
    CHECK_EQ(sem_wait(&entered), 0);
    (void)sentry_close();
    CHECK_EQ(__atomic_load_n(&calls, __ATOMIC_ACQUIRE), 4);
    CHECK_EQ(host_capture("closed"), SENTRY_STATUS_DISABLED);
    CHECK_EQ(sem_post(&leave), 0);
}

/* The host's logger: it hears of each outcome and forwards all it hears. */
static void log_outcome(const sentry_outcome_info_t *info, void *user_data)
{
    sentry_status_t status;
    (void)info;
    (void)user_data;
    __atomic_add_fetch(&calls, 1, __ATOMIC_ACQ_REL);
    depth++;
    if (depth > deepest)
        deepest = depth;
    status = sentry_log_message(SENTRY_LEVEL_ERROR, "host.transport", "the outcome of an event");
    CHECK_EQ(status, on_main() ? SENTRY_STATUS_QUEUE_FULL : SENTRY_STATUS_WORKER_THREAD);
    depth--;
}

static void feedback_on_worker(void)
{
    start_with(log_outcome, 1000, 20000);
    for (int i = 0; i < 100; i++)
        CHECK_EQ(host_capture("feedback"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_check_account().delivered, 100);
    CHECK_EQ(host_stats().categories[SENTRY_CATEGORY_LOG_ITEM].captured, 0);
    CHECK_EQ(__atomic_load_n(&calls, __ATOMIC_ACQUIRE), 100);
    CHECK_EQ(sentry_close(), 0);
}

/* The server hangs and the queue is full: what the logger forwards is lost as well, and must not be logged again. */
static void feedback_on_host_thread(void)
{
    sentry_category_stats_t counts;
    start_with(log_outcome, 1, 100);
    CHECK_EQ(host_capture("feedback"), SENTRY_STATUS_OK);
    for (int i = 0; i < 100; i++)
        CHECK_EQ(host_capture("feedback"), SENTRY_STATUS_QUEUE_FULL);
    CHECK_EQ(deepest, 1);
    CHECK_EQ(__atomic_load_n(&calls, __ATOMIC_ACQUIRE), 100);
    counts = host_check_account();
    CHECK_EQ(counts.captured, 1 + 2 * 100);
    CHECK_EQ(counts.discarded_by_reason[SENTRY_DISCARD_QUEUE_OVERFLOW], 2 * 100);
    _exit(0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"everything", everything},
        {"close_from_worker", close_from_worker},
        {"init_from_worker", init_from_worker},
        {"blocking", blocking},
        {"calls_while_closing", calls_while_closing},
        {"feedback_on_worker", feedback_on_worker},
        {"feedback_on_host_thread", feedback_on_host_thread},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
