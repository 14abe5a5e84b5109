/* The OpenAPI document says what the table of routes says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "http/local.h"
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
        cmocka_unit_test(nothing_else_is_described),
        cmocka_unit_test(every_reference_leads_somewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
