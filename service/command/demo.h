/* The demo of `leaklab serve --demo`: a leaking and a fixed twin at the same gentle rate, so that the two
 * curves part at once. */
#pragma once

#include "base/log.h"

struct lab;

/* Posts the two scenarios; what becomes of them is logged. `log` must live as long as the lab. */
void demo_start(struct lab *lab, const struct log *log);
