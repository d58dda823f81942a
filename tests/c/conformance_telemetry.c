/* Logs and metrics. Argument: the DSN. */

/* To turn logs and metrics off is deprecated. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

#include <sentry.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

#define TAKEN(call) CHECK((call) == SENTRY_LOG_RETURN_SUCCESS)
#define COUNTED(call) CHECK((call) == SENTRY_METRICS_RESULT_SUCCESS)

static sentry_options_t *options(const char *dsn)
{
    sentry_options_t *opts = sentry_options_new();
    CHECK(opts != NULL);
    sentry_options_set_dsn(opts, dsn);
    sentry_options_set_release(opts, "app@1");
    sentry_options_set_environment(opts, "test");
    sentry_options_set_database_path(opts, "");
    sentry_options_set_auto_session_tracking(opts, 0);
    /* Under valgrind on a busy machine two seconds may not be enough. */
    sentry_options_set_shutdown_timeout(opts, 30000);
    return opts;
}

static void flush(void)
{
    CHECK(sentry_flush(30000) == 0);
}

static sentry_value_t one(const char *key, sentry_value_t value)
{
    sentry_value_t object = sentry_value_new_object();
    sentry_value_set_by_key(object, key, value);
    return object;
}

/* Every conversion, with what it makes of the body in the test's table. */
static void formats(void)
{
    int written = 7;
    char unterminated[3] = {'a', 'b', 'c'};
    TAKEN(sentry_log_trace("plain 100%%"));
    TAKEN(sentry_log_debug("%d %i", -5, INT_MAX));
    TAKEN(sentry_log_info("%hhd %hd %ld %lld %jd %zd %td", (signed char)-1, (short)-2, -3L, -4LL, (intmax_t)-5,
        (size_t)6, (ptrdiff_t)-7));
    TAKEN(sentry_log_warn("%u %x %X %o", 4000000000u, 255u, 255u, 8u));
    TAKEN(sentry_log_error("%hhu %hu %lu %llx %jx %zu", (unsigned char)200, (unsigned short)65535, ULONG_MAX, ULLONG_MAX,
        (uintmax_t)1, (size_t)2));
    TAKEN(sentry_log_fatal("%f %e %g %.1Lf %a", 1.5, 2.5, 1e100, (long double)3.5, 1.25));
    TAKEN(sentry_log_info("%c %s %s %.*s %.2s", 'x', "text", (const char *)NULL, 3, unterminated, "cut"));
    TAKEN(sentry_log_info("%ls %lc", L"w\u00e9", (wint_t)L'z'));
    TAKEN(sentry_log_info("%-8d|%+05d|%*d|%-*d|%#x", 1, 2, 5, 3, 5, 4, 255u));
    TAKEN(sentry_log_info("%p", (void *)0x10));
    /* What is not read. */
    TAKEN(sentry_log_info("%2$s %1$d", 1, "positional"));
    TAKEN(sentry_log_info("%d %n", 1, &written));
    CHECK(written == 7);
    TAKEN(sentry_log_info("%d %y %d", 1, 2, 3));
    TAKEN(sentry_log_info("%"));
    TAKEN(sentry_log_info("%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d%d", 1, 2, 3, 4, 5, 6, 7, 8, 9,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3));
    CHECK(sentry_log_info(NULL) == SENTRY_LOG_RETURN_FAILED);
    flush();
}

static void long_texts(void)
{
    size_t length = 3 * 1024 * 1024;
    char *text = (char *)malloc(length + 1);
    CHECK(text != NULL);
    memset(text, 'l', length);
    text[length] = '\0';
    TAKEN(sentry_log_info("%.5000s", text));
    /* The whole entry would be more than a server takes. */
    CHECK(sentry_log_info("%s", text) == SENTRY_LOG_RETURN_FAILED);
    CHECK(strstr(sentry_last_error_message(), "1 MiB") != NULL);
    free(text);
    flush();
}

