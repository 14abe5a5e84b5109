package main

// Select: fair among what is ready, and one case of one select completes, with one partner, or none at all.

func selects() []program {
	return []program{
		{
			// "If one or more of the communications can proceed, a single one that can proceed is chosen via a uniform
			// pseudo-random selection": three closed channels can always be received from.
			name: "select-fair",
			fair: []string{"a", "b", "c"},
			pattern: `
share: {a: channel, b: channel, c: channel, saw-a: channel 100000, saw-b: channel 100000, saw-c: channel 100000}
fix:
  main:
    - close a
    - close b
    - close c
    - loop 100000:
        - select:
            recv a: send saw-a
            recv b: send saw-b
            recv c: send saw-c
`,
			run: func(r *run) {
				a, b, c := make(chan struct{}), make(chan struct{}), make(chan struct{})
				close(a)
				close(b)
				close(c)
				for i := 0; i < draws; i++ {
					select {
					case <-a:
						r.see("a")
					case <-b:
						r.see("b")
					case <-c:
						r.see("c")
					}
				}
			},
		},
		{
			// Sends and receives alike; a nil channel never can, the default only when nothing else can.
			name: "select-fair-mixed",
			fair: []string{"got", "sent"},
			pattern: `
share:
  over: channel
  room: channel 100000
  never: nil channel
  saw-got: channel 100000
  saw-sent: channel 100000
  saw-never: channel 100000
  saw-default: channel 100000
fix:
  main:
    - close over
    - loop 100000:
        - select:
            recv never: send saw-never
            recv over: send saw-got
            send room: send saw-sent
            default: send saw-default
`,
			run: func(r *run) {
				over, room := make(chan struct{}), make(chan struct{}, draws)
				var never chan struct{}
				close(over)
				for i := 0; i < draws; i++ {
					select {
					case <-never:
						r.see("never")
					case <-over:
						r.see("got")
					case room <- struct{}{}:
						r.see("sent")
					default:
						r.see("default")
					}
				}
			},
		},
		{
			// Two selects that fit each other twice: one of the two ways, whole. Neither half of the one with half of
			// the other, nor both. Whoever comes second finds both ready and draws.
			name:     "select-exchange",
			outcomes: []string{"left-got=1 right-sent=1", "left-sent=1 right-got=1"},
			pattern: `
share: {a: channel, b: channel, saw-left-sent: channel 9, saw-left-got: channel 9, saw-right-sent: channel 9, saw-right-got: channel 9}
fix:
  main:
    - spawn left
    - sleep 1ms
    - spawn right
  left:
    - select:
        send a: send saw-left-sent
        recv b: send saw-left-got
  right:
    - select:
        recv a: send saw-right-got
        send b: send saw-right-sent
`,
			run: func(r *run) {
				a, b := make(chan struct{}), make(chan struct{})
				r.start("left", func() {
					select {
					case a <- struct{}{}:
						r.see("left-sent")
					case <-b:
						r.see("left-got")
					}
				})
				rest()
				r.start("right", func() {
					select {
					case <-a:
						r.see("right-got")
					case b <- struct{}{}:
						r.see("right-sent")
					}
				})
			},
		},
		{
			// Three selects that would do either with anybody: one pair finds each other, the third is left. A select
			// that stands on both sides of a channel never meets itself. All three start at once, in any order.
			name:     "select-pairs",
			outcomes: []string{"blocked-peer=1 got=1 sent=1"},
			pattern: `
share: {a: channel, saw-got: channel 9, saw-sent: channel 9}
fix:
  main:
    - spawn peer * 3
  peer:
    - select:
        send a: send saw-sent
        recv a: send saw-got
`,
			run: func(r *run) {
				a := make(chan struct{})
				for i := 0; i < 3; i++ {
					r.start("peer", func() {
						select {
						case a <- struct{}{}:
							r.see("sent")
						case <-a:
							r.see("got")
						}
					})
				}
			},
		},
		{
			// Who waits first is served first, in a select too, on whichever channel. Go's specification does not promise
			// the order; its channels have kept it since the first release.
			name:     "select-in-order",
			outcomes: []string{"first-a=1 second-b=1"},
			pattern: `
share: {a: channel, b: channel, saw-first-a: channel 9, saw-first-b: channel 9, saw-second-a: channel 9, saw-second-b: channel 9}
fix:
  main: [spawn first, sleep 1ms, spawn second, sleep 1ms, send a, send b]
  first:
    - select:
        recv a: send saw-first-a
        recv b: send saw-first-b
  second:
    - select:
        recv a: send saw-second-a
        recv b: send saw-second-b
`,
			run: func(r *run) {
				a, b := make(chan struct{}), make(chan struct{})
				for _, name := range []string{"first", "second"} {
					name := name
					r.start(name, func() {
						select {
						case <-a:
							r.see(name + "-a")
						case <-b:
							r.see(name + "-b")
						}
					})
					rest()
				}
				a <- struct{}{}
				b <- struct{}{}
			},
		},
		{
			// A select that a close has completed is no partner any more, although it has not yet run: the send finds
			// nobody.
			name:     "select-settled-by-close",
			outcomes: []string{"closed=1 refused=1"},
			pattern: `
share: {a: channel, b: channel, saw-taken: channel 9, saw-refused: channel 9, saw-closed: channel 9, saw-got: channel 9}
fix:
  main:
    - spawn waiter
    - sleep 1ms
    - close a
    - select:
        send b: send saw-taken
        default: send saw-refused
  waiter:
    - select:
        recv a: send saw-closed
        recv b: send saw-got
`,
			run: func(r *run) {
				a, b := make(chan struct{}), make(chan struct{})
				r.start("waiter", func() {
					select {
					case <-a:
						r.see("closed")
					case <-b:
						r.see("got")
					}
				})
				rest()
				close(a)
				select {
				case b <- struct{}{}:
					r.see("taken")
				default:
					r.see("refused")
				}
			},
		},
		{
			// A send on a closed channel can proceed, and panics if it is drawn.
			name:     "select-send-on-closed",
			outcomes: []string{"panicked=1", "stopped=1"},
			pattern: `
share: {c: channel, stop: channel, saw-sent: channel 9, saw-stopped: channel 9}
fix:
  main:
    - close c
    - close stop
    - spawn sender
  sender:
    - select:
        send c: send saw-sent
        recv stop: send saw-stopped
`,
			run: func(r *run) {
				c, stop := make(chan struct{}), make(chan struct{})
				close(c)
				close(stop)
				r.start("sender", func() {
					select {
					case c <- struct{}{}:
						r.see("sent")
					case <-stop:
						r.see("stopped")
					}
				})
			},
		},
		{
			// A close reaches who waits to send in a select, and who waits to receive: the one panics, the other goes on.
			name:     "select-blocked-at-close",
			outcomes: []string{"ended=1 panicked=1"},
			pattern: `
share: {c: channel, d: channel, stop: channel, saw-sent: channel 9, saw-ended: channel 9, saw-stopped: channel 9}
fix:
  main:
    - spawn sender
    - spawn receiver
    - sleep 1ms
    - close c
    - close d
  sender:
    - select:
        send c: send saw-sent
        recv stop: send saw-stopped
  receiver:
    - select:
        recv d: send saw-ended
        recv stop: send saw-stopped
`,
			run: func(r *run) {
				c, d, stop := make(chan struct{}), make(chan struct{}), make(chan struct{})
				r.start("sender", func() {
					select {
					case c <- struct{}{}:
						r.see("sent")
					case <-stop:
						r.see("stopped")
					}
				})
				r.start("receiver", func() {
					select {
					case <-d:
						r.see("ended")
					case <-stop:
						r.see("stopped")
					}
				})
				rest()
				close(c)
				close(d)
			},
		},
	}
}
