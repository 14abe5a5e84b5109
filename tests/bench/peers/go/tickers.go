package main

import (
	"io"
	"math/rand"
	"os"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// counter has a cache line of its own, so that goroutines do not slow each other down by counting.
type counter struct {
	ticks atomic.Int64
	_     [56]byte
}

// mapCounters shares n counters with the process that reads them through the file. This program could not say itself
// what happened in a given second: while a hundred thousand tickers keep its scheduler busy, its main goroutine gets
// its turn seconds late.
func mapCounters(path string, n int) []counter {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	fail(err)
	memory, err := syscall.Mmap(int(file.Fd()), 0, n*int(unsafe.Sizeof(counter{})), syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_SHARED)
	fail(err)
	return unsafe.Slice((*counter)(unsafe.Pointer(&memory[0])), n)
}

// startTickers gives each counter a goroutine that makes a ticker and counts its ticks; `made` counts the tickers. Each
// goroutine makes its own, so that they are spread over all processors. Shuffled: where the counters lie has nothing to
// do with the order in which the tickers are made. All goroutines are there before the first ticker ticks: among many
// that tick already, the one that makes the rest would hardly get its turn.
func startTickers(counters []counter, period time.Duration, shuffled bool, made *atomic.Int64) {
	start := make(chan struct{})
	var begun atomic.Int64
	for _, i := range makeOrder(len(counters), shuffled) {
		go func(own *counter) {
			begun.Add(1)
			<-start
			ticker := time.NewTicker(period)
			made.Add(1)
			for range ticker.C {
				own.ticks.Add(1)
			}
		}(&counters[i])
	}
	waitFor(&begun, len(counters))
	close(start)
}

func makeOrder(n int, shuffled bool) []int {
	if shuffled {
		return rand.New(rand.NewSource(1)).Perm(n)
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// runTickers counts the ticks of each ticker in a counter of the file; counter 0 counts the tickers that were made.
func runTickers(n int, period time.Duration, path string, shuffled bool) {
	counters := mapCounters(path, n+1)
	startTickers(counters[1:], period, shuffled, &counters[0].ticks)
	_, _ = io.Copy(io.Discard, os.Stdin)
}
