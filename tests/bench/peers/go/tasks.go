package main

import (
	"bytes"
	"context"
	"runtime"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"
)

// spawnBlocked starts n goroutines that receive from a channel on which nobody sends, and returns when each is there.
func spawnBlocked(n int) {
	jobs := make(chan struct{})
	var begun atomic.Int64
	for i := 0; i < n; i++ {
		go func() {
			begun.Add(1)
			<-jobs
		}()
	}
	waitFor(&begun, n)
}

// waitFor leaves the processors to the goroutines that are still to begin.
func waitFor(begun *atomic.Int64, n int) {
	for begun.Load() < int64(n) {
		runtime.Gosched()
	}
}

func measureSpawn(n int) {
	before := residentBytes()
	start := time.Now()
	spawnBlocked(n)
	seconds := time.Since(start).Seconds()
	after := residentBytes()
	emit(fields{"measure": "spawn", "tasks": n, "seconds": seconds, "tasks_per_second": float64(n) / seconds,
		"resident_before_bytes": before, "resident_after_bytes": after,
		"bytes_per_task": float64(after-before) / float64(n)})
}

// group is n goroutines that wait for a job or for done, as a service's workers do.
type group struct {
	cancel context.CancelFunc
	left   sync.WaitGroup
}

func newGroup(n, holds int) *group {
	ctx, cancel := context.WithCancel(context.Background())
	jobs := make(chan struct{})
	g := &group{cancel: cancel}
	var begun atomic.Int64
	g.left.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			defer g.left.Done()
			held := hold(holds)
			begun.Add(1)
			select {
			case <-jobs:
			case <-ctx.Done():
			}
			runtime.KeepAlive(held)
		}()
	}
	waitFor(&begun, n)
	return g
}

// hold returns memory that was written to, so that it is resident; nil for no bytes.
func hold(bytes int) []byte {
	if bytes == 0 {
		return nil
	}
	held := make([]byte, bytes)
	for i := range held {
		held[i] = 1
	}
	return held
}

func (g *group) end() time.Duration {
	start := time.Now()
	g.cancel()
	g.left.Wait()
	return time.Since(start)
}

func measureCancel(n int) {
	g := newGroup(n, 0)
	elapsed := g.end()
	emit(fields{"measure": "cancel", "tasks": n, "seconds": elapsed.Seconds(),
		"ns_per_task": float64(elapsed.Nanoseconds()) / float64(n)})
}

func measureMemory(n, holds, seconds int) {
	before := residentBytes()
	g := newGroup(n, holds)
	full := residentBytes()
	g.end()
	ended := residentBytes()
	time.Sleep(time.Duration(seconds) * time.Second)
	emit(fields{"measure": "memory", "tasks": n, "holds_bytes": holds, "wait_seconds": seconds,
		"resident_before_bytes": before, "resident_full_bytes": full,
		"resident_ended_bytes": ended, "resident_after_bytes": residentBytes()})
}

// measureProfile writes the profile of where n goroutines stand, as net/http/pprof does for a scraper.
func measureProfile(n int) {
	spawnBlocked(n)
	var profile bytes.Buffer
	start := time.Now()
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 0); err != nil {
		panic(err)
	}
	emit(fields{"measure": "profile", "tasks": n, "seconds": time.Since(start).Seconds(), "bytes": profile.Len()})
}
