/* YAML as JSON: the subset that patterns are written in (language/node.h), with plain scalars that mean what
 * the same characters mean in JSON. `n: 50` is a number, `dry_run: true` a boolean, `duration: ~` null; all
 * else is text, `jitter: 2%` and `name: 007` included. Any thread. */
#pragma once

#include <jansson.h>
#include <stddef.h>

/* Reads `size` bytes of YAML, which messages call `what`. NULL when there are faults: *problem is then a 422
 * with the place of each, owned by the caller, or NULL when memory is out. */
json_t *yaml_decode(const char *bytes, size_t size, const char *what, json_t **problem);

/* A 422 with every message and its place; NULL when memory is out. `what` is wrong: "the pattern". */
struct messages;
json_t *yaml_problem(const struct messages *messages, const char *what);
