package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// loadReport is the report of load as -json writes it. Times are in milliseconds.
type loadReport struct {
	Mode        string             `json:"mode"` // open or closed
	Rate        float64            `json:"rate,omitempty"`
	InFlight    int                `json:"in_flight,omitempty"`
	Connections int                `json:"connections"`
	Seconds     float64            `json:"seconds"` // of sending
	Sent        int64              `json:"sent"`
	Answered    int64              `json:"answered"`
	PerSecond   float64            `json:"answered_per_second"`
	Failed      int64              `json:"failed"`
	Failures    map[string]int64   `json:"failures,omitempty"`
	Codes       map[string]int64   `json:"codes"` // of field 39
	Behind      float64            `json:"behind_ms"`
	Latency     map[string]float64 `json:"latency_ms"`
}

// quantiles are those of the report.
var quantiles = []struct {
	name  string
	share float64
}{{"p50", 0.5}, {"p90", 0.9}, {"p95", 0.95}, {"p99", 0.99}, {"p99.9", 0.999}}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// report writes what was counted.
func (l *loader) report(sending, all time.Duration) error {
	r := &l.results
	out := loadReport{Mode: "open", Rate: l.rate, InFlight: l.inFlight, Connections: l.connections, Seconds: sending.Seconds(), Sent: r.sent.Load(),
		Answered: r.answered.Load(), Failed: r.failed, Failures: r.failures, Codes: r.codes, Behind: milliseconds(time.Duration(r.lateness.Load()))}
	if out.Codes == nil {
		out.Codes = map[string]int64{} // none, in JSON too
	}
	if l.inFlight > 0 {
		out.Mode = "closed"
	}
	out.PerSecond = float64(out.Answered) / all.Seconds()
	out.Latency = map[string]float64{"min": milliseconds(r.times.min()), "mean": milliseconds(r.times.mean()), "max": milliseconds(r.times.max())}
	for _, q := range quantiles {
		out.Latency[q.name] = milliseconds(r.times.quantile(q.share))
	}
	l.faults += int(out.Failed)
	if l.json {
		text, err := json.Marshal(out)
		if err != nil {
			return err
		}
		l.say("%s", text)
		return nil
	}
	l.sayReport(out)
	return nil
}

func (l *loader) sayReport(out loadReport) {
	l.say("%d sent in %.1f s, %d answered, %.1f a second, %d failed", out.Sent, out.Seconds, out.Answered, out.PerSecond, out.Failed)
	if out.Mode == "open" {
		l.say("open loop at %g a second; the loop itself was behind by at most %.3f ms", out.Rate, out.Behind)
	} else {
		l.say("closed loop with %d in flight", out.InFlight)
	}
	line := fmt.Sprintf("latency in ms: min %.3f, mean %.3f", out.Latency["min"], out.Latency["mean"])
	for _, q := range quantiles {
		line += fmt.Sprintf(", %s %.3f", q.name, out.Latency[q.name])
	}
	l.say("%s, max %.3f", line, out.Latency["max"])
	for _, kinds := range []struct {
		what   string
		counts map[string]int64
	}{{"response code", out.Codes}, {"failed:", out.Failures}} {
		for _, name := range slices.Sorted(maps.Keys(kinds.counts)) {
			l.say("%8d %s %s", kinds.counts[name], kinds.what, name)
		}
	}
}

// progressEvery tells every second how it goes, until the channel is closed.
func (l *loader) progressEvery(begin time.Time) chan<- struct{} {
	done := make(chan struct{})
	if !l.tell && !l.watched {
		return done
	}
	go func() {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		var before int64
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
			}
			answered, sent := l.results.answered.Load(), l.results.sent.Load()
			l.results.mu.Lock()
			failed := l.results.failed
			l.results.mu.Unlock()
			l.note("%3.0f s: %d sent, %d answers in the last second, %d failed, p50 %.3f ms, p99 %.3f ms", time.Since(begin).Seconds(), sent,
				answered-before, failed, milliseconds(l.results.times.quantile(0.5)), milliseconds(l.results.times.quantile(0.99)))
			before = answered
		}
	}()
	return done
}
