/* Name servers that never answer, and names that do not exist. Started by tests/host_dns.rs as
 * `host_dns SCENARIO DIRECTORY`; the directory holds the resolv.conf and nsswitch.conf to use.
 *
 * The process moves into a mount and a network of its own, where port 53 is free; it ends with 77 and a reason where
 * the system does not allow that. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

#define NOT_POSSIBLE 77

static void require(int succeeded, const char *what)
{
    if (!succeeded) {
        printf("%s: %s\n", what, strerror(errno));
        fflush(stdout);
        _exit(NOT_POSSIBLE);
    }
}

static void write_file(const char *path, const char *text)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    require(file >= 0, path);
    require(write(file, text, strlen(text)) == (ssize_t)strlen(text), path);
    close(file);
}

static void replace_file(const char *name)
{
    char ours[4096], theirs[64];
    snprintf(ours, sizeof ours, "%s/%s", host_dsn, name);
    snprintf(theirs, sizeof theirs, "/etc/%s", name);
    require(mount(ours, theirs, NULL, MS_BIND, NULL) == 0, theirs);
}

/* Returns a socket on the name server's port, which nobody reads. */
static int own_world(void)
{
    char map[64];
    uid_t user = getuid();
    gid_t group = getgid();
    struct ifreq loopback;
    struct sockaddr_in address;
    int server;
    if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0) {
        require(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET) == 0, "unshare");
        write_file("/proc/self/setgroups", "deny");
        snprintf(map, sizeof map, "0 %u 1", (unsigned)user);
        write_file("/proc/self/uid_map", map);
        snprintf(map, sizeof map, "0 %u 1", (unsigned)group);
        write_file("/proc/self/gid_map", map);
    }
    require(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "private mounts");
    replace_file("resolv.conf");
    replace_file("nsswitch.conf");
    server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    require(server >= 0, "socket");
    memset(&loopback, 0, sizeof loopback);
    strcpy(loopback.ifr_name, "lo");
    loopback.ifr_flags = IFF_UP;
    require(ioctl(server, SIOCSIFFLAGS, &loopback) == 0, "loopback interface");
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons(53);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    require(bind(server, (struct sockaddr *)&address, sizeof address) == 0, "port of the name server");
    return server;
}

static sentry_options_t *named_server(void)
{
    sentry_options_t *options = host_options();
    sentry_options_set_dsn(options, "http://key@sentry.example.com:8000/42");
    sentry_options_set_shutdown_timeout(options, 500);
    return options;
}

static void await_question(int server)
{
    struct pollfd question;
    question.fd = server;
    question.events = POLLIN;
    CHECK_EQ(poll(&question, 1, (int)HOST_GUARD_S * 1000), 1);
}

static void check_time(const char *what, uint64_t start, uint64_t timeout_ms)
{
    uint64_t took = host_now_ms() - start;
    if (took > timeout_ms + HOST_MARGIN_MS)
        host_fail_number(what, (long long)took, (long long)timeout_ms, __FILE__, __LINE__);
}

/* Captures, and returns when the name server was asked. */
static void begin_lookup(int server, sentry_options_t *options)
{
    char question[512];
    CHECK_EQ(sentry_init(options), 0);
    while (recv(server, question, sizeof question, MSG_DONTWAIT) > 0) {
    }
    for (int i = 0; i < 3; i++)
        CHECK_EQ(host_capture("nobody hears"), SENTRY_STATUS_OK);
    await_question(server);
}

static void silent(void)
{
    int server = own_world();
    uint64_t start;
    char *report;
    /* Each round leaves a lookup that hangs; later ones would not be begun any more, and nobody asked. */
    for (int round = 0; round < 2; round++) {
        begin_lookup(server, named_server());
        start = host_now_ms();
        CHECK_EQ(sentry_flush(300), 1);
        check_time("time of sentry_flush in ms", start, 300);
        start = host_now_ms();
        CHECK_EQ(sentry_flush(0), 1);
        check_time("time of sentry_flush without time in ms", start, 0);
        CHECK_EQ(host_check_account().pending, 3);
        CHECK_EQ(host_close_within(500), 3);
    }
    CHECK_EQ(sentry_init(named_server()), 0);
    start = host_now_ms();
    report = sentry_self_test(300);
    check_time("time of sentry_self_test in ms", start, 300);
    CHECK(report != NULL);
    CHECK(strstr(report, "\"ok\":false") != NULL);
    sentry_free(report);
    CHECK_EQ(host_close_within(500), 0);
}

/* The connect time-out covers the lookup: the request fails, and the next attempt begins. */
static void time_out(void)
{
    int server = own_world();
    sentry_options_t *options = named_server();
    CHECK_EQ(sentry_options_set_connect_timeout_ms(options, 200), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_options_set_retries(options, 1000), SENTRY_STATUS_OK);
    begin_lookup(server, options);
    while (host_stats().requests_failed < 3)
        host_breathe();
    CHECK_EQ(host_stats().server_unreachable, 1);
    CHECK(host_stats().last_error[0] != 0);
    CHECK_EQ(host_check_account().pending, 3);
    CHECK_EQ(host_close_within(500), 3);
}

static int threads(void)
{
    return host_count_entries("/proc/self/task");
}

