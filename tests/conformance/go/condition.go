package main

import "sync"

// Conditions: whom a signal wakes, what is lost, and who has the mutex then.

func conditions() []program {
	return []program{
		{
			// A signal wakes one, and it is who has waited longest. The documentation of Go promises one; its list of
			// waiters is first in, first out.
			name:     "condition-signal-in-order",
			outcomes: []string{"blocked-second=1 first=1"},
			pattern: `
share: {m: mutex, k: condition m, saw-first: channel 9, saw-second: channel 9}
fix:
  main: [spawn first, sleep 1ms, spawn second, sleep 1ms, signal k]
  first: [lock m, wait k, send saw-first, unlock m]
  second: [lock m, wait k, send saw-second, unlock m]
`,
			run: func(r *run) {
				var m sync.Mutex
				k := sync.NewCond(&m)
				for _, name := range []string{"first", "second"} {
					name := name
					r.start(name, func() { m.Lock(); k.Wait(); r.see(name); m.Unlock() })
					rest()
				}
				k.Signal()
			},
		},
		{
			// Three wait beside each other, since a wait gives the mutex back; two signals in a row wake two of them.
			name:     "condition-signals",
			outcomes: []string{"blocked-waiter=1 woken=2"},
			pattern: `
share: {m: mutex, k: condition m, saw-woken: channel 9}
fix:
  main: [spawn waiter * 3, sleep 1ms, signal k, signal k]
  waiter: [lock m, wait k, send saw-woken, unlock m]
`,
			run: func(r *run) {
				var m sync.Mutex
				k := sync.NewCond(&m)
				for i := 0; i < 3; i++ {
					r.start("waiter", func() { m.Lock(); k.Wait(); r.see("woken"); m.Unlock() })
				}
				rest()
				k.Signal()
				k.Signal()
			},
		},
		{
			// A broadcast wakes all who wait, and nobody who comes later.
			name:     "condition-broadcast",
			outcomes: []string{"blocked-late=1 woken=3"},
			pattern: `
share: {m: mutex, k: condition m, saw-woken: channel 9}
fix:
  main: [spawn waiter * 3, sleep 1ms, broadcast k, spawn late]
  waiter: [lock m, wait k, send saw-woken, unlock m]
  late: [lock m, wait k, send saw-woken, unlock m]
`,
			run: func(r *run) {
				var m sync.Mutex
				k := sync.NewCond(&m)
				waiter := func() { m.Lock(); k.Wait(); r.see("woken"); m.Unlock() }
				for i := 0; i < 3; i++ {
					r.start("waiter", waiter)
				}
				rest()
				k.Broadcast()
				r.start("late", waiter)
			},
		},
		{
			// A signal that nobody waits for is lost. The program draws which of the two comes first.
			name:     "condition-lost-signal",
			outcomes: []string{"blocked-waiter=1 signal-first=1", "waiter-first=1 woken=1"},
			pattern: `
share: {m: mutex, k: condition m, saw-woken: channel 9, saw-waiter-first: channel 9, saw-signal-first: channel 9}
fix:
  main:
    - chance 50%: [send saw-waiter-first, spawn waiter, sleep 1ms, signal k]
      else: [send saw-signal-first, signal k, spawn waiter]
  waiter: [lock m, wait k, send saw-woken, unlock m]
`,
			run: func(r *run) {
				var m sync.Mutex
				k := sync.NewCond(&m)
				waiter := func() { m.Lock(); k.Wait(); r.see("woken"); m.Unlock() }
				if r.chance() {
					r.see("waiter-first")
					r.start("waiter", waiter)
					rest()
					k.Signal()
				} else {
					r.see("signal-first")
					k.Signal()
					r.start("waiter", waiter)
				}
			},
		},
		{
			// Who signals with the mutex locked keeps it: the waiter is awake, and still outside.
			name:     "condition-wakes-into-the-lock",
			outcomes: []string{"outside=1 woken=1"},
			pattern: `
share: {m: mutex, k: condition m, in: channel 1, saw-woken: channel 9, saw-inside: channel 9, saw-outside: channel 9}
fix:
  main:
    - spawn waiter
    - sleep 1ms
    - lock m
    - signal k
    - sleep 1ms
    - select:
        recv in: send saw-inside
        default: send saw-outside
    - unlock m
  waiter: [lock m, wait k, send in, send saw-woken, unlock m]
`,
			run: func(r *run) {
				var m sync.Mutex
				k := sync.NewCond(&m)
				in := make(chan struct{}, 1)
				r.start("waiter", func() { m.Lock(); k.Wait(); in <- struct{}{}; r.see("woken"); m.Unlock() })
				rest()
				m.Lock()
				k.Signal()
				rest()
				select {
				case <-in:
					r.see("inside")
				default:
					r.see("outside")
				}
				m.Unlock()
			},
		},
		{
			// Whoever waited for the mutex before the signal has it before who was signalled, and takes what that one
			// was woken for: a wait belongs into a loop. Everybody rests before the unlock, or Go might let the waiter
			// run first.
			name:     "condition-stolen-wakeup",
			outcomes: []string{"nothing-left=1 stolen=1"},
			pattern: `
share: {m: mutex, k: condition m, item: channel 1, saw-stolen: channel 9, saw-taken: channel 9, saw-nothing-left: channel 9}
fix:
  main:
    - spawn waiter
    - sleep 1ms
    - lock m
    - spawn thief
    - sleep 1ms
    - send item
    - signal k
    - sleep 1ms
    - unlock m
  waiter:
    - lock m
    - wait k
    - select:
        recv item: send saw-taken
        default: send saw-nothing-left
    - unlock m
  thief:
    - lock m
    - select:
        recv item: send saw-stolen
        default: exit
    - unlock m
`,
			run: func(r *run) {
				var m sync.Mutex
				k := sync.NewCond(&m)
				item := make(chan struct{}, 1)
				r.start("waiter", func() {
					m.Lock()
					k.Wait()
					select {
					case <-item:
						r.see("taken")
					default:
						r.see("nothing-left")
					}
					m.Unlock()
				})
				rest()
				m.Lock()
				r.start("thief", func() {
					m.Lock()
					select {
					case <-item:
						r.see("stolen")
					default:
						return
					}
					m.Unlock()
				})
				rest()
				item <- struct{}{}
				k.Signal()
				rest()
				m.Unlock()
			},
		},
		{
			// A wait gives the mutex back and waits in one: a signal under the mutex cannot fall in between.
			name:     "condition-wait-is-atomic",
			outcomes: []string{"woken=1"},
			pattern: `
share: {m: mutex, k: condition m, gate: channel, saw-woken: channel 9}
fix:
  main:
    - spawn waiter
    - sleep 1ms
    - spawn signaller
    - chance 50%: sleep 1ms
    - close gate
  waiter: [lock m, recv gate, wait k, send saw-woken, unlock m]
  signaller: [lock m, signal k, unlock m]
`,
			run: func(r *run) {
				var m sync.Mutex
				k := sync.NewCond(&m)
				gate := make(chan struct{})
				r.start("waiter", func() { m.Lock(); <-gate; k.Wait(); r.see("woken"); m.Unlock() })
				rest()
				r.start("signaller", func() { m.Lock(); k.Signal(); m.Unlock() })
				if r.chance() {
					rest()
				}
				close(gate)
			},
		},
	}
}
