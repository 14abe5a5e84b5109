// Command conformance compares what programs of channels, locks and conditions come to in Go and in leaklab.
//
// Each program is written twice, side by side: as a Go function, and as the pattern that says the same. Both are run
// many times, and the sets of what they came to must be equal, and equal to the set that the program states, of which
// its comment says why it is that set. Since Go itself is asked, it is Go that says what is right.
//
// An outcome is a small text: what was seen how often, which goroutines are left over, how many panicked.
//
// In a pattern, time passes when nothing can move any more; `sleep` therefore means what rest() means in Go: go on
// once everybody else is blocked. Go's side asks the Go runtime for the state of each goroutine, so that nothing here
// depends on how fast the machine is. Where the order of events decides, the program itself draws it (`chance 50%`),
// and says in its outcome what it drew; sixty-four runs then miss one of two outcomes less often than once in 10^18
// tries. Beside that, GOMAXPROCS varies, and a goroutine may yield before it begins.
package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	runs  = 64     // of each program, on either side
	draws = 100000 // of a program about fairness, which runs once
	sigma = 5      // a fair select is outside these bounds less often than once in a million tries
)

type program struct {
	name     string
	pattern  string
	run      func(r *run)
	outcomes []string // the whole set
	fair     []string // instead: what is seen equally often, in `draws` draws, and nothing else
}

func programs() []program {
	return append(append(selects(), rwmutexes()...), conditions()...)
}

// run is one run of a program: what it has come to so far.
type run struct {
	lock     sync.Mutex
	seen     map[string]int
	panicked int
}

func (r *run) add(what string, number int) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.seen[what] += number
}

// see is `send saw-WHAT`.
func (r *run) see(what string) { r.add(what, 1) }

// start is `spawn KIND`; a goroutine that panics ends alone, as a task does.
func (r *run) start(kind string, body func()) {
	r.add("blocked-"+kind, 1)
	yields := rand.Intn(3)
	go func() {
		defer r.end(kind)
		for ; yields > 0; yields-- {
			runtime.Gosched()
		}
		body()
	}()
}

func (r *run) end(kind string) {
	if recover() != nil {
		r.add("panicked", 1)
	}
	r.add("blocked-"+kind, -1)
}

// chance is `chance 50%:`.
func (r *run) chance() bool { return rand.Intn(2) == 0 }

var (
	goroutine = regexp.MustCompile(`(?m)^goroutine \d+ \[([^\],]+)`)
	blocked   = regexp.MustCompile(`^(chan receive|chan send|select|semacquire|sync\.)`)
	stacks    = make([]byte, 1<<20)
)

// rest is `sleep 1ms`: it returns once every other goroutine is blocked, which one look at all of them at one moment
// tells.
func rest() {
	for {
		runtime.Gosched()
		size := runtime.Stack(stacks, true)
		if size == len(stacks) {
			stacks = make([]byte, 2*len(stacks))
			continue
		}
		moving := 0
		for _, state := range goroutine.FindAllSubmatch(stacks[:size], -1) {
			if !blocked.Match(state[1]) {
				moving++
			}
		}
		if moving == 1 { // this one
			return
		}
	}
}

// outcome is what the whole run has come to, in the words of play_pattern.c.
func (r *run) outcome() string {
	rest()
	r.lock.Lock()
	defer r.lock.Unlock()
	items := []string{}
	for what, number := range r.seen {
		if number != 0 {
			items = append(items, fmt.Sprintf("%s=%d", what, number))
		}
	}
	sort.Strings(items)
	return strings.Join(items, " ")
}

// outcomesInGo leaves goroutines behind, as the programs do: each program has a process of its own.
func (p program) outcomesInGo() map[string]int {
	rand.Seed(time.Now().UnixNano())
	outcomes := map[string]int{}
	for i := 0; i < p.runs(); i++ {
		runtime.GOMAXPROCS(1 + i%4)
		r := &run{seen: map[string]int{}}
		p.run(r)
		outcomes[r.outcome()]++
	}
	return outcomes
}

