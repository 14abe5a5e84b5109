/* A program as text, one operation a line, for people and for tests. Not a format: nothing reads it back. */
#pragma once

#include "base/buf.h"
#include "runtime/program.h"

/* Appends the operations of a sound program (program_verify) under the names of their tasks, with operands
 * and things by name:
 *
 *     consumer:
 *        4  hold holds
 *        5  select
 *             recv share.jobs -> 6
 *             done -> 6
 *        6  end
 *
 * Parameters are written as p0, p1, ...; a thing is `share.x`, `own.x`, or `outer.x` when it is somebody
 * else's own. */
enum err program_list(const struct program *program, struct buf *buf);
