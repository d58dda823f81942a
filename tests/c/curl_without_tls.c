/* Stands for a libcurl without TLS: preloaded by tests/self_test.rs, it takes that out of what libcurl says of itself. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include <dlfcn.h>
#include <stdlib.h>

/* The beginning of curl_version_info_data. */
typedef struct {
    int age;
    const char *version;
    unsigned int version_number;
    const char *host;
    int features;
} version_info_t;

enum { FEATURE_SSL = 1 << 2 };

version_info_t *curl_version_info(int age);

version_info_t *curl_version_info(int age)
{
    version_info_t *(*real)(int) = NULL;
    version_info_t *info;
    *(void **)&real = dlsym(RTLD_NEXT, "curl_version_info");
    if (real == NULL)
        abort();
    info = real(age);
    info->features &= ~FEATURE_SSL;
    return info;
}
