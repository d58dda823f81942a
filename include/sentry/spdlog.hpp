// sentry::spdlog_sink: spdlog's log lines become events and breadcrumbs.
//
// Header-only; part of libsentry. Add it to the sinks of a logger:
//
//     logger->sinks().push_back(std::make_shared<sentry::spdlog_sink>());
//
// Each line goes to sentry_log_message with the logger's name, without spdlog's pattern. The sink holds no lock: a hook
// that logs cannot stop at itself. Flushing the logger does not wait for the network; sentry_flush does.

#ifndef SENTRY_SPDLOG_HPP_INCLUDED
#define SENTRY_SPDLOG_HPP_INCLUDED

#include <sentry.h>

#include <spdlog/sinks/sink.h>

#include <memory>
#include <string>

namespace sentry {

inline sentry_level_t spdlog_level(spdlog::level::level_enum level)
{
    switch (level) {
    case spdlog::level::trace:
        return SENTRY_LEVEL_TRACE;
    case spdlog::level::debug:
        return SENTRY_LEVEL_DEBUG;
    case spdlog::level::info:
        return SENTRY_LEVEL_INFO;
    case spdlog::level::warn:
        return SENTRY_LEVEL_WARNING;
    case spdlog::level::err:
        return SENTRY_LEVEL_ERROR;
    default:
        return SENTRY_LEVEL_FATAL;
    }
}

class spdlog_sink final : public spdlog::sinks::sink {
public:
    void log(const spdlog::details::log_msg &message) override
    {
        sentry_log_message_n(spdlog_level(message.level), message.logger_name.data(),
            message.logger_name.size(), message.payload.data(), message.payload.size());
    }

    void flush() override {}
    void set_pattern(const std::string &) override {}
    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}
};

} // namespace sentry

#endif
