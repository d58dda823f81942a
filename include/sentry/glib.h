/* sentry_glib_log_writer: GLib's log lines become events and breadcrumbs.
 *
 * Header-only; part of libsentry. Install it once, before anything is logged:
 *
 *     g_log_set_writer_func(sentry_glib_log_writer, NULL, NULL);
 *
 * Each line goes to sentry_log_message with its domain as the logger, and then where GLib would have written it. g_log,
 * g_warning and the like reach the writer only when G_LOG_USE_STRUCTURED is defined before <glib.h> is included, or
 * through the default handler of GLib.
 */

#ifndef SENTRY_GLIB_H_INCLUDED
#define SENTRY_GLIB_H_INCLUDED

#include <sentry.h>

#include <glib.h>
#include <string.h>

/* Longest wait for the event of a line after which GLib ends the process, in milliseconds. */
#ifndef SENTRY_GLIB_FATAL_TIMEOUT_MS
#    define SENTRY_GLIB_FATAL_TIMEOUT_MS 2000
#endif

static inline sentry_level_t sentry_glib_level(GLogLevelFlags flags)
{
    if ((flags & (G_LOG_LEVEL_ERROR | G_LOG_FLAG_FATAL)) != 0) {
        return SENTRY_LEVEL_FATAL;
    }
    if ((flags & G_LOG_LEVEL_CRITICAL) != 0) {
        return SENTRY_LEVEL_ERROR;
    }
    if ((flags & G_LOG_LEVEL_WARNING) != 0) {
        return SENTRY_LEVEL_WARNING;
    }
    if ((flags & (G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO)) != 0) {
        return SENTRY_LEVEL_INFO;
    }
    return SENTRY_LEVEL_DEBUG;
}

/* A GLogWriterFunc. */
static inline GLogWriterOutput sentry_glib_log_writer(
    GLogLevelFlags flags, const GLogField *fields, gsize n_fields, gpointer user_data)
{
    const sentry_level_t level = sentry_glib_level(flags);
    const char *text = NULL, *domain = NULL;
    size_t text_len = 0, domain_len = 0;
    gsize i;

    for (i = 0; i < n_fields; i++) {
        const char *value = (const char *)fields[i].value;
        /* A negative length stands for a terminated text. */
        const size_t length = value == NULL ? 0
            : fields[i].length < 0          ? strlen(value)
                                            : (size_t)fields[i].length;
        if (strcmp(fields[i].key, "MESSAGE") == 0) {
            text = value;
            text_len = length;
        } else if (strcmp(fields[i].key, "GLIB_DOMAIN") == 0) {
            domain = value;
            domain_len = length;
        }
    }
    if (text != NULL) {
        sentry_log_message_n(level, domain, domain_len, text, text_len);
        if (level == SENTRY_LEVEL_FATAL) {
            sentry_flush(SENTRY_GLIB_FATAL_TIMEOUT_MS);
        }
    }
    return g_log_writer_default(flags, fields, n_fields, user_data);
}

#endif
