/* A transport of the program's own: envelopes go into a file instead of to a server. No DSN is needed.
 *
 *   cc -o custom_transport custom_transport.c $(pkg-config --cflags --libs sentry)
 *   ./custom_transport /var/tmp/envelopes
 */
#include <sentry.h>

#include <stdio.h>
#include <stdlib.h>

typedef struct {
    FILE *file;
    int failures;
} output_t;

/* In sentry_init, on its thread. Other than 0 makes it fail. */
static int start(const sentry_options_t *options, void *state)
{
    const char *release = sentry_options_get_release(options);
    printf("starting for %s\n", release != NULL ? release : "no release");
    return ((output_t *)state)->file == NULL;
}

/* On the library's thread, one call at a time. The envelope is ours now. */
static void send_envelope(sentry_envelope_t *envelope, void *state)
{
    output_t *output = (output_t *)state;
    size_t size = 0;
    char *bytes = sentry_envelope_serialize(envelope, &size);
    sentry_envelope_free(envelope);
    if (bytes == NULL || fwrite(bytes, 1, size, output->file) != size || fputc('\n', output->file) == EOF) {
        output->failures++;
    }
    sentry_free(bytes);
}

/* In sentry_flush, when the queue is empty; `timeout` is what is left of its time. */
static int flush_file(uint64_t timeout, void *state)
{
    (void)timeout;
    return fflush(((output_t *)state)->file) != 0;
}

/* Once, when no other function runs any more. */
static void close_file(void *state)
{
    output_t *output = (output_t *)state;
    if (output->file != NULL && fclose(output->file) != 0) {
        output->failures++;
    }
}

int main(int argc, char **argv)
{
    output_t output = { NULL, 0 };
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    output.file = fopen(argv[1], "wb");

    sentry_transport_t *transport = sentry_transport_new(send_envelope);
    sentry_options_t *options = sentry_options_new();
    if (transport == NULL || options == NULL) {
        fprintf(stderr, "out of memory\n");
        return 1;
    }
    sentry_transport_set_state(transport, &output);
    sentry_transport_set_startup_func(transport, start);
    sentry_transport_set_flush_func(transport, flush_file);
    sentry_transport_set_free_func(transport, close_file);
    sentry_options_set_transport(options, transport);
    sentry_options_set_release(options, "printer@1.0.0");
    sentry_options_set_database_path(options, "");
    if (sentry_init(options) != 0) {
        fprintf(stderr, "sentry_init: %s\n", sentry_last_error_message());
        return 1;
    }

    sentry_status_t status = sentry_capture_message(SENTRY_LEVEL_ERROR, "printer", "The paper tray is empty", NULL);
    if (status != SENTRY_STATUS_OK) {
        fprintf(stderr, "not accepted: %s\n", sentry_status_message(status));
    }
    if (sentry_flush(5000) != 0) {
        fprintf(stderr, "not everything is in the file\n");
    }
    int unsent = sentry_close();
    return status == SENTRY_STATUS_OK && unsent == 0 && output.failures == 0 ? 0 : 1;
}
