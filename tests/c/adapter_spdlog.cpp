/* sentry::spdlog_sink against the real spdlog. */

#include <sentry/spdlog.hpp>
#include <spdlog/logger.h>

static spdlog::logger bakery("bakery", std::make_shared<sentry::spdlog_sink>());

static void write_line(sentry_level_t level, const char *text)
{
    bakery.log(static_cast<spdlog::level::level_enum>(level - SENTRY_LEVEL_TRACE), text);
}

#include "adapter.h"

/* A hook that logs through the same sink comes to an end. */
static sentry_value_t talkative(sentry_value_t event, void *, void *)
{
    bakery.info("from the hook");
    return event;
}

int main(int argc, char **argv)
{
    bakery.set_level(spdlog::level::trace);
    bakery.flush_on(spdlog::level::trace);
    const int result = adapter_main(argc, argv);

    sentry_options_t *options = adapter_options(argv[1]);
    sentry_options_set_before_send(options, talkative, nullptr);
    CHECK(sentry_init(options) == 0);
    bakery.critical("{} loaves burnt", 7);
    CHECK(sentry_close() == 0);
    return result;
}
