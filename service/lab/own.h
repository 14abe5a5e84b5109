/* A user's own patterns, beside the built-in ones: added, replaced and removed while the lab runs. The
 * catalogue belongs to the lab thread; whoever else wants to know of it asks.
 *
 * A pattern that a scenario which has not finished uses is neither replaced nor removed. Scenarios that have
 * finished go on showing the pattern that they ran: its text and programs are freed with the last of them.
 * What was counted stays with the pattern's name and variant (struct core_program). */
#pragma once

#include "lab/core.h"

/* Makes a row and a tally for each variant of a pattern that is or will be in the catalogue. ERR_MEMORY;
 * ERR_LIMIT: more than LIMIT_PROGRAMS rows. */
enum err own_count(struct core *core, const struct pattern *pattern);

/* Answers LAB_PATTERN_POST: 201 for a new pattern, 200 for a replaced one, with the pattern; 409 when the
 * name is that of a built-in pattern or of one in use, 429 when there are too many. With dry_run nothing is
 * added or replaced, and what would have been 201 is 200. */
void own_post(struct core *core, struct lab_request *request);

/* Answers LAB_PATTERN_DELETE for a pattern of the catalogue: 200 with what is gone, or 409 as above. */
void own_delete(struct core *core, struct lab_request *request, const struct pattern *pattern);

/* A scenario of this pattern is gone: frees a retired pattern that no other one shows. */
void own_release(struct core *core, const struct pattern *pattern);
