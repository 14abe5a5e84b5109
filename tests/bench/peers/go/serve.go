package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// addSeries brings the exposition to the size of the other side's: counters with three labels and some value.
func addSeries(series int) {
	const perName = 40
	for made := 0; made < series; {
		vector := prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "peer_tasks_" + strconv.Itoa(made/perName) + "_total",
			Help: "Tasks, by pattern, variant and state.",
		}, []string{"pattern", "variant", "state"})
		prometheus.MustRegister(vector)
		for i := 0; i < perName && made < series; i++ {
			vector.WithLabelValues("ticker", "leak", strconv.Itoa(i)).Add(float64(made * 1000))
			made++
		}
	}
}

// serve answers /metrics as a Go service does: client_golang's default registry and handler.
func serve(goroutines, series int) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	fail(err)
	addSeries(series)
	spawnBlocked(goroutines)
	http.Handle("/metrics", promhttp.Handler())
	go func() { fail(http.Serve(listener, nil)) }()
	emit(fields{"address": listener.Addr().String(), "resident_bytes": residentBytes()})
	_, _ = io.Copy(io.Discard, os.Stdin)
}
