/* The floor: libcurl alone, one handle, keep-alive, the same number of bytes for each request.
 *
 * cc -O2 floor.c -lcurl && ./a.out burst URL COUNT BYTES     CPU and rate of COUNT requests
 *                          ./a.out idle                     memory of a process that has only set libcurl up
 *                          ./a.out load LIBRARY             seconds that loading a shared library takes */
#define _GNU_SOURCE
#include "measure.h"
#include <curl/curl.h>
#include <dlfcn.h>

static size_t swallow(char *data, size_t size, size_t count, void *user) {
    (void)data, (void)user;
    return size * count;
}

static void burst(const char *url, long count, long bytes) {
    char *body = malloc((size_t)bytes);
    memset(body, 'x', (size_t)bytes);
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/x-sentry-envelope");
    headers = curl_slist_append(headers, "Expect:");
    headers = curl_slist_append(headers, "X-Sentry-Auth: Sentry sentry_key=k, sentry_version=7, sentry_client=floor/1.0");
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, swallow);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, bytes);
    curl_easy_perform(easy);
    double cpu = cpu_seconds();
    uint64_t from = now_ns();
    long delivered = 0;
    for (long at = 0; at < count; at++) delivered += curl_easy_perform(easy) == CURLE_OK;
    double seconds = (double)(now_ns() - from) / 1e9;
    cpu = cpu_seconds() - cpu;
    printf("{\"delivered\":%ld,\"seconds\":%.4f,\"per_second\":%.0f,\"cpu\":%.4f,\"cpu_per_10000\":%.4f}\n", delivered, seconds,
           (double)delivered / seconds, cpu, cpu * 10000 / (double)delivered);
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "load") == 0) {
        curl_global_init(CURL_GLOBAL_DEFAULT);
        uint64_t from = now_ns();
        void *library = dlopen(argv[2], RTLD_NOW);
        double seconds = (double)(now_ns() - from) / 1e9;
        if (!library) {
            fprintf(stderr, "%s\n", dlerror());
            return 1;
        }
        printf("{\"seconds\":%.6f}\n", seconds);
        return 0;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (argc == 5 && strcmp(argv[1], "burst") == 0) {
        burst(argv[2], strtol(argv[3], NULL, 10), strtol(argv[4], NULL, 10));
    } else {
        printf("{\"idle_kib\":%ld,\"idle_anonymous_kib\":%ld}\n", proc_number("status", "VmRSS:"), proc_number("status", "RssAnon:"));
    }
    return 0;
}
