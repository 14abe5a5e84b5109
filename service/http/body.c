#include "http/body.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "http/yaml.h"
#include "lab/problem.h"
#include "language/pattern.h"

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* Parameters of a media type: only a charset matters, and only UTF-8 is read here. */
static bool charset_accepted(const char *parameters)
{
    static const char key[] = "charset=";
    for (const char *at = parameters; *at == ';';) {
        at += 1 + strspn(at + 1, " \t");
        size_t size = strcspn(at, ";");
        if (size >= sizeof key - 1 && strncasecmp(at, key, sizeof key - 1) == 0) {
            const char *value = at + sizeof key - 1;
            value += *value == '"';
            if (strncasecmp(value, "utf-8", 5) != 0 || strchr("; \t\"", value[5]) == NULL)
                return false;
        }
        at += size;
    }
    return true;
}

bool body_type_parse(const char *header, enum body_type *type)
{
    static const struct {
        const char *name;
        enum body_type type;
    } known[] = {{"application/json", BODY_JSON},
                 {"application/x-www-form-urlencoded", BODY_FORM},
                 {"application/yaml", BODY_YAML}, /* RFC 9512, with the names that came before it */
                 {"application/x-yaml", BODY_YAML},
                 {"text/yaml", BODY_YAML}};

    if (header == NULL)
        return false;
    size_t size = strcspn(header, "; \t");
    const char *parameters = header + size + strspn(header + size, " \t");
    if (*parameters != '\0' && *parameters != ';')
        return false;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i].name) == size && strncasecmp(header, known[i].name, size) == 0) {
            *type = known[i].type;
            return charset_accepted(parameters);
        }
    return false;
}

/* True when arrays and objects nest deeper than LIMIT_JSON_DEPTH: jansson's own bound is 2048 calls deep. */
static bool nested_too_deep(const char *bytes, size_t size)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < size; i++) {
        char byte = bytes[i];
        if (in_string) {
            if (byte == '\\')
                i++;
            in_string = byte != '"';
        } else if (byte == '"') {
            in_string = true;
        } else if (byte == '[' || byte == '{') {
            if (++depth > LIMIT_JSON_DEPTH)
                return true;
        } else if ((byte == ']' || byte == '}') && depth > 0) {
            depth--;
        }
    }
    return false;
}

static json_t *describe(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_out_of_memory:
        return NULL;
    case json_error_numeric_overflow:
        return problem_new(422, "a number at line %d, column %d is too large for any field", error->line,
                           error->column);
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return problem_new(400, "a string or name at line %d, column %d holds a zero byte: leave it out",
                           error->line, error->column);
    case json_error_invalid_utf8:
        return problem_new(400, "the body is not UTF-8 (line %d, column %d)", error->line, error->column);
    default:
        return problem_new(400, "the body is not well-formed JSON (line %d, column %d): %s", error->line,
                           error->column, error->text);
    }
}

