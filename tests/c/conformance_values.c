/* Values, as the compatible interface promises them: types, references, freezing, ownership on failure, order,
 * conversions, JSON and msgpack. Ends with 0 when every check held. C99 and C++17. */
#ifndef _GNU_SOURCE
#    define _GNU_SOURCE 1
#endif
#include "host_check.h"

#include <locale.h>
#include <math.h>

static void check_json(sentry_value_t value, const char *wanted)
{
    char *json = sentry_value_to_json(value);
    CHECK_TEXT(json, wanted);
    sentry_free(json);
}

static void types_and_references(void)
{
    sentry_value_t list = sentry_value_new_list();
    sentry_value_t text = sentry_value_new_string("text");
    CHECK_EQ(sizeof(sentry_value_t), 8);
    CHECK_EQ(sentry_value_get_type(sentry_value_new_null()), SENTRY_VALUE_TYPE_NULL);
    CHECK_EQ(sentry_value_get_type(sentry_value_new_bool(7)), SENTRY_VALUE_TYPE_BOOL);
    CHECK_EQ(sentry_value_get_type(sentry_value_new_int32(-1)), SENTRY_VALUE_TYPE_INT32);
    CHECK_EQ(sentry_value_get_type(list), SENTRY_VALUE_TYPE_LIST);
    CHECK_EQ(sentry_value_get_type(text), SENTRY_VALUE_TYPE_STRING);

    CHECK_EQ(sentry_value_refcount(sentry_value_new_int32(1)), 1);
    CHECK_EQ(sentry_value_decref(sentry_value_new_int32(1)), 0);
    CHECK_EQ(sentry_value_refcount(text), 1);
    sentry_value_incref(text);
    CHECK_EQ(sentry_value_refcount(text), 2);
    CHECK_EQ(sentry_value_append(list, text), 0);
    CHECK_EQ(sentry_value_refcount(text), 2);
    CHECK_EQ(sentry_value_decref(list), 0);
    CHECK_EQ(sentry_value_refcount(text), 1);
    CHECK_EQ(sentry_value_decref(text), 0);
}

static void null_and_wrong_arguments(void)
{
    size_t size = 77;
    sentry_value_t number = sentry_value_new_int32(3);
    CHECK(sentry_value_is_null(sentry_value_new_string(NULL)));
    CHECK(sentry_value_is_null(sentry_value_new_string_n(NULL, 5)));
    CHECK(sentry_value_is_null(sentry_value_new_string_n("x", SIZE_MAX)));
    CHECK(sentry_value_to_msgpack(number, NULL) == NULL);
    CHECK(sentry_value_is_null(sentry_value_get_by_key(number, "k")));
    CHECK(sentry_value_is_null(sentry_value_get_by_key(number, NULL)));
    CHECK(sentry_value_is_null(sentry_value_get_by_index(number, 0)));
    CHECK_EQ(sentry_value_get_length(number), 0);
    CHECK_TEXT(sentry_value_as_string(number), "");
    CHECK_EQ(sentry_value_as_uint64(number), 0);
    CHECK(isnan(sentry_value_as_double(sentry_value_new_null())));
    CHECK_EQ(size, 77);
}

static void failures_consume_the_value(void)
{
    sentry_value_t object = sentry_value_new_object();
    sentry_value_t text = sentry_value_new_string("kept");
    sentry_value_incref(text);
    CHECK_EQ(sentry_value_set_by_key(object, NULL, text), 1);
    CHECK_EQ(sentry_value_refcount(text), 1);
    sentry_value_incref(text);
    CHECK_EQ(sentry_value_append(object, text), 1);
    CHECK_EQ(sentry_value_refcount(text), 1);
    sentry_value_freeze(object);
    CHECK(sentry_value_is_frozen(object));
    sentry_value_incref(text);
    CHECK_EQ(sentry_value_set_by_key(object, "k", text), 1);
    CHECK_EQ(sentry_value_refcount(text), 1);
    CHECK_EQ(sentry_value_remove_by_key(object, "k"), 1);
    sentry_value_decref(text);
    sentry_value_decref(object);
}

