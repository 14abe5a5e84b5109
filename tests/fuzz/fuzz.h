/* What the fuzz targets share. A target is one function that takes any bytes and either returns or finds a
 * bug: a sanitizer's, a CHECK of the product's, or a CHECK of its own about what must be true of any input.
 *
 * Inputs are texts where they can be: what is chosen stands in the first lines, what is read in the rest, so
 * that a corpus can be written by hand. One thread. */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

/* The name is libFuzzer's; replay.c calls it too. Always 0.
 * NOLINTNEXTLINE(readability-identifier-naming) */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is still to be read of an input. */
struct fuzz_input {
    const uint8_t *bytes;
    size_t size;
};

/* The next line without its newline, or the rest, as a text that ends at its first zero byte; the caller
 * frees it. "" at the end. Not NULL: without memory there is nothing to test. */
char *fuzz_line(struct fuzz_input *input);

/* The next line as NULL when it is empty: an absent header. */
char *fuzz_header(struct fuzz_input *input);

/* The rest, byte for byte, in a block of exactly its size, so that the address sanitizer sees who reads
 * beyond it; the caller frees it. */
char *fuzz_rest(struct fuzz_input *input, size_t *size);

/* The next byte, 0 at the end; and the next eight as a number. */
uint8_t fuzz_byte(struct fuzz_input *input);
uint64_t fuzz_number(struct fuzz_input *input);

/* A problem (lab/problem.h) that says what is wrong, with a status of 400 to 499 and a detail; released. */
void fuzz_problem(json_t *problem);
