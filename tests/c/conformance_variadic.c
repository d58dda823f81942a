/* Variadic functions and the logger, which takes a va_list. Argument: the DSN. */

/* To turn logs and metrics off is deprecated. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#include <sentry.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static sentry_value_t message(const char *text)
{
    return sentry_value_new_message_event(SENTRY_LEVEL_INFO, NULL, text);
}

static void capture(const char *text)
{
    sentry_uuid_t id = sentry_capture_event(message(text));
    CHECK(!sentry_uuid_is_nil(&id));
}

static void capture_with(sentry_scope_t *scope, const char *text)
{
    sentry_uuid_t id = sentry_scope_capture_event(scope, message(text));
    CHECK(!sentry_uuid_is_nil(&id));
}

/* What the logger saw, for one level each; the first text of each level. */
typedef struct {
    unsigned lines[6];
    unsigned refused;
    char warning[200];
} log_t;

static void logger(sentry_level_t level, const char *format, va_list args, void *userdata)
{
    log_t *log = (log_t *)userdata;
    char line[200];
    sentry_status_t status;
    int length = vsnprintf(line, sizeof(line), format, args);
    CHECK(length > 0 && strlen(line) > 0 && line[strlen(line) - 1] != '\n');
    log->lines[level - SENTRY_LEVEL_TRACE]++;
    if (level == SENTRY_LEVEL_WARNING && log->warning[0] == 0) {
        strcpy(log->warning, line);
    }
    /* A logger whose lines become events, or that starts and stops things, comes to an end. */
    status = sentry_log_message(SENTRY_LEVEL_FATAL, "logger", line);
    CHECK(status == SENTRY_STATUS_WORKER_THREAD || status == SENTRY_STATUS_DISABLED);
    log->refused += status == SENTRY_STATUS_WORKER_THREAD;
    status = sentry_capture("{}", NULL);
    CHECK(status == SENTRY_STATUS_WORKER_THREAD || status == SENTRY_STATUS_DISABLED);
    sentry_set_tag("from", "logger");
}

static sentry_options_t *options(const char *dsn)
{
    sentry_options_t *opts = sentry_options_new();
    CHECK(opts != NULL);
    sentry_options_set_dsn(opts, dsn);
    sentry_options_set_database_path(opts, "");
    /* Under valgrind on a busy machine two seconds may not be enough. */
    sentry_options_set_shutdown_timeout(opts, 30000);
    return opts;
}

static void fingerprints(const char *dsn)
{
    sentry_scope_t *scope;
    sentry_value_t list;

    /* Without a client the arguments are read and nothing happens. */
    sentry_set_fingerprint("a", "b", NULL);
    sentry_scope_set_fingerprint(NULL, "a", NULL);
    sentry_scope_set_fingerprint_n(NULL, "a", (size_t)1, NULL);

    CHECK(sentry_init(options(dsn)) == 0);
    sentry_set_fingerprint("one", NULL);
    capture("one");
    sentry_set_fingerprint("{{ default }}", "two", "three", NULL);
    capture("three");
    sentry_set_fingerprint_n("a\0b", (size_t)3, "cut off", (size_t)3, "", (size_t)0, NULL);
    capture("zero byte");
    sentry_set_fingerprint("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13",
        "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24", "25", "26", "27", "28",
        "29", "30", "31", "32", "33", "34", "35", "36", "37", "38", "39", NULL);
    capture("forty");

    scope = sentry_scope_new();
    sentry_scope_set_fingerprint(scope, "inner", "wins", NULL);
    capture_with(scope, "scope");
    sentry_scope_set_fingerprint_n(scope, "inner", (size_t)2, "n", (size_t)1, NULL);
    capture_with(scope, "scope n");
    /* An empty one hides the outer one, a removed one does not. */
    sentry_set_fingerprint("outer", NULL);
    sentry_scope_set_fingerprint(scope, NULL);
    capture_with(scope, "hidden");
    sentry_scope_remove_fingerprint(scope);
    capture_with(scope, "outer");
    sentry_scope_free(scope);

    /* What is no list is taken and ignored; a frozen list is only read. */
    sentry_set_fingerprints(sentry_value_new_string("no list"));
    list = sentry_value_new_list();
    sentry_value_append(list, sentry_value_new_string("list"));
    sentry_value_incref(list);
    sentry_set_fingerprints(list);
    CHECK(sentry_value_refcount(list) == 1);
    sentry_value_decref(list);
    capture("list");
    sentry_set_fingerprint_n(NULL, (size_t)7);
    capture("none");
    sentry_set_fingerprint("again", NULL);
    sentry_remove_fingerprint();
    capture("removed");
    sentry_close();
}