static void containers(void)
{
    sentry_value_t object = sentry_value_new_object();
    sentry_value_t list = sentry_value_new_list();
    sentry_value_t owned;
    CHECK_EQ(sentry_value_set_by_index(list, 2, sentry_value_new_bool(1)), 0);
    CHECK_EQ(sentry_value_get_length(list), 3);
    CHECK_EQ(sentry_value_remove_by_index(list, 9), 0);
    CHECK_EQ(sentry_value_set_by_key(object, "list", list), 0);
    CHECK_EQ(sentry_value_set_by_key_n(object, "abc", 1, sentry_value_new_int32(1)), 0);
    CHECK_EQ(sentry_value_set_by_key(object, "list2", sentry_value_new_null()), 0);
    CHECK_EQ(sentry_value_set_by_key(object, "a", sentry_value_new_int32(2)), 0);
    check_json(object, "{\"list\":[null,null,true],\"a\":2,\"list2\":null}");
    owned = sentry_value_get_by_key_owned(object, "list");
    CHECK_EQ(sentry_value_refcount(owned), 2);
    CHECK_EQ(sentry_value_refcount(sentry_value_get_by_key(object, "list")), 2);
    CHECK_EQ(sentry_value_remove_by_key(object, "list"), 0);
    CHECK_EQ(sentry_value_remove_by_key(object, "list"), 1);
    CHECK_EQ(sentry_value_refcount(owned), 1);
    sentry_value_decref(owned);
    sentry_value_decref(object);
}

static void conversions(void)
{
    sentry_value_t wide = sentry_value_new_int64(5000000000);
    sentry_value_t huge = sentry_value_new_uint64(UINT64_MAX);
    sentry_value_t real = sentry_value_new_double(1.5);
    sentry_value_t small = sentry_value_new_int32(-7);
    CHECK_EQ(sentry_value_as_int32(small), -7);
    CHECK_EQ(sentry_value_as_int64(small), -7);
    CHECK_EQ(sentry_value_as_uint64(small), 0);
    CHECK(sentry_value_as_double(small) == -7.0);
    CHECK_EQ(sentry_value_as_int32(wide), 0);
    CHECK_EQ(sentry_value_as_int64(wide), 5000000000);
    CHECK(isnan(sentry_value_as_double(wide)));
    CHECK(sentry_value_as_uint64(huge) == UINT64_MAX);
    CHECK_EQ(sentry_value_as_int64(huge), 0);
    CHECK(sentry_value_as_double(real) == 1.5);
    CHECK_EQ(sentry_value_as_int32(sentry_value_new_bool(1)), 0);
    CHECK(sentry_value_is_true(real));
    CHECK(!sentry_value_is_true(sentry_value_new_null()));
    check_json(huge, "18446744073709551615");
    sentry_value_decref(wide);
    sentry_value_decref(huge);
    sentry_value_decref(real);
}

static void text_and_numbers_as_json(void)
{
    sentry_value_t text = sentry_value_new_string_n("a\"\\\n\x01\0z/", 8);
    sentry_value_t list = sentry_value_new_list();
    /* A locale with a decimal comma, where the system has one: the answer must be the same. */
    setlocale(LC_ALL, "de_DE.UTF-8");
    CHECK_EQ(sentry_value_get_length(text), 8);
    CHECK_EQ(memcmp(sentry_value_as_string(text), "a\"\\\n\x01\0z/", 9), 0);
    check_json(text, "\"a\\\"\\\\\\n\\u0001\\u0000z/\"");
    sentry_value_append(list, sentry_value_new_double(3.0));
    sentry_value_append(list, sentry_value_new_double(1e16));
    sentry_value_append(list, sentry_value_new_double(0.1));
    sentry_value_append(list, sentry_value_new_double(-0.0));
    sentry_value_append(list, sentry_value_new_double(NAN));
    check_json(list, "[3,1e+16,0.1,-0,null]");
    sentry_value_decref(list);
    sentry_value_decref(text);
}

static void msgpack(void)
{
    size_t size = 0;
    sentry_value_t object = sentry_value_new_object();
    char *bytes;
    sentry_value_set_by_key(object, "a", sentry_value_new_int32(-1));
    bytes = sentry_value_to_msgpack(object, &size);
    CHECK_EQ(size, 4);
    CHECK_EQ(memcmp(bytes, "\x81\xa1" "a\xff", 4), 0);
    sentry_free(bytes);
    sentry_value_decref(object);
}

static void deep_nesting(void)
{
    int level;
    char *json;
    sentry_value_t value = sentry_value_new_list();
    for (level = 0; level < 50000; level++) {
        sentry_value_t outer = sentry_value_new_list();
        CHECK_EQ(sentry_value_append(outer, value), 0);
        value = outer;
    }
    json = sentry_value_to_json(value);
    CHECK_EQ(strlen(json), 128);
    sentry_free(json);
    sentry_value_freeze(value);
    CHECK_EQ(sentry_value_decref(value), 0);
}

int main(void)
{
    types_and_references();
    null_and_wrong_arguments();
    failures_consume_the_value();
    containers();
    conversions();
    text_and_numbers_as_json();
    msgpack();
    deep_nesting();
    return 0;
}
