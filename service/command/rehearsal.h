/* libuv ends the process, without a word, when it cannot have the descriptors of its first signal handle or
 * the threads of its pool. So that a machine, container or shell that has none left is named to the user,
 * somebody tries beforehand. */
#pragma once

#include <stdbool.h>

/* Takes as many descriptors and threads as a daemon is about to need, and gives them back. False, with a
 * static sentence in *why, when they are not to be had. */
bool rehearse(const char **why);