static void attributes(const char *dsn)
{
    sentry_options_t *opts = options(dsn);
    sentry_value_t mine = one("own", sentry_value_new_int32(1));
    sentry_scope_t *scope;
    sentry_options_set_logs_with_attributes(opts, 1);
    CHECK(sentry_init(opts) == 0);
    sentry_set_attribute("who", sentry_value_new_attribute(sentry_value_new_string("global"), NULL));
    sentry_set_attribute("global", sentry_value_new_attribute(sentry_value_new_double(2.5), "second"));
    sentry_set_user(sentry_value_new_user("7", "name", "mail", NULL));

    sentry_value_incref(mine);
    TAKEN(sentry_log_info("n=%d", mine, 3));
    CHECK(sentry_value_refcount(mine) == 1);
    CHECK(sentry_value_get_length(mine) == 1);
    TAKEN(sentry_log_info("none", sentry_value_new_null()));
    /* No object: left out. */
    TAKEN(sentry_log_info("text", sentry_value_new_string("no object")));
    sentry_value_incref(mine);
    CHECK(sentry_log_info(NULL, mine) == SENTRY_LOG_RETURN_FAILED);
    CHECK(sentry_value_refcount(mine) == 1);

    scope = sentry_local_scope_new();
    sentry_scope_set_attribute(scope, "who", sentry_value_new_attribute(sentry_value_new_string("scope"), NULL));
    sentry_scope_set_attribute(scope, "scope", sentry_value_new_attribute(sentry_value_new_bool(1), NULL));
    TAKEN(sentry_scope_capture_log(scope, SENTRY_LEVEL_WARNING, "of a scope", sentry_value_new_null()));
    TAKEN(sentry_log((sentry_level_t)77, "%d literally", one("who", sentry_value_new_string("call"))));
    sentry_value_decref(mine);
    flush();

    COUNTED(sentry_metrics_count("requests", 2, one("route", sentry_value_new_string("/"))));
    COUNTED(sentry_metrics_gauge("load", 0.5, NULL, sentry_value_new_null()));
    COUNTED(sentry_metrics_distribution("time", 1.5, SENTRY_UNIT_MILLISECOND, sentry_value_new_null()));
    scope = sentry_local_scope_new();
    sentry_scope_set_attribute(scope, "who", sentry_value_new_attribute(sentry_value_new_string("scope"), NULL));
    COUNTED(sentry_scope_capture_metric(scope, SENTRY_METRIC_COUNT, "scoped", sentry_value_new_int64(-1), "",
        sentry_value_new_null()));
    CHECK(sentry_metrics_gauge("nan", NAN, NULL, sentry_value_new_null()) == SENTRY_METRICS_RESULT_FAILED);
    CHECK(sentry_metrics_distribution("inf", INFINITY, NULL, sentry_value_new_null()) == SENTRY_METRICS_RESULT_FAILED);
    CHECK(sentry_metrics_count(NULL, 1, sentry_value_new_null()) == SENTRY_METRICS_RESULT_FAILED);
    CHECK(sentry_metrics_count("", 1, sentry_value_new_null()) == SENTRY_METRICS_RESULT_FAILED);
    CHECK(sentry_scope_capture_metric(NULL, SENTRY_METRIC_GAUGE, "text", sentry_value_new_string("1"), NULL,
              sentry_value_new_null())
        == SENTRY_METRICS_RESULT_FAILED);
    CHECK(sentry_scope_capture_metric(NULL, (sentry_metric_type_t)9, "kind", sentry_value_new_int32(1), NULL,
              sentry_value_new_null())
        == SENTRY_METRICS_RESULT_FAILED);
    {
        char large[3000];
        memset(large, 'x', sizeof large - 1);
        large[sizeof large - 1] = '\0';
        CHECK(sentry_metrics_count(large, 1, sentry_value_new_null()) == SENTRY_METRICS_RESULT_FAILED);
    }
    sentry_close();
}

static sentry_value_t before_log(sentry_value_t log, void *user_data)
{
    const char *body = sentry_value_as_string(sentry_value_get_by_key(log, "body"));
    CHECK(user_data != NULL);
    if (strcmp(body, "drop") == 0) {
        sentry_value_decref(log);
        return sentry_value_new_null();
    }
    if (strcmp(body, "lose") == 0) {
        sentry_value_remove_by_key(log, "trace_id");
        sentry_value_set_by_key(log, "timestamp", sentry_value_new_null());
    }
    if (strcmp(body, "no object") == 0) {
        sentry_value_decref(log);
        return sentry_value_new_int32(1);
    }
    sentry_value_set_by_key(log, "body", sentry_value_new_string("seen"));
    return log;
}

static sentry_value_t before_metric(sentry_value_t metric, void *user_data)
{
    (void)user_data;
    if (sentry_value_as_double(sentry_value_get_by_key(metric, "value")) < 0) {
        sentry_value_decref(metric);
        return sentry_value_new_null();
    }
    sentry_value_set_by_key(metric, "name", sentry_value_new_string("renamed"));
    return metric;
}

static void hooks(const char *dsn)
{
    static int data;
    sentry_options_t *opts = options(dsn);
    sentry_options_set_before_send_log(opts, before_log, &data);
    sentry_options_set_before_send_metric(opts, before_metric, NULL);
    CHECK(sentry_init(opts) == 0);
    TAKEN(sentry_log_info("pass %d", 1));
    CHECK(sentry_log_info("drop") == SENTRY_LOG_RETURN_DISCARD);
    TAKEN(sentry_log_info("lose"));
    CHECK(sentry_log_info("no object") == SENTRY_LOG_RETURN_FAILED);
    COUNTED(sentry_metrics_count("name", 1, sentry_value_new_null()));
    CHECK(sentry_metrics_count("name", -1, sentry_value_new_null()) == SENTRY_METRICS_RESULT_DISCARD);
    /* At the close everything goes that is there. */
    CHECK(sentry_close() == 0);
}

static void off(const char *dsn)
{
    sentry_options_t *opts = options(dsn);
    sentry_options_set_enable_logs(opts, 0);
    sentry_options_set_enable_metrics(opts, 0);
    CHECK(sentry_log_info("%d", 1) == SENTRY_LOG_RETURN_DISABLED);
    CHECK(sentry_metrics_count("n", 1, sentry_value_new_null()) == SENTRY_METRICS_RESULT_DISABLED);
    CHECK(sentry_init(opts) == 0);
    CHECK(sentry_log_info("%d", 1) == SENTRY_LOG_RETURN_DISABLED);
    CHECK(sentry_metrics_count("n", 1, sentry_value_new_null()) == SENTRY_METRICS_RESULT_DISABLED);
    CHECK(sentry_close() == 0);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    off(argv[1]);
    CHECK(sentry_init(options(argv[1])) == 0);
    formats();
    long_texts();
    CHECK(sentry_close() == 0);
    attributes(argv[1]);
    hooks(argv[1]);
    return 0;
}
