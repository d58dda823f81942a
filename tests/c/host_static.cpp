// Captures from destructors of static and thread-local objects. Started by tests/host_exit.rs.
#include "host_check.h"

#include <thread>

namespace {

class capture_when_destroyed {
public:
    capture_when_destroyed(const char *text, sentry_status_t wanted) : text_(text), wanted_(wanted) {}
    ~capture_when_destroyed() { CHECK_EQ(host_capture(text_), wanted_); }
    void touch() { touched_ = true; }

private:
    const char *text_;
    sentry_status_t wanted_;
    bool touched_ = false;
};

// Made before init, so destroyed after the library's exit handler: a safe no-op.
capture_when_destroyed early("made before init", SENTRY_STATUS_DISABLED);

capture_when_destroyed &late()
{
    static capture_when_destroyed object("made after init", SENTRY_STATUS_OK);
    return object;
}

void use_thread_local()
{
    thread_local capture_when_destroyed object("thread-local", SENTRY_STATUS_OK);
    object.touch();
}

} // namespace

int main(int argc, char **argv)
{
    host_dsn = argc > 2 ? argv[2] : "";
    alarm(HOST_GUARD_S);
    early.touch();
    host_start();
    late().touch();
    use_thread_local(); // Of the main thread: destroyed before the exit handlers run.
    for (int i = 0; i < 5; i++)
        std::thread(use_thread_local).join();
    return 0;
}
