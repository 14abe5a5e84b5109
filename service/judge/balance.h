/* Whether the counter of a group may still come to 0, or whoever waits for it waits for ever: adds are set
 * against finishes. For each task there is the least that it may ever change the counter by, over all ways
 * that it may go from where it stands, to any point of them, with all whom it may spawn on the way; when the
 * sum of these is more than what would bring the counter to 0, then no schedule does.
 *
 * This needs to know what every task is at in one and the same moment, and so it is done only for starts that
 * are judged within one slice. In others every wait counts as possible once somebody may come to a finish. */
#pragma once

#include "judge/record.h"

/* With the work done: opens the gates of those who wait for groups whose counter may come to 0. True when
 * there is more work then, or memory is out. What may happen behind a gate that stays closed has no part in
 * the sums, and so it is to be asked again until it opens no more. */
bool balance_opens(struct records *records);
