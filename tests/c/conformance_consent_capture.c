/* Consent is decided when something is captured: what was refused then is never sent, for every kind of capture, although
 * consent comes before the worker looks; and a revocation takes back what had not left. A transport that waits inside its
 * send function keeps the worker busy meanwhile. Usage: program DSN. C99 and C++17. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <semaphore.h>

/* Deprecated functions still work. */
SENTRY_SUPPRESS_DEPRECATED

static sem_t entered, leave;
static int sent, waits;

static void on_send(sentry_envelope_t *envelope, void *state)
{
    size_t size = 0;
    char *bytes = sentry_envelope_serialize(envelope, &size);
    (void)state;
    CHECK(bytes != NULL);
    CHECK(memmem(bytes, size, "refused", 7) == NULL);
    CHECK(memmem(bytes, size, "taken back", 10) == NULL);
    CHECK(memmem(bytes, size, "heard", 5) != NULL);
    sent++;
    sentry_free(bytes);
    sentry_envelope_free(envelope);
    if (waits) {
        sem_post(&entered);
        while (sem_wait(&leave) != 0) {
        }
    }
}

static void start(const char *dsn)
{
    sentry_options_t *options = sentry_options_new();
    sentry_options_set_dsn(options, dsn);
    sentry_options_set_database_path(options, "");
    sentry_options_set_release(options, "app@1");
    sentry_options_set_auto_session_tracking(options, 0);
    sentry_options_set_require_user_consent(options, 1);
    sentry_options_set_send_client_reports(options, 0);
    sentry_options_set_shutdown_timeout(options, 60000); /* under valgrind, on a busy machine */
    sentry_options_set_transport(options, sentry_transport_new(on_send));
    sent = 0;
    CHECK_EQ(sentry_init(options), 0);
}

static sentry_value_t event(const char *text)
{
    return sentry_value_new_message_event(SENTRY_LEVEL_ERROR, NULL, text);
}

/* Captures everything that there is to capture; all of it is refused. */
static void capture_all(const char *file)
{
    static const char text[] = "{\"event_id\":\"9ec79c33ec9942ab8353589fcb2e04dc\"}\n"
                               "{\"type\":\"event\",\"length\":21}\n{\"message\":\"refused\"}";
    sentry_uuid_t id, last;
    sentry_scope_t *scope = sentry_scope_new();
    sentry_value_t user = sentry_value_new_object();
    CHECK_EQ(sentry_capture("{\"message\":\"refused\"}", NULL), SENTRY_STATUS_NO_CONSENT);
    CHECK_EQ(sentry_capture_message(SENTRY_LEVEL_ERROR, NULL, "refused", NULL), SENTRY_STATUS_NO_CONSENT);
    CHECK_EQ(sentry_log_message(SENTRY_LEVEL_ERROR, NULL, "refused"), SENTRY_STATUS_NO_CONSENT);
    CHECK(strstr(sentry_last_error_message(), "consent") != NULL);
    /* To the compatible functions it is no failure. */
    id = sentry_capture_event(event("refused"));
    last = sentry_get_last_event_id();
    CHECK(!sentry_uuid_is_nil(&id));
    CHECK_EQ(memcmp(&id, &last, sizeof id), 0);
    id = sentry_scope_capture_event(scope, event("refused"));
    last = sentry_scope_get_last_event_id(scope);
    CHECK(!sentry_uuid_is_nil(&id));
    CHECK_EQ(memcmp(&id, &last, sizeof id), 0);
    id = sentry_scope_capture_feedback(scope, sentry_value_new_feedback("refused", NULL, NULL, NULL), NULL);
    CHECK(!sentry_uuid_is_nil(&id));
    sentry_scope_free(scope);
    sentry_capture_feedback(sentry_value_new_feedback("refused", NULL, NULL, NULL));
    sentry_capture_user_feedback(sentry_value_new_user_feedback(&id, "refused", NULL, NULL));
    sentry_capture_envelope(sentry_envelope_deserialize(text, sizeof text - 1));
    CHECK(strstr(sentry_last_error_message(), "consent") != NULL);
    sentry_set_tag("tag", "refused");
    id = sentry_capture_minidump(file);
    CHECK(!sentry_uuid_is_nil(&id));
    sentry_remove_tag("tag");
    sentry_value_set_by_key(user, "id", sentry_value_new_string("refused"));
    sentry_set_user(user);
    sentry_start_session();
    sentry_end_session();
    sentry_remove_user();
    CHECK_EQ(host_check_account().discarded_by_reason[SENTRY_DISCARD_NO_CONSENT], 7);
    CHECK_EQ(host_stats().categories[SENTRY_CATEGORY_FEEDBACK].discarded_by_reason[SENTRY_DISCARD_NO_CONSENT], 3);
    CHECK_EQ(host_stats().categories[SENTRY_CATEGORY_SESSION].discarded_by_reason[SENTRY_DISCARD_NO_CONSENT], 1);
}

static void consent_that_comes_at_once(const char *dsn, const char *file)
{
    start(dsn);
    capture_all(file);
    sentry_user_consent_give();
    CHECK_EQ(sentry_capture("{\"message\":\"heard\"}", NULL), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_close(), 0);
    CHECK_EQ(sent, 1);
}

static void consent_while_the_worker_is_busy(const char *dsn, const char *file)
{
    waits = 1;
    start(dsn);
    sentry_user_consent_give();
    CHECK_EQ(sentry_capture("{\"message\":\"heard\"}", NULL), SENTRY_STATUS_OK);
    while (sem_wait(&entered) != 0) {
    }
    CHECK_EQ(sentry_capture("{\"message\":\"taken back\"}", NULL), SENTRY_STATUS_OK);
    sentry_user_consent_revoke();
    capture_all(file);
    sentry_user_consent_reset();
    sentry_user_consent_give();
    CHECK_EQ(sentry_capture("{\"message\":\"heard\"}", NULL), SENTRY_STATUS_OK);
    waits = 0;
    sem_post(&leave);
    CHECK_EQ(sentry_flush(60000), 0);
    CHECK_EQ(sent, 2);
    CHECK_EQ(host_check_account().delivered, 2);
    CHECK_EQ(host_check_account().discarded_by_reason[SENTRY_DISCARD_NO_CONSENT], 8);
    CHECK_EQ(sentry_close(), 0);
}

int main(int argc, char **argv)
{
    CHECK(argc == 2);
    CHECK_EQ(sem_init(&entered, 0, 0), 0);
    CHECK_EQ(sem_init(&leave, 0, 0), 0);
    consent_that_comes_at_once(argv[1], argv[0]);
    consent_while_the_worker_is_busy(argv[1], argv[0]);
    return 0;
}
