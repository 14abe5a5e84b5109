/* Request bodies: JSON (RFC 8259) or a form as a plain `curl -d` sends it (application/x-www-form-urlencoded,
 * WHATWG URL standard), both to one JSON object; JSON may be a list as well. YAML comes to the same as JSON
 * (http/yaml.h). And patterns, which are compiled here, so that the lab never waits for a text. Any thread.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct pattern;

enum body_type { BODY_JSON, BODY_FORM, BODY_YAML };

/* Reads a Content-Type header (NULL: absent). False for any other type, and for a charset that is not UTF-8.
 */
bool body_type_parse(const char *header, enum body_type *type);

/* The body's members as an object, or a list, that the caller owns. A form gives an object of strings. NULL
 * when the body cannot be read: *problem is then what to answer (400 malformed, 415 JSON sent as a form, 422
 * a number that no double holds), owned by the caller, or NULL as well when memory is out. `bytes` may be
 * NULL when `size` is 0. */
json_t *body_decode(enum body_type type, const char *bytes, size_t size, json_t **problem);

/* Compiles a body that is a pattern, in YAML or JSON. The pattern is the caller's; NULL when it has faults:
 * *problem is then a 422 with the place of each, or NULL when memory is out. */
struct pattern *body_compile(const char *bytes, size_t size, json_t **problem);

/* Decodes "%41" and, in forms, '+', from `size` bytes of text to at most `max` bytes and a final zero,
 * written to `out` (max + 1 bytes). False for a bad escape, a zero byte, text that is too long, or what is
 * not UTF-8. */
bool body_unescape(const char *text, size_t size, bool plus, char *out, size_t max);
