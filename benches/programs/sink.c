/* A server that costs little: answers every request with 200, or never, and counts.
 *
 * The clients share the machine with it, so it must not be what limits them: one thread for each connection, no parsing
 * beyond the length of the body, nothing kept.
 *
 * cc -O2 -pthread sink.c -o sink && ./sink ok|hang
 *
 * Prints its port, then answers each line on standard input with "REQUESTS EVENTS BYTES": answered requests, event items
 * in uncompressed bodies, bytes of bodies. Ends with its input. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static const char ANSWER[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 41\r\n\r\n"
                             "{\"id\":\"0123456789abcdef0123456789abcdef\"}";
static const char CONTINUE[] = "HTTP/1.1 100 Continue\r\n\r\n";
static const char EVENT[] = "\"type\":\"event\"";

enum { BUFFER = 1 << 16 };

static int hangs;
static atomic_long requests, events, bytes;

/* The value of a header, as a number; -1 without it. */
static long header_number(const char *head, const char *name) {
    const char *line = strcasestr(head, name);
    return line ? strtol(line + strlen(name), NULL, 10) : -1;
}

/* Reads until `have` holds `want` bytes; 0 at the end of the connection. */
static int read_more(int connection, char *buffer, size_t *have) {
    ssize_t count = read(connection, buffer + *have, BUFFER - 1 - *have);
    if (count <= 0) return 0;
    *have += (size_t)count;
    buffer[*have] = 0;
    return 1;
}

static void serve(int connection, char *buffer) {
    size_t have = 0;
    for (;;) {
        char *body;
        buffer[have] = 0;
        while (!(body = memmem(buffer, have, "\r\n\r\n", 4))) {
            if (have >= BUFFER - 1 || !read_more(connection, buffer, &have)) return;
        }
        body += 4;
        body[-1] = 0;
        long length = header_number(buffer, "\r\ncontent-length:");
        int is_chunked = strcasestr(buffer, "\r\ntransfer-encoding: chunked") != NULL;
        if (strcasestr(buffer, "\r\nexpect: 100") && write(connection, CONTINUE, sizeof CONTINUE - 1) < 0) return;
        have -= (size_t)(body - buffer);
        memmove(buffer, body, have);
        buffer[have] = 0;
        long taken = 0;
        int has_event = 0;
        for (;;) {
            /* Bodies are looked at piece by piece; the item header stands near the beginning. */
            if (taken == 0 && have) has_event = memmem(buffer, have, EVENT, sizeof EVENT - 1) != NULL;
            if (is_chunked) {
                char *end = have >= 5 ? memmem(buffer, have, "0\r\n\r\n", 5) : NULL;
                if (end) {
                    taken += end - buffer;
                    have -= (size_t)(end + 5 - buffer);
                    memmove(buffer, end + 5, have);
                    break;
                }
                if (have > 4) {
                    taken += (long)have - 4;
                    memmove(buffer, buffer + have - 4, 4);
                    have = 4;
                }
            } else {
                long rest = (length < 0 ? 0 : length) - taken;
                size_t part = have < (size_t)rest ? have : (size_t)rest;
                taken += (long)part;
                have -= part;
                memmove(buffer, buffer + part, have);
                if (taken >= (length < 0 ? 0 : length)) break;
            }
            if (!read_more(connection, buffer, &have)) return;
        }
        atomic_fetch_add(&requests, 1);
        atomic_fetch_add(&events, has_event);
        atomic_fetch_add(&bytes, taken);
        if (write(connection, ANSWER, sizeof ANSWER - 1) < 0) return;
    }
}

static void *connection_thread(void *argument) {
    int connection = (int)(long)argument;
    char *buffer = malloc(BUFFER);
    if (hangs) pause();
    if (buffer) serve(connection, buffer);
    free(buffer);
    close(connection);
    return NULL;
}

static void *accept_thread(void *argument) {
    int listener = (int)(long)argument, on = 1;
    while (listener >= 0) {
        int connection = accept(listener, NULL, NULL);
        pthread_t thread;
        if (connection < 0) continue;
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (pthread_create(&thread, NULL, connection_thread, (void *)(long)connection)) close(connection);
        else pthread_detach(thread);
    }
    return NULL;
}

int main(int argc, char **argv) {
    hangs = argc > 1 && strcmp(argv[1], "hang") == 0;
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) || listen(listener, 64) ||
        getsockname(listener, (struct sockaddr *)&address, &length)) {
        perror("sink");
        return 1;
    }
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    pthread_t thread;
    if (pthread_create(&thread, NULL, accept_thread, (void *)(long)listener)) return 1;
    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        printf("%ld %ld %ld\n", atomic_load(&requests), atomic_load(&events), atomic_load(&bytes));
        fflush(stdout);
    }
    return 0;
}