/* Far more attempts than threads, also from one start of the library to the next. */
static void bounded(void)
{
    enum { MOST_LOOKUPS = 4, OWN_AND_WORKER = 2 };
    int server = own_world();
    for (int round = 0; round < 3; round++) {
        sentry_options_t *options = named_server();
        CHECK_EQ(sentry_options_set_connect_timeout_ms(options, 1), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_options_set_retries(options, 1000), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_options_set_retry_backoff_ms(options, 1), SENTRY_STATUS_OK);
        CHECK_EQ(sentry_options_set_retry_backoff_max_ms(options, 1), SENTRY_STATUS_OK);
        if (round == 0) {
            begin_lookup(server, options);
        } else {
            CHECK_EQ(sentry_init(options), 0);
            CHECK_EQ(host_capture("nobody hears"), SENTRY_STATUS_OK);
        }
        while (host_stats().requests_failed < 30)
            host_breathe();
        if (threads() > MOST_LOOKUPS + OWN_AND_WORKER)
            host_fail_number("threads", threads(), MOST_LOOKUPS + OWN_AND_WORKER, __FILE__, __LINE__);
        CHECK_EQ(sentry_close(), round == 0 ? 3 : 1);
    }
}

static void *answer_one(void *listener)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}";
    char request[65536];
    int connection = accept(*(int *)listener, NULL, NULL);
    CHECK(connection >= 0);
    CHECK(recv(connection, request, sizeof request, 0) > 0);
    CHECK_EQ(send(connection, answer, sizeof answer - 1, MSG_NOSIGNAL), (ssize_t)sizeof answer - 1);
    /* The end of the request, and of the connection. */
    while (recv(connection, request, sizeof request, 0) > 0) {
    }
    close(connection);
    return NULL;
}

/* The name has two addresses; the first one takes no connection and refuses none. */
static void dead_ipv6(void)
{
    enum { FILLERS = 4 };
    struct sockaddr_in live_address;
    struct sockaddr_in6 dead_address;
    socklen_t length = sizeof live_address;
    sentry_options_t *options;
    char dsn[100];
    pthread_t server;
    int live, dead;
    (void)own_world();
    replace_file("hosts");
    live = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memset(&live_address, 0, sizeof live_address);
    live_address.sin_family = AF_INET;
    live_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    require(bind(live, (struct sockaddr *)&live_address, sizeof live_address) == 0, "address of IPv4");
    require(listen(live, 4) == 0, "listen");
    require(getsockname(live, (struct sockaddr *)&live_address, &length) == 0, "port");
    dead = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    require(dead >= 0, "IPv6");
    memset(&dead_address, 0, sizeof dead_address);
    dead_address.sin6_family = AF_INET6;
    dead_address.sin6_addr = in6addr_loopback;
    dead_address.sin6_port = live_address.sin_port;
    require(bind(dead, (struct sockaddr *)&dead_address, sizeof dead_address) == 0, "address of IPv6");
    require(listen(dead, 0) == 0, "listen");
    /* They fill its queue, so that later connects are dropped. */
    for (int i = 0; i < FILLERS; i++) {
        int filler = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        CHECK(connect(filler, (struct sockaddr *)&dead_address, sizeof dead_address) == 0 || errno == EINPROGRESS);
    }
    CHECK_EQ(pthread_create(&server, NULL, answer_one, &live), 0);
    snprintf(dsn, sizeof dsn, "http://key@sentry.example.com:%d/42", ntohs(live_address.sin_port));
    options = named_server();
    sentry_options_set_dsn(options, dsn);
    CHECK_EQ(sentry_options_set_connect_timeout_ms(options, 150), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_options_set_retries(options, 0), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
    CHECK_EQ(host_capture("by the other way"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    CHECK_EQ(host_check_account().delivered, 1);
    CHECK_EQ(host_close_within(500), 0);
    CHECK_EQ(pthread_join(server, NULL), 0);
}

static uint64_t exit_began;

static void check_exit(void)
{
    check_time("time of exit in ms", exit_began, 500 + 50);
}

/* The exit handler, and a child that is forked in the middle of the lookup. */
static void at_exit_and_fork(void)
{
    int server = own_world();
    pid_t child;
    CHECK_EQ(atexit(check_exit), 0);
    begin_lookup(server, named_server());
    child = host_fork();
    if (child == 0) {
        CHECK_EQ(host_capture("nobody hears the child"), SENTRY_STATUS_OK);
        CHECK_EQ(host_close_within(500), 1);
        _exit(0);
    }
    host_await_child(child);
    exit_began = host_now_ms();
    exit(0);
}

/* The configuration of this scenario knows files only, so the name is not found at once. */
static void not_found(void)
{
    sentry_category_stats_t counts;
    sentry_options_t *options;
    (void)own_world();
    options = named_server();
    CHECK_EQ(sentry_options_set_retries(options, 2), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_init(options), 0);
    CHECK_EQ(host_capture("nobody hears"), SENTRY_STATUS_OK);
    CHECK_EQ(sentry_flush(20000), 0);
    counts = host_check_account();
    CHECK_EQ(counts.discarded_by_reason[SENTRY_DISCARD_NETWORK_ERROR], 1);
    CHECK_EQ(host_stats().requests, 3);
    CHECK(host_stats().last_error[0] != 0);
    CHECK_EQ(host_capture("nobody hears this one either"), SENTRY_STATUS_OK);
    CHECK_EQ(host_close_within(500), 1);
}

int main(int argc, char **argv)
{
    static const host_scenario_t scenarios[] = {
        {"silent", silent},
        {"time_out", time_out},
        {"bounded", bounded},
        {"dead_ipv6", dead_ipv6},
        {"at_exit_and_fork", at_exit_and_fork},
        {"not_found", not_found},
    };
    return host_main(argc, argv, scenarios, sizeof scenarios / sizeof scenarios[0]);
}
