// sentry::install_qt_message_handler: Qt's messages become events and breadcrumbs.
//
// Header-only; part of libsentry. Call it once, before the messages of interest. Each message goes to
// sentry_log_message with its category as the logger, and then to the handler that was installed before. A fatal one,
// after which Qt ends the process, waits at most two seconds for its event.

#ifndef SENTRY_QT_HPP_INCLUDED
#define SENTRY_QT_HPP_INCLUDED

#include <sentry.h>

#include <QtCore/QByteArray>
#include <QtCore/QString>
#include <QtCore/qlogging.h>

#include <atomic>
#include <cstddef>
#include <cstring>

namespace sentry {

inline sentry_level_t qt_level(QtMsgType type)
{
    switch (type) {
    case QtDebugMsg:
        return SENTRY_LEVEL_DEBUG;
    case QtInfoMsg:
        return SENTRY_LEVEL_INFO;
    case QtWarningMsg:
        return SENTRY_LEVEL_WARNING;
    case QtCriticalMsg:
        return SENTRY_LEVEL_ERROR;
    default:
        return SENTRY_LEVEL_FATAL;
    }
}

namespace detail {

    inline std::atomic<QtMessageHandler> &previous_qt_handler()
    {
        static std::atomic<QtMessageHandler> handler(nullptr);
        return handler;
    }

} // namespace detail

inline void qt_message_handler(
    QtMsgType type, const QMessageLogContext &context, const QString &message)
{
    const QByteArray text = message.toUtf8();
    const char *category = context.category;
    const std::size_t category_len = category == nullptr ? 0 : std::strlen(category);
    sentry_log_message_n(qt_level(type), category, category_len, text.constData(),
        static_cast<std::size_t>(text.size()));
    if (type == QtFatalMsg) {
        sentry_flush(2000);
    }
    if (QtMessageHandler previous = detail::previous_qt_handler().load()) {
        previous(type, context, message);
    }
}

inline void install_qt_message_handler()
{
    const QtMessageHandler previous = qInstallMessageHandler(qt_message_handler);
    // Installed twice it would be its own predecessor.
    if (previous != qt_message_handler) {
        detail::previous_qt_handler().store(previous);
    }
}

} // namespace sentry

#endif
