/* Makes the n-th allocation of the code under test fail. The linker sends malloc, calloc, realloc and
 * aligned_alloc of everything linked statically into a test through here; shared libraries keep their own. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The n-th allocation from now on fails (1: the next one), and every one after it when `sticky`. 0: none
 * fails. */
void fault_arm(uint64_t n, bool sticky);

/* Stops failing; returns how many allocations were asked for since fault_arm. */
uint64_t fault_disarm(void);

/* True when an allocation was made to fail since fault_arm. */
bool fault_hit(void);

/* Runs `attempt` with the first allocation failing, then the second, and so on, until a run in which none
 * fails; that last run must return true. Every failing run must leave nothing behind: the leak sanitizer
 * watches in its preset. */
void fault_sweep(bool (*attempt)(void *argument), void *argument);

/* The same with every step-th allocation, from the first, for what does the same over and over. A prime meets
 * another place of it each time. */
void fault_sweep_every(uint64_t step, bool (*attempt)(void *argument), void *argument);
