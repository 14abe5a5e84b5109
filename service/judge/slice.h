/* One run over all starts, in pieces. */
#pragma once

#include "judge/judge.h"

/* Begins a run. */
void slice_begin(struct judge *judge);

/* Does up to *steps steps of it, and takes them off; false when the run is over. */
bool slice_advance(struct judge *judge, uint32_t *steps);

/* Ends a run where it stands: holds nothing any more. */
void slice_stop(struct judge *judge);
