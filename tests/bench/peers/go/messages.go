package main

import (
	"context"
	"sync"
	"time"
)

// timed lets everybody begin at once, and says how long it took the members. spawn starts two goroutines, each of
// which waits for start; the first of them is a member.
func timed(measure string, n int, spawn func(start chan struct{}, member *sync.WaitGroup)) {
	start := make(chan struct{})
	var member sync.WaitGroup
	member.Add(n)
	for i := 0; i < n; i++ {
		spawn(start, &member)
	}
	began := time.Now()
	close(start)
	member.Wait()
	seconds := time.Since(began).Seconds()
	emit(fields{"measure": measure, "tasks": 2 * n, "seconds": seconds})
}

func measurePingPong(n, rounds int) {
	timed("ping-pong", n, func(start chan struct{}, member *sync.WaitGroup) {
		ping, pong := make(chan struct{}), make(chan struct{})
		go func() {
			defer member.Done()
			<-start
			for i := 0; i < rounds; i++ {
				ping <- struct{}{}
				<-pong
			}
		}()
		go func() {
			<-start
			for i := 0; i < rounds; i++ {
				<-ping
				pong <- struct{}{}
			}
		}()
	})
}

func measureSelecting(n, rounds int) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	timed("selecting", n, func(start chan struct{}, member *sync.WaitGroup) {
		a, b, c, d := make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan struct{})
		go func() {
			defer member.Done()
			<-start
			for i := 0; i < rounds; i++ {
				select {
				case <-a:
				case <-b:
				case <-c:
				case <-d:
				case <-ctx.Done():
					return
				}
			}
		}()
		go func() {
			<-start
			for i := 0; i < rounds/4; i++ {
				a <- struct{}{}
				b <- struct{}{}
				c <- struct{}{}
				d <- struct{}{}
			}
		}()
	})
}
