#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static char *copy(const uint8_t *bytes, size_t size, size_t zero)
{
    char *text = malloc(size + zero > 0 ? size + zero : 1);
    CHECK(text != NULL);
    if (size > 0)
        memcpy(text, bytes, size);
    if (zero > 0)
        text[size] = '\0';
    return text;
}

char *fuzz_line(struct fuzz_input *input)
{
    const uint8_t *end = input->size == 0 ? NULL : memchr(input->bytes, '\n', input->size);
    size_t size = end == NULL ? input->size : (size_t)(end - input->bytes);
    char *text = copy(input->bytes, size, 1);
    input->bytes += end == NULL ? size : size + 1;
    input->size -= end == NULL ? size : size + 1;
    return text;
}

char *fuzz_header(struct fuzz_input *input)
{
    char *text = fuzz_line(input);
    if (text[0] != '\0')
        return text;
    free(text);
    return NULL;
}

char *fuzz_rest(struct fuzz_input *input, size_t *size)
{
    char *text = copy(input->bytes, input->size, 0);
    *size = input->size;
    input->size = 0;
    return text;
}

uint8_t fuzz_byte(struct fuzz_input *input)
{
    if (input->size == 0)
        return 0;
    input->size--;
    return *input->bytes++;
}

uint64_t fuzz_number(struct fuzz_input *input)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | fuzz_byte(input);
    return number;
}

void fuzz_problem(json_t *problem)
{
    CHECK(problem != NULL);
    json_int_t status = json_integer_value(json_object_get(problem, "status"));
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    CHECK(status >= 400 && status < 500);
    CHECK(detail != NULL && detail[0] != '\0');
    json_decref(problem);
}
