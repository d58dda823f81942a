/* What the programs of the logging adapters share: lines through the adapter, first to a server that takes them, then
 * to one that does not, with the library's own diagnostics going through the same adapter, as errors.
 *
 * A program defines `write_line` before it includes this. Arguments: both DSNs. */

#include <sentry.h>
#include <stdarg.h>
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

#define LOST 20

static sentry_options_t *adapter_options(const char *dsn)
{
    sentry_options_t *options = sentry_options_new();
    CHECK(options != NULL);
    sentry_options_set_dsn(options, dsn);
    sentry_options_set_database_path(options, "");
    sentry_options_set_shutdown_timeout(options, 30000);
    return options;
}

/* The last line, for a logger that passes lines to a thread of its own. */
static char adapter_line[300];

/* Every line of the library becomes an error of the host, on whatever thread: the worst that a host can do. */
static void adapter_diagnostics(
    sentry_level_t level, const char *format, va_list arguments, void *userdata)
{
    char line[300];
    vsnprintf(line, sizeof(line), format, arguments);
    CHECK(strncmp(line, "libsentry: ", 11) == 0);
    write_line(SENTRY_LEVEL_ERROR, line);
    if (level >= SENTRY_LEVEL_WARNING) {
        /* Only the library's own thread loses events here, and it is idle when this is read. */
        strcpy(adapter_line, line);
    }
    __atomic_add_fetch((unsigned *)userdata, 1u, __ATOMIC_RELAXED);
}

static sentry_category_stats_t adapter_errors(void)
{
    sentry_stats_t stats;
    memset(&stats, 0, sizeof(stats));
    stats.size = sizeof(stats);
    CHECK(sentry_get_stats(&stats) == SENTRY_STATUS_OK);
    return stats.categories[SENTRY_CATEGORY_ERROR];
}

static int adapter_main(int argc, char **argv)
{
    unsigned said = 0;
    int i;
    sentry_options_t *options;
    sentry_category_stats_t errors;
    CHECK(argc == 3);

    options = adapter_options(argv[1]);
    sentry_options_set_send_log_messages(options, 1);
    CHECK(sentry_init(options) == 0);
    write_line(SENTRY_LEVEL_DEBUG, "neither");
    write_line(SENTRY_LEVEL_INFO, "crumb");
    write_line(SENTRY_LEVEL_WARNING, "100%s crumb");
    write_line(SENTRY_LEVEL_ERROR, "event");
    CHECK(sentry_close() == 0);

    options = adapter_options(argv[2]);
    sentry_options_set_debug(options, 1);
    sentry_options_set_logger(options, adapter_diagnostics, &said);
    CHECK(sentry_init(options) == 0);
    for (i = 0; i < LOST; i++) {
        write_line(SENTRY_LEVEL_ERROR, "lost");
        CHECK(sentry_flush(20000) == 0);
    }
    CHECK(adapter_line[0] != 0);
    write_line(SENTRY_LEVEL_ERROR, adapter_line);
    errors = adapter_errors();
    /* The library spoke at every loss, and each time the adapter was refused; nothing of it was queued. */
    CHECK(__atomic_load_n(&said, __ATOMIC_RELAXED) > LOST);
    CHECK(errors.discarded == LOST);
    CHECK(errors.captured == LOST);
    sentry_close();
    return 0;
}