static void logging(const char *dsn)
{
    log_t log;
    unsigned level, before;
    sentry_options_t *opts = options(dsn);

    memset(&log, 0, sizeof(log));
    sentry_options_set_logger(NULL, logger, &log);
    sentry_options_set_logger(opts, logger, &log);
    CHECK(sentry_init(opts) == 0);
    sentry_close();
    for (level = 0; level < 6; level++) {
        CHECK(log.lines[level] == 0); /* without debug nothing is said */
    }

    opts = options(dsn);
    sentry_options_set_debug(opts, 1);
    sentry_options_set_logger(opts, logger, &log);
    sentry_options_set_logger_level(opts, SENTRY_LEVEL_DEBUG);
    CHECK(sentry_init(opts) == 0);
    capture("with a logger");
    CHECK(sentry_flush(10000) == 0);
    sentry_close();
    CHECK(log.lines[SENTRY_LEVEL_INFO + 2] > 0 && log.lines[SENTRY_LEVEL_DEBUG + 2] > 0);
    CHECK(log.refused > 0);
    before = log.refused;
    sentry_capture("{}", NULL);
    CHECK(log.refused == before); /* not called after close */

    /* A percent sign in a text is no conversion; the level filters; what is wrong with the DSN is a warning. */
    memset(&log, 0, sizeof(log));
    opts = options("http://100%s%n@nowhere");
    sentry_options_set_debug(opts, 1);
    sentry_options_set_logger(opts, logger, &log);
    sentry_options_set_logger_level(opts, SENTRY_LEVEL_WARNING);
    CHECK(sentry_init(opts) == 0);
    sentry_close();
    CHECK(log.lines[SENTRY_LEVEL_WARNING + 2] == 1 && strstr(log.warning, "DSN") != NULL);
    CHECK(log.lines[SENTRY_LEVEL_INFO + 2] == 0 && log.lines[SENTRY_LEVEL_DEBUG + 2] == 0);

    /* NULL silences, also stderr: the test looks. */
    opts = options("no DSN");
    sentry_options_set_debug(opts, 1);
    sentry_options_set_logger(opts, NULL, NULL);
    CHECK(sentry_init(opts) == 0);
    sentry_close();
}

static void structured_logs(const char *dsn)
{
    sentry_value_t attributes = sentry_value_new_object();
    sentry_options_t *opts;
    CHECK(sentry_log_info("%d", 1) == SENTRY_LOG_RETURN_DISABLED);
    opts = options(dsn);
    sentry_options_set_enable_logs(opts, 0);
    CHECK(sentry_init(opts) == 0);
    CHECK(sentry_log_trace("%d %s", 1, "x") == SENTRY_LOG_RETURN_DISABLED);
    CHECK(sentry_log_debug("plain") == SENTRY_LOG_RETURN_DISABLED);
    CHECK(sentry_log_info("%f", 1.5) == SENTRY_LOG_RETURN_DISABLED);
    CHECK(sentry_log_warn("%%") == SENTRY_LOG_RETURN_DISABLED);
    CHECK(sentry_log_error("%s", (const char *)NULL) == SENTRY_LOG_RETURN_DISABLED);
    CHECK(sentry_log_fatal(NULL) == SENTRY_LOG_RETURN_DISABLED);
    /* Without the option a value among the arguments is an argument like any other, and stays the caller's. */
    CHECK(sentry_log_info("%p", attributes) == SENTRY_LOG_RETURN_DISABLED);
    CHECK(sentry_value_refcount(attributes) == 1);
    sentry_close();

    /* With the option the first argument is a value, which is taken whatever it is. */
    opts = options(dsn);
    sentry_options_set_enable_logs(opts, 0);
    sentry_options_set_logs_with_attributes(opts, 1);
    CHECK(sentry_init(opts) == 0);
    sentry_value_incref(attributes);
    CHECK(sentry_log_info("%d", attributes, 1) == SENTRY_LOG_RETURN_DISABLED);
    CHECK(sentry_value_refcount(attributes) == 1);
    sentry_value_incref(attributes);
    CHECK(sentry_log_fatal(NULL, attributes) == SENTRY_LOG_RETURN_DISABLED);
    CHECK(sentry_value_refcount(attributes) == 1);
    CHECK(sentry_log_warn("", sentry_value_new_null()) == SENTRY_LOG_RETURN_DISABLED);
    sentry_value_decref(attributes);
    sentry_close();
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    fingerprints(argv[1]);
    logging(argv[1]);
    structured_logs(argv[1]);
    return 0;
}
