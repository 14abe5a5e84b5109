/* Signals by which somebody ends a command, for one that holds them back, so that it leaves nothing half
 * done: SIGINT, SIGTERM, and SIGHUP unless it is ignored, as below nohup. */
#pragma once

#include <signal.h>

/* Fills in the set of them. */
void ending_signals(sigset_t *signals);

/* The number of one that is held back and has come; 0: none has. It stays pending. */
int ending_waits(void);