static json_t *decode_json(const char *bytes, size_t size, json_t **problem)
{
    if (nested_too_deep(bytes, size)) {
        *problem = problem_new(400, "the body nests deeper than %d levels; a scenario is one flat object",
                               LIMIT_JSON_DEPTH);
        return NULL;
    }
    if (memchr(bytes, '\0', size) != NULL) { /* jansson does not mind all of them */
        *problem = problem_new(400, "the body holds a zero byte: leave it out");
        return NULL;
    }
    json_error_t error;
    json_t *root = json_loadb(bytes, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (root == NULL) {
        *problem = describe(&error);
        return NULL;
    }
    return root;
}

/* A scenario is an object, or there is a list of them. */
static json_t *check_root(json_t *root, json_t **problem)
{
    if (root == NULL || json_is_object(root) || json_is_array(root))
        return root;
    json_decref(root);
    *problem = problem_new(400, "the body must be a JSON object, such as {\"mode\": \"leak-recv\", "
                                "\"n\": 2000}, or a list of them");
    return NULL;
}

static int hex_digit(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

bool body_unescape(const char *text, size_t size, bool plus, char *out, size_t max)
{
    size_t length = 0;
    for (size_t i = 0; i < size; i++) {
        int byte = (unsigned char)text[i];
        if (byte == '%') {
            int high = size - i > 2 ? hex_digit(text[i + 1]) : -1;
            int low = size - i > 2 ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            byte = high * 16 + low;
            i += 2;
        } else if (byte == '+' && plus) {
            byte = ' ';
        }
        if (byte == '\0' || length == max)
            return false;
        out[length++] = (char)byte;
    }
    out[length] = '\0';
    return utf8_valid(out);
}

/* Decodes one `name=value` into the object. `scratch` has room for the decoded text of both. */
static json_t *decode_field(json_t *object, const char *text, size_t size, char *scratch, size_t max)
{
    const char *equals = memchr(text, '=', size);
    size_t name_size = equals == NULL ? size : (size_t)(equals - text);
    size_t value_size = equals == NULL ? 0 : size - name_size - 1;
    char *name = scratch;
    char *value = scratch + name_size + 1;
    if (!body_unescape(text, name_size, true, name, max) ||
        !body_unescape(text + size - value_size, value_size, true, value, max))
        return problem_new(
            400,
            "the form holds a bad %%-escape (a %% itself is %%25), a zero byte, or text that is not UTF-8");
    if (name[0] == '\0')
        return problem_new(400, "the form has a field without a name; write name=value&name=value");
    json_t *problem = NULL;
    if (json_object_get(object, name) != NULL) {
        problem = problem_new(400, "a field is given twice");
        problem_add_member(problem, name, "given twice");
    } else if (json_object_size(object) == LIMIT_FORM_FIELDS) {
        problem = problem_new(400, "the form has more than %d fields", LIMIT_FORM_FIELDS);
    } else if (json_object_set_new(object, name, json_string(value)) == 0) {
        return object;
    }
    return problem;
}

static json_t *decode_form(const char *bytes, size_t size, json_t **problem)
{
    json_t *object = json_object();
    char *scratch = malloc(size + 2);
    json_t *result = scratch == NULL ? NULL : object;
    for (size_t at = 0; at < size && result == object && object != NULL;) {
        const char *end = memchr(bytes + at, '&', size - at);
        size_t length = end == NULL ? size - at : (size_t)(end - bytes) - at;
        if (length > 0)
            result = decode_field(object, bytes + at, length, scratch, size);
        at += length + 1;
    }
    free(scratch);
    if (result == object)
        return object;
    *problem = result;
    json_decref(object);
    return NULL;
}

json_t *body_decode(enum body_type type, const char *bytes, size_t size, json_t **problem)
{
    *problem = NULL;
    size_t blank = 0;
    while (blank < size && is_space(bytes[blank]))
        blank++;
    if (blank == size) {
        *problem =
            problem_new(400, "the body is missing; send a JSON object or a form with the scenario's fields");
        return NULL;
    }
    if (type == BODY_JSON)
        return check_root(decode_json(bytes, size, problem), problem);
    if (type == BODY_YAML)
        return check_root(yaml_decode(bytes, size, "scenario", problem), problem);
    if (bytes[blank] == '{' || bytes[blank] == '[') {
        *problem = problem_new(415, "this looks like JSON sent as a form; add the header Content-Type: "
                                    "application/json");
        return NULL;
    }
    return decode_form(bytes, size, problem);
}

struct pattern *body_compile(const char *bytes, size_t size, json_t **problem)
{
    struct messages messages;
    struct pattern *pattern = NULL;
    *problem = NULL;
    messages_init(&messages);
    enum err err = pattern_compile(NULL, bytes == NULL ? "" : bytes, size, &messages, &pattern);
    if (err == ERR_SYNTAX && messages.err == ERR_OK)
        *problem = yaml_problem(&messages, "pattern");
    messages_deinit(&messages);
    return err == ERR_OK ? pattern : NULL;
}
