package main

import "sync"

// RWMutex: a writer that waits keeps later readers out, and readers that wait go before the next writer.

func rwmutexes() []program {
	return []program{
		{
			// The second reader could share the lock with the first, and must not: a writer waits. Once the first has
			// gone it is the writer's turn, and only then the second's.
			name:     "rwmutex-writer-keeps-readers-out",
			outcomes: []string{"kept-out=1 second-after-writer=1"},
			pattern: `
share:
  rw: rwmutex
  gate: channel
  reads: channel 1
  wrote: channel
  saw-passed: channel 9
  saw-kept-out: channel 9
  saw-second-after-writer: channel 9
  saw-second-before-writer: channel 9
fix:
  main:
    - spawn first
    - sleep 1ms
    - spawn writer
    - sleep 1ms
    - spawn second
    - sleep 1ms
    - select:
        recv reads: send saw-passed
        default: send saw-kept-out
    - close gate
  first: [rlock rw, recv gate, runlock rw]
  writer: [lock rw, close wrote, unlock rw]
  second:
    - rlock rw
    - send reads
    - select:
        recv wrote: send saw-second-after-writer
        default: send saw-second-before-writer
    - runlock rw
`,
			run: func(r *run) {
				var rw sync.RWMutex
				gate, reads, wrote := make(chan struct{}), make(chan struct{}, 1), make(chan struct{})
				r.start("first", func() { rw.RLock(); <-gate; rw.RUnlock() })
				rest()
				r.start("writer", func() { rw.Lock(); close(wrote); rw.Unlock() })
				rest()
				r.start("second", func() {
					rw.RLock()
					reads <- struct{}{}
					select {
					case <-wrote:
						r.see("second-after-writer")
					default:
						r.see("second-before-writer")
					}
					rw.RUnlock()
				})
				rest()
				select {
				case <-reads:
					r.see("passed")
				default:
					r.see("kept-out")
				}
				close(gate)
			},
		},
		{
			// Two readers and a writer wait for another writer, in an order that the program draws: when that one has
			// done, both readers go before the writer, whenever it came.
			name:     "rwmutex-readers-before-the-next-writer",
			outcomes: []string{"early=2"},
			pattern: `
share: {rw: rwmutex, gate: channel, wrote: channel, saw-early: channel 9, saw-late: channel 9}
fix:
  main:
    - spawn holder
    - sleep 1ms
    - chance 50%: [spawn writer, sleep 1ms, spawn reader * 2]
      else: [spawn reader, sleep 1ms, spawn writer, sleep 1ms, spawn reader]
    - sleep 1ms
    - close gate
  holder: [lock rw, recv gate, unlock rw]
  writer: [lock rw, close wrote, unlock rw]
  reader:
    - rlock rw
    - select:
        recv wrote: send saw-late
        default: send saw-early
    - runlock rw
`,
			run: func(r *run) {
				var rw sync.RWMutex
				gate, wrote := make(chan struct{}), make(chan struct{})
				writer := func() { rw.Lock(); close(wrote); rw.Unlock() }
				reader := func() {
					rw.RLock()
					select {
					case <-wrote:
						r.see("late")
					default:
						r.see("early")
					}
					rw.RUnlock()
				}
				r.start("holder", func() { rw.Lock(); <-gate; rw.Unlock() })
				rest()
				if r.chance() {
					r.start("writer", writer)
					rest()
					r.start("reader", reader)
					r.start("reader", reader)
				} else {
					r.start("reader", reader)
					rest()
					r.start("writer", writer)
					rest()
					r.start("reader", reader)
				}
				rest()
				close(gate)
			},
		},
		{
			// Writer, reader, writer: a reader that came behind both writers is let in between them.
			name:     "rwmutex-reader-between-writers",
			outcomes: []string{"between=1"},
			pattern: `
share: {rw: rwmutex, gate: channel, written: channel 2, saw-before: channel 9, saw-between: channel 9, saw-after: channel 9}
fix:
  main:
    - spawn holder
    - sleep 1ms
    - spawn writer * 2
    - sleep 1ms
    - spawn reader
    - sleep 1ms
    - close gate
  holder: [rlock rw, recv gate, runlock rw]
  writer: [lock rw, send written, unlock rw]
  reader:
    - rlock rw
    - select:
        recv written:
          - select:
              recv written: send saw-after
              default: send saw-between
        default: send saw-before
    - runlock rw
`,
			run: func(r *run) {
				var rw sync.RWMutex
				gate, written := make(chan struct{}), make(chan struct{}, 2)
				writer := func() { rw.Lock(); written <- struct{}{}; rw.Unlock() }
				r.start("holder", func() { rw.RLock(); <-gate; rw.RUnlock() })
				rest()
				r.start("writer", writer)
				r.start("writer", writer)
				rest()
				r.start("reader", func() {
					rw.RLock()
					select {
					case <-written:
						select {
						case <-written:
							r.see("after")
						default:
							r.see("between")
						}
					default:
						r.see("before")
					}
					rw.RUnlock()
				})
				rest()
				close(gate)
			},
		},
		{
			// A reader that reads again while it reads: harmless, unless a writer has come in between; then both wait
			// for each other for ever. The program draws whether it does.
			name:     "rwmutex-read-again",
			outcomes: []string{"between=1 blocked-reader=1 blocked-writer=1", "behind=1 read-again=1 wrote=1"},
			pattern: `
share: {rw: rwmutex, gate: channel, saw-read-again: channel 9, saw-wrote: channel 9, saw-between: channel 9, saw-behind: channel 9}
fix:
  main:
    - spawn reader
    - sleep 1ms
    - chance 50%: [send saw-between, spawn writer, sleep 1ms, close gate]
      else: [send saw-behind, close gate, sleep 1ms, spawn writer]
  reader: [rlock rw, recv gate, rlock rw, send saw-read-again, runlock rw, runlock rw]
  writer: [lock rw, send saw-wrote, unlock rw]
`,
			run: func(r *run) {
				var rw sync.RWMutex
				gate := make(chan struct{})
				writer := func() { rw.Lock(); r.see("wrote"); rw.Unlock() }
				r.start("reader", func() {
					rw.RLock()
					<-gate
					rw.RLock()
					r.see("read-again")
					rw.RUnlock()
					rw.RUnlock()
				})
				rest()
				if r.chance() {
					r.see("between")
					r.start("writer", writer)
					rest()
					close(gate)
				} else {
					r.see("behind")
					close(gate)
					rest()
					r.start("writer", writer)
				}
			},
		},
		{
			// Readers read together: two meet inside. Writers do not: the second is left outside.
			name:     "rwmutex-together",
			outcomes: []string{"blocked-writer=2 met=1"},
			pattern: `
share: {rw: rwmutex, alone: rwmutex, meet: channel, apart: channel, saw-met: channel 9, saw-broken: channel 9}
fix:
  main:
    - spawn host
    - spawn guest
    - spawn writer * 2
  host: [rlock rw, send meet, runlock rw]
  guest: [rlock rw, recv meet, send saw-met, runlock rw]
  writer:
    - lock alone
    - select:
        send apart: send saw-broken
        recv apart: send saw-broken
    - unlock alone
`,
			run: func(r *run) {
				var rw, alone sync.RWMutex
				meet, apart := make(chan struct{}), make(chan struct{})
				writer := func() {
					alone.Lock()
					select {
					case apart <- struct{}{}:
						r.see("broken")
					case <-apart:
						r.see("broken")
					}
					alone.Unlock()
				}
				r.start("host", func() { rw.RLock(); meet <- struct{}{}; rw.RUnlock() })
				r.start("guest", func() { rw.RLock(); <-meet; r.see("met"); rw.RUnlock() })
				r.start("writer", writer)
				r.start("writer", writer)
			},
		},
	}
}
