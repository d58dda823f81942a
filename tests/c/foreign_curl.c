/* Stands for another libcurl in the process: the functions that a program may find by name, under a version of its own.
 * Built as a library by tests/host_curl.rs; whoever calls it with the handles of the real one would crash. */
#include <stdlib.h>

int curl_multi_wakeup(void *multi);

int curl_multi_wakeup(void *multi)
{
    (void)multi;
    abort();
}
