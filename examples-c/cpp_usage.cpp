// From C++: options and the library's running time tied to scopes, exceptions reported with their type.
//
//   c++ -std=c++17 -o cpp_usage cpp_usage.cpp $(pkg-config --cflags --libs sentry)
//   ./cpp_usage https://key@sentry.example.com/1
#include <sentry.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

struct OptionsDeleter {
    void operator()(sentry_options_t *options) const { sentry_options_free(options); }
};
using Options = std::unique_ptr<sentry_options_t, OptionsDeleter>;

// Starts the library and stops it when the scope ends, whichever way it ends.
class Reporting {
public:
    explicit Reporting(Options options)
    {
        // sentry_init takes the options over, also when it fails.
        if (sentry_init(options.release()) != 0) {
            throw std::runtime_error(std::string("sentry_init: ") + sentry_last_error_message());
        }
    }
    ~Reporting() { sentry_shutdown(); }
    Reporting(const Reporting &) = delete;
    Reporting &operator=(const Reporting &) = delete;
};

// The text as it may stand between the quotes of a JSON string.
std::string json_text(const std::string &text)
{
    static const char HEX[] = "0123456789abcdef";
    std::string escaped;
    for (unsigned char byte : text) {
        if (byte == '"' || byte == '\\') {
            escaped += '\\';
            escaped += static_cast<char>(byte);
        } else if (byte < 0x20) {
            escaped += "\\u00";
            escaped += HEX[byte >> 4];
            escaped += HEX[byte & 15];
        } else {
            escaped += static_cast<char>(byte);
        }
    }
    return escaped;
}

sentry_status_t report(const char *type, const std::exception &error, sentry_uuid_t *event_id)
{
    const std::string event = std::string("{\"level\": \"error\", \"exception\": {\"values\": [{\"type\": \"") + type
        + "\", \"value\": \"" + json_text(error.what())
        + "\", \"mechanism\": {\"type\": \"generic\", \"handled\": true}}]}}";
    return sentry_capture_n(event.data(), event.size(), event_id);
}

} // namespace

int main(int argc, char **argv)
{
    const char *dsn = argc > 1 ? argv[1] : std::getenv("SENTRY_DSN");
    if (dsn == nullptr) {
        std::cerr << "usage: " << argv[0] << " DSN\n";
        return 2;
    }
    try {
        Options options(sentry_options_new());
        if (!options) {
            throw std::bad_alloc();
        }
        sentry_options_set_dsn(options.get(), dsn);
        Reporting reporting(std::move(options));
        try {
            std::stoi("seven \"7\"");
        } catch (const std::invalid_argument &error) {
            sentry_uuid_t event_id;
            const sentry_status_t status = report("std::invalid_argument", error, &event_id);
            if (status != SENTRY_STATUS_OK) {
                throw std::runtime_error(sentry_status_message(status));
            }
            char id_text[37];
            sentry_uuid_as_string(&event_id, id_text);
            std::cout << "accepted " << id_text << '\n';
        }
        return sentry_flush(5000) == 0 ? 0 : 1;
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}