func (p program) runs() int {
	if p.fair != nil {
		return 1
	}
	return runs
}

// ask runs a program that prints outcomes as `COUNT<tab>OUTCOME`.
func ask(input string, name string, arguments ...string) (map[string]int, error) {
	command := exec.Command(name, arguments...)
	command.Stdin = strings.NewReader(input)
	var said bytes.Buffer
	command.Stderr = &said
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %v\n%s", name, err, said.String())
	}
	outcomes := map[string]int{}
	for _, line := range strings.Split(strings.TrimSuffix(string(output), "\n"), "\n") {
		count, outcome, _ := strings.Cut(line, "\t")
		if outcomes[outcome], err = strconv.Atoi(count); err != nil {
			return nil, fmt.Errorf("%s: %q", name, line)
		}
	}
	return outcomes, nil
}

// unlike says how a set of outcomes differs from what the program states; nothing when it does not.
func (p program) unlike(outcomes map[string]int) []string {
	if p.fair != nil {
		return p.unfair(outcomes)
	}
	faults := []string{}
	left := map[string]int{}
	for outcome, count := range outcomes {
		left[outcome] = count
	}
	for _, outcome := range p.outcomes {
		if left[outcome] == 0 {
			faults = append(faults, fmt.Sprintf("never `%s`", outcome))
		}
		delete(left, outcome)
	}
	for outcome, count := range left {
		faults = append(faults, fmt.Sprintf("%d times `%s`", count, outcome))
	}
	return faults
}

// unfair takes the one outcome apart: each of the fair ones within the bounds, and nothing else.
func (p program) unfair(outcomes map[string]int) []string {
	faults := []string{}
	share := 1 / float64(len(p.fair))
	bound := sigma * math.Sqrt(draws*share*(1-share))
	for outcome := range outcomes {
		left := map[string]float64{}
		for _, item := range strings.Fields(outcome) {
			what, number, _ := strings.Cut(item, "=")
			left[what], _ = strconv.ParseFloat(number, 64)
		}
		for _, what := range p.fair {
			if math.Abs(left[what]-draws*share) > bound {
				faults = append(faults, fmt.Sprintf("%s is %.0f, not %.0f +- %.0f", what, left[what], draws*share, bound))
			}
			delete(left, what)
		}
		for what, number := range left {
			faults = append(faults, fmt.Sprintf("%s is %.0f, not 0", what, number))
		}
	}
	return faults
}

// compare runs one program on both sides; true when they agree.
func (p program) compare(player string) bool {
	good := true
	inGo, err := ask("", os.Args[0], "in-go", p.name)
	inPatterns, other := map[string]int(nil), error(nil)
	if err == nil {
		inPatterns, other = ask(p.pattern, player, strconv.Itoa(p.runs()))
	}
	for _, err := range []error{err, other} {
		if err != nil {
			fmt.Printf("FAILED %s: %v\n", p.name, err)
			return false
		}
	}
	for _, side := range []struct {
		name     string
		outcomes map[string]int
	}{{"Go", inGo}, {"leaklab", inPatterns}} {
		for _, fault := range p.unlike(side.outcomes) {
			fmt.Printf("FAILED %s: in %s %s\n", p.name, side.name, fault)
			good = false
		}
	}
	return good
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: conformance PLAY_PATTERN [NAME...]")
		os.Exit(2)
	}
	if os.Args[1] == "in-go" {
		for _, p := range programs() {
			if p.name == os.Args[2] {
				for outcome, count := range p.outcomesInGo() {
					fmt.Printf("%d\t%s\n", count, outcome)
				}
			}
		}
		return
	}
	wanted := map[string]bool{}
	for _, name := range os.Args[2:] {
		wanted[name] = true
	}
	passed, failed := 0, 0
	for _, p := range programs() {
		switch {
		case len(wanted) > 0 && !wanted[p.name]:
		case p.compare(os.Args[1]):
			passed++
		default:
			failed++
		}
	}
	fmt.Printf("%d programs come to the same in %s and in leaklab, %d do not\n", passed, runtime.Version(), failed)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
}
