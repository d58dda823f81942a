/* sentry_glib_log_writer against the real GLib. */

#define G_LOG_DOMAIN "bakery"
#define G_LOG_USE_STRUCTURED 1
#include <sentry/glib.h>

static void write_line(sentry_level_t level, const char *text)
{
    const GLogLevelFlags levels[] = { G_LOG_LEVEL_DEBUG, G_LOG_LEVEL_DEBUG, G_LOG_LEVEL_MESSAGE,
        G_LOG_LEVEL_WARNING, G_LOG_LEVEL_CRITICAL, G_LOG_LEVEL_CRITICAL };
    g_log_structured(G_LOG_DOMAIN, levels[level - SENTRY_LEVEL_TRACE], "MESSAGE", "%s", text);
}

#include "adapter.h"

int main(int argc, char **argv)
{
    const GLogField fields[] = { { "MESSAGE", "by length, cut here", 9 },
        { "GLIB_DOMAIN", "kitchen", -1 }, { "PRIORITY", "4", -1 } };
    int result;
    g_log_set_writer_func(sentry_glib_log_writer, NULL, NULL);
    result = adapter_main(argc, argv);

    CHECK(sentry_init(adapter_options(argv[1])) == 0);
    g_log_structured_array(G_LOG_LEVEL_CRITICAL, fields, 3);
    CHECK(sentry_close() == 0);
    return result;
}
