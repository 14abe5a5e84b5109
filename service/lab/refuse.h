/* What a request that starts scenarios hears when they cannot be started. */
#pragma once

#include "lab/core.h"

/* Answers with the problem that fits what core_spawn() or core_spawn_all() said: 409, 422, 429 or 500. */
void refuse_spawn(struct core *core, struct lab_request *request, const char *name, enum err err,
                  enum limit_kind refused_by);
