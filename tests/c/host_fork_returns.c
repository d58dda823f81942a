/* Callbacks that fork, and whose child returns into the library: the logger, a transport and an HTTP client of the host,
 * the outcomes of a shutdown that saves. The child must leave everything to its parent. Started by tests/host_fork.rs. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <stdarg.h>

static pid_t parent;
static pid_t child; /* Through the atomic built-ins. */
static int calls;

/* Forks at the first call; no callback may run in the child. */
static void fork_once(void)
{
    pid_t forked;
    if (getpid() != parent)
        host_fail("a callback ran in the child", __FILE__, __LINE__);
    if (__atomic_fetch_add(&calls, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    forked = host_fork();
    if (forked != 0)
        __atomic_store_n(&child, forked, __ATOMIC_RELEASE);
}

static int is_child(void)
{
    return getpid() != parent;
}

static void await_child(void)
{
    while (__atomic_load_n(&child, __ATOMIC_ACQUIRE) == 0)
        host_breathe();
    host_await_child(child);
}

static sentry_options_t *begin(void)
{
    parent = getpid();
    return host_options();
}

static void capture_three(void)
{
    for (int i = 0; i < 3; i++) {
        char text[16];
        snprintf(text, sizeof text, "event %d", i);
        CHECK_EQ(host_capture(text), SENTRY_STATUS_OK);
    }
}

static void log_line(sentry_level_t level, const char *message, va_list args, void *user_data)
{
    char line[512];
    (void)level;
    vsnprintf(line, sizeof line, message, args);
    if (strstr(line, (const char *)user_data) != NULL)
        fork_once();
    else if (is_child())
        host_fail("the logger ran in the child", __FILE__, __LINE__);
}

/* The child has only the copy of the library's thread, with which it ends. */
static void logger_on_worker(void)
{
    sentry_options_t *options = begin();
    sentry_options_set_debug(options, 1);
    sentry_options_set_logger(options, log_line, (void *)"delivered");
    CHECK_EQ(sentry_init(options), 0);
    capture_three();
    await_child();
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_check_account().delivered, 3);
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(calls, 3);
}

/* Without a usable DSN there is no thread, and the calling one speaks. */
static void logger_in_init(void)
{
    sentry_options_t *options = begin();
    sentry_options_set_debug(options, 1);
    sentry_options_set_logger(options, log_line, (void *)"DSN");
    sentry_options_set_dsn(options, "nonsense");
    CHECK_EQ(sentry_init(options), 0);
    if (is_child())
        _exit(0);
    await_child();
    CHECK_EQ(calls, 1);
    CHECK_EQ(sentry_close(), 0);
}

static void send_envelope(sentry_envelope_t *envelope, void *state)
{
    (void)state;
    sentry_envelope_free(envelope);
    fork_once();
}

static int end_transport(uint64_t timeout_ms, void *state)
{
    (void)timeout_ms;
    (void)state;
    if (is_child())
        host_fail("the child ended the transport of its parent", __FILE__, __LINE__);
    return 0;
}

static int fork_at_the_end(uint64_t timeout_ms, void *state)
{
    (void)timeout_ms;
    (void)state;
    fork_once();
    return 0;
}

static void keep_envelope(sentry_envelope_t *envelope, void *state)
{
    (void)state;
    sentry_envelope_free(envelope);
}

static void with_transport(
    void (*send)(sentry_envelope_t *envelope, void *state), int (*end)(uint64_t timeout_ms, void *state), int expected)
{
    sentry_options_t *options = begin();
    sentry_transport_t *transport = sentry_transport_new(send);
    sentry_transport_set_shutdown_func(transport, end);
    sentry_options_set_transport(options, transport);
    CHECK_EQ(sentry_init(options), 0);
    capture_three();
    CHECK_EQ(sentry_close(), 0);
    if (is_child())
        exit(0);
    await_child();
    CHECK_EQ(calls, expected);
}

static void transport_send(void)
{
    with_transport(send_envelope, end_transport, 3);
}

static void transport_end(void)
{
    with_transport(keep_envelope, fork_at_the_end, 1);
}

static sentry_http_client_t *client_new(void *data)
{
    static int client;
    (void)data;
    return (sentry_http_client_t *)&client;
}

static int client_send(sentry_http_client_t *client, sentry_http_request_t *request, sentry_http_response_t *response)
{
    (void)client;
    (void)request;
    sentry_http_response_set_status_code(response, 200);
    fork_once();
    return 1;
}

static void client_free(sentry_http_client_t *client)
{
    (void)client;
    if (is_child())
        host_fail("the child freed the client of its parent", __FILE__, __LINE__);
}

static void client(void)
{
    sentry_options_t *options = begin();
    sentry_options_set_transport(options, sentry_http_transport_new(client_new, NULL, client_send, client_free));
    CHECK_EQ(sentry_init(options), 0);
    capture_three();
    CHECK_EQ(sentry_flush(20000), 0);
    await_child();
    CHECK_EQ(host_check_account().delivered, 3);
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(calls, 3);
}

static void on_saved(const sentry_outcome_info_t *info, void *user_data)
{
    (void)user_data;
    CHECK_EQ(info->outcome, SENTRY_OUTCOME_SPOOLED);
    fork_once();
}

/* The server hangs: the library's thread leaves all three for the next start, and tells it one by one. */
static void saving(void)
{
    sentry_options_t *options = begin();
    sentry_options_set_database_path(options, "database");
    sentry_options_set_on_outcome(options, on_saved, NULL);
    sentry_options_set_shutdown_timeout(options, 200);
    CHECK_EQ(sentry_init(options), 0);
    capture_three();
    host_await_request();
    CHECK_EQ(sentry_close(), 3);
    await_child();
    CHECK_EQ(calls, 3);
    options = host_options();
    sentry_options_set_database_path(options, "database");
    CHECK_EQ(sentry_init(options), 0);
    while (host_stats().requests < 3)
        host_breathe();
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"logger_on_worker", logger_on_worker},
        {"logger_in_init", logger_in_init},
        {"transport_send", transport_send},
        {"transport_end", transport_end},
        {"client", client},
        {"saving", saving},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
