/* The OpenAPI document says what the table of routes says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/macros.h"
#include "http/local.h"
#include "http/query.h"
#include "http/route.h"

static json_t *document(void)
{
    json_error_t error;
    json_t *root =
        json_loadb(embedded_openapi[0].text, embedded_openapi[0].size, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        fail_msg("line %d: %s", error.line, error.text);
    return root;
}

static const char *operation_of(const struct route *route)
{
    static const char *const words[ROUTE_METHODS] = {"get", "post", "delete"};
    return words[route->method];
}

static void it_has_the_version_of_the_build(void **state)
{
    (void)state;
    json_t *root = document();
    assert_string_equal(json_string_value(json_object_get(json_object_get(root, "info"), "version")),
                        LEAKLAB_VERSION);
    assert_string_equal(json_string_value(json_object_get(root, "openapi")), "3.1.0");
    json_decref(root);
}

static void every_route_is_described(void **state)
{
    (void)state;
    json_t *root = document();
    const json_t *paths = json_object_get(root, "paths");
    for (size_t i = 0; i < route_count; i++) {
        const json_t *path = json_object_get(paths, route_table[i].path);
        const json_t *operation = json_object_get(path, operation_of(&route_table[i]));
        if (operation == NULL)
            fail_msg("not described: %s %s", operation_of(&route_table[i]), route_table[i].path);
        assert_int_equal(json_object_get(operation, "requestBody") != NULL,
                         route_table[i].body != ROUTE_NO_BODY);
        assert_int_equal(json_object_get(operation, "parameters") != NULL, route_table[i].keys != 0);
    }
    json_decref(root);
}

/* The parameter of that name that is part of `where`; NULL: there is none. */
static const json_t *parameter(const json_t *list, const char *name, const char *where)
{
    size_t index;
    json_t *one;
    json_array_foreach(list, index, one)
    {
        if (strcmp(json_string_value(json_object_get(one, "name")), name) == 0 &&
            strcmp(json_string_value(json_object_get(one, "in")), where) == 0)
            return one;
    }
    return NULL;
}

static void every_parameter_of_a_route_is_described_and_no_other(void **state)
{
    (void)state;
    static const char *const words[QUERY_KEYS] = {
#define X(name, word) word,
        QUERY_TABLE(X)
#undef X
    };
    json_t *root = document();
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &route_table[i];
        const json_t *path = json_object_get(json_object_get(root, "paths"), route->path);
        const json_t *described = json_object_get(json_object_get(path, operation_of(route)), "parameters");
        size_t keys = 0;
        for (enum query_key key = 0; key < QUERY_KEYS; key++) {
            if ((route->keys & 1u << key) == 0)
                continue;
            keys++;
            if (parameter(described, words[key], "query") == NULL)
                fail_msg("%s: no parameter %s is described", route->path, words[key]);
        }
        assert_int_equal(json_array_size(described), keys);
        assert_int_equal(parameter(json_object_get(path, "parameters"), "name", "path") != NULL,
                         strstr(route->path, "{name}") != NULL);
    }
    json_decref(root);
}

static void every_content_type_that_a_route_reads_is_described_and_no_other(void **state)
{
    (void)state;
    static const char *const types[] = {"application/json", "application/yaml",
                                        "application/x-www-form-urlencoded"};
    static const size_t reads[] = {[ROUTE_NO_BODY] = 0, [ROUTE_SCENARIO] = 3, [ROUTE_PATTERN] = 2};
    json_t *root = document();
    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &route_table[i];
        const json_t *path = json_object_get(json_object_get(root, "paths"), route->path);
        const json_t *body = json_object_get(json_object_get(path, operation_of(route)), "requestBody");
        const json_t *content = json_object_get(body, "content");
        assert_int_equal(json_object_size(content), reads[route->body]);
        for (size_t type = 0; type < reads[route->body] && type < COUNT_OF(types); type++)
            if (json_object_get(content, types[type]) == NULL)
                fail_msg("%s: %s is not described", route->path, types[type]);
    }
    json_decref(root);
}

static void nothing_else_is_described(void **state)
{
    (void)state;
    json_t *root = document();
    size_t operations = 0;
    const char *name, *key;
    json_t *path, *value;
    json_object_foreach(json_object_get(root, "paths"), name, path)
    {
        json_object_foreach(path, key, value) operations += strcmp(key, "parameters") != 0;
    }
    assert_int_equal(operations, route_count);
    json_decref(root);
}

/* Follows "#/a/b/c". */
static const json_t *resolve(const json_t *root, const char *reference)
{
    const json_t *at = root;
    char key[128];
    for (const char *part = reference + 1; *part == '/' && at != NULL;) {
        size_t size = strcspn(++part, "/");
        assert_true(size < sizeof key);
        memcpy(key, part, size);
        key[size] = '\0';
        at = json_object_get(at, key);
        part += size;
    }
    return at;
}

static void check_references(const json_t *root, json_t *value)
{
    const char *key;
    json_t *member;
    size_t index;
    if (json_is_array(value))
        json_array_foreach(value, index, member) check_references(root, member);
    json_object_foreach(value, key, member)
    {
        check_references(root, member);
        if (strcmp(key, "$ref") == 0 && resolve(root, json_string_value(member)) == NULL)
            fail_msg("leads nowhere: %s", json_string_value(member));
    }
}

static void every_reference_leads_somewhere(void **state)
{
    (void)state;
    json_t *root = document();
    check_references(root, root);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_the_version_of_the_build),
        cmocka_unit_test(every_route_is_described),
        cmocka_unit_test(every_parameter_of_a_route_is_described_and_no_other),
        cmocka_unit_test(every_content_type_that_a_route_reads_is_described_and_no_other),
        cmocka_unit_test(nothing_else_is_described),
        cmocka_unit_test(every_reference_leads_somewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
