// Command peer does in Go what leaklab's runtime does, so that both can be measured side by side. Each measurement is
// one process that prints one JSON object; tests/bench/README.md says what the numbers mean.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"
)

const usage = `usage: peer spawn N                          N goroutines, wait until all are blocked on receive
       peer cancel N                         the same with a select on done, then cancel their context
       peer memory N HOLDS SECONDS           the same, HOLDS bytes each; resident memory SECONDS after
       peer ping-pong N ROUNDS               N pairs that hand a message to and fro, ROUNDS times each
       peer selecting N ROUNDS               N goroutines that select among four channels and done, ROUNDS times each
       peer profile N                        N goroutines, and the profile of where they stand
       peer tickers N PERIOD FILE [shuffled] N tickers that count in FILE, 64 bytes each, until stdin ends
       peer serve N SERIES                   /metrics of client_golang beside N blocked goroutines, until stdin ends
`

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func count(text string) int {
	n, err := strconv.Atoi(text)
	fail(err)
	return n
}

func duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	fail(err)
	return d
}

// residentBytes is the process's resident memory; see proc(5), /proc/pid/statm.
func residentBytes() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	fail(err)
	var size, resident int64
	_, err = fmt.Sscan(string(text), &size, &resident)
	fail(err)
	return resident * int64(os.Getpagesize())
}

type fields map[string]any

func emit(object fields) {
	fail(json.NewEncoder(os.Stdout).Encode(object))
}

func main() {
	arguments := os.Args[1:]
	is := func(name string, operands int) bool {
		return len(arguments) == 1+operands && arguments[0] == name
	}
	switch {
	case is("spawn", 1):
		measureSpawn(count(arguments[1]))
	case is("cancel", 1):
		measureCancel(count(arguments[1]))
	case is("profile", 1):
		measureProfile(count(arguments[1]))
	case is("ping-pong", 2):
		measurePingPong(count(arguments[1]), count(arguments[2]))
	case is("selecting", 2):
		measureSelecting(count(arguments[1]), count(arguments[2]))
	case is("memory", 3):
		measureMemory(count(arguments[1]), count(arguments[2]), count(arguments[3]))
	case is("tickers", 3):
		runTickers(count(arguments[1]), duration(arguments[2]), arguments[3], false)
	case is("tickers", 4) && arguments[4] == "shuffled":
		runTickers(count(arguments[1]), duration(arguments[2]), arguments[3], true)
	case is("serve", 2):
		serve(count(arguments[1]), count(arguments[2]))
	default:
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
}
