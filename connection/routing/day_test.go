package routing

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
)

var dayPicture = flag.String("day", "", "file to draw the simulated day to, as SVG")

// A simulated day of network trouble in virtual time: a payment every four seconds, three hosts, and what goes wrong with
// them. Four ways to choose get the same payments and the same luck. To draw it again:
//
//	go test ./connection/routing -run TestSimulatedDay -v -day day.svg
func TestSimulatedDay(t *testing.T) {
	results := map[string]*dayResult{}
	for _, policy := range []string{"round robin", "primary/backup", "posline", "oracle"} {
		synctest.Test(t, func(t *testing.T) { results[policy] = liveDay(t, policy) })
	}
	best := results["oracle"]
	for _, policy := range []string{"round robin", "primary/backup", "posline", "oracle"} {
		one := results[policy]
		t.Logf("%-15s %6.2f %% good, regret %5d of %d, mean %4.0f ms, p99 %5.0f ms, cost %d", policy, 100*one.share(), best.good()-one.good(), one.total(),
			one.latency.Mean().Seconds()*1000, one.latency.Quantile(0.99).Seconds()*1000, one.cost)
	}
	ours := results["posline"]
	for i, one := range troubles {
		lost, of := 0, 0
		for at := int(one.from * 6); at < int(one.to*6); at++ {
			lost += best.ok[at] - ours.ok[at]
			of += best.all[at]
		}
		t.Logf("%2d %-12s regret %4d of %d", i, one.name, lost, of)
	}
	require.Equal(t, best.total(), ours.total())
	require.Greater(t, ours.good(), results["primary/backup"].good())
	require.Greater(t, ours.good(), results["round robin"].good())
	require.Less(t, float64(best.good()-ours.good()), 0.01*float64(ours.total()), "regret")
	require.Less(t, ours.cost, results["round robin"].cost)
	picture := drawDay(results)
	if *dayPicture != "" {
		require.NoError(t, os.WriteFile(*dayPicture, picture, 0o644))
	}
	drawn, err := os.ReadFile("day.svg")
	require.NoError(t, err)
	require.Equal(t, strings.ReplaceAll(string(drawn), "\r\n", "\n"), string(picture), "day.svg must be drawn again")
}

const (
	dayEvery = 4 * time.Second

	// No two things happen at one moment, where they would have no order: every run of the day is the same.
	dayTimeout = 19_900 * time.Millisecond
	dayEcho    = 1001 * time.Millisecond
	dayIssuer  = "4321" // the one that fails; a tenth of all cards
)

// condition is how a host does at a moment.
type condition struct {
	good    float64 // share of requests that are answered well
	latency time.Duration
	silent  bool // what is not good gets no answer
	down    bool // no line
}

// troubles is what goes wrong with each host, by the hour.
var troubles = []struct {
	host, name string
	from, to   float64
	is         condition
	issuer     string
	flap       time.Duration
}{
	{host: "A", name: "brown-out", from: 2, to: 4, is: condition{good: 0.7, latency: 6 * time.Second, silent: true}},
	{host: "A", name: "black hole", from: 6, to: 7, is: condition{silent: true}},
	{host: "A", name: "flapping", from: 9, to: 11, is: condition{silent: true}, flap: 90 * time.Second},
	{host: "A", name: "one issuer", from: 13, to: 16, is: condition{good: 0, latency: 300 * time.Millisecond}, issuer: dayIssuer},
	{host: "A", name: "cut-over", from: 18, to: 18.5, is: condition{down: true}},
	{host: "B", name: "B too", from: 20, to: 21, is: condition{silent: true}},
	{host: "A", name: "both", from: 20.5, to: 21.5, is: condition{good: 0.2, latency: time.Second, silent: true}},
}

var dayHosts = map[string]struct {
	condition
	cost int64
}{
	"A": {condition{good: 0.99, latency: 150 * time.Millisecond}, 38},
	"B": {condition{good: 0.985, latency: 250 * time.Millisecond}, 45},
	"C": {condition{good: 0.96, latency: 600 * time.Millisecond}, 60},
}

// dayHost is a host under the day's troubles.
type dayHost struct {
	name  string
	began time.Time
}

func (h *dayHost) now(issuer string) condition {
	is := dayHosts[h.name].condition
	since := time.Since(h.began)
	for _, one := range troubles {
		if one.host != h.name || since.Hours() < one.from || since.Hours() >= one.to || one.issuer != "" && one.issuer != issuer {
			continue
		}
		if one.flap == 0 || since/one.flap%2 == 0 {
			is = one.is
		}
	}
	return is
}

func (h *dayHost) Ready() bool { return !h.now("").down }

func (h *dayHost) Echo(ctx context.Context) error {
	is := h.now("")
	if is.down || is.silent && is.good < 0.5 {
		<-ctx.Done()
		return ctx.Err()
	}
	time.Sleep(is.latency)
	return nil
}

// Exchange answers "00" or "91", or not at all. The luck of a payment lies in its frame, the same on every route.
func (h *dayHost) Exchange(_ context.Context, frame, dst []byte) ([]byte, error) {
	var issuer string
	var luck float64
	if _, err := fmt.Sscan(string(frame), &issuer, &luck); err != nil {
		return dst, err
	}
	is := h.now(issuer)
	switch {
	case is.down:
		return dst, failure(connection.SentNo, errors.New("no line"))
	case luck >= is.good && is.silent:
		time.Sleep(dayTimeout)
		return dst, failure(connection.SentYes, connection.ErrTimeout)
	}
	time.Sleep(is.latency)
	if luck >= is.good {
		return append(dst, "91"...), nil
	}
	return append(dst, "00"...), nil
}

// dayResult is what came of the payments, by ten minutes.
type dayResult struct {
	mu      sync.Mutex
	all, ok [144]int
	cost    int64
	latency connection.Histogram
}

func (r *dayResult) total() (n int) { return sum(&r.all) }
func (r *dayResult) good() (n int)  { return sum(&r.ok) }

func (r *dayResult) share() float64 { return float64(r.good()) / float64(r.total()) }

func sum(counts *[144]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

func liveDay(t *testing.T, policy string) *dayResult {
	began := time.Now()
	hosts := []*dayHost{{"A", began}, {"B", began}, {"C", began}}
	result := &dayResult{}
	choose, stop := dayPolicy(t, policy, hosts)
	random := rand.New(rand.NewPCG(2026, 0))
	var payments sync.WaitGroup
	for i := range int(24 * time.Hour / dayEvery) {
		issuer := "6225"
		if random.IntN(10) == 0 {
			issuer = dayIssuer
		}
		frame := fmt.Sprintf("%s %.6f", issuer, random.Float64())
		payments.Go(func() {
			at := int(time.Since(began) / (10 * time.Minute))
			sent := time.Now()
			host, good := choose(i, issuer, []byte(frame))
			result.mu.Lock()
			defer result.mu.Unlock()
			result.latency.Record(time.Since(sent))
			result.all[at]++
			if good {
				result.ok[at]++
				result.cost += dayHosts[host].cost
			}
		})
		time.Sleep(dayEvery)
	}
	payments.Wait()
	stop()
	return result
}

// dayPolicy returns a way to choose: it sends a payment and says where it went and whether it was good.
func dayPolicy(t *testing.T, policy string, hosts []*dayHost) (choose func(i int, issuer string, frame []byte) (string, bool), stop func()) {
	send := func(h *dayHost, frame []byte) (string, bool) {
		answer, err := h.Exchange(t.Context(), frame, nil)
		return h.name, err == nil && string(answer) == "00"
	}
	switch policy {
	case "round robin":
		return func(i int, _ string, frame []byte) (string, bool) { return send(hosts[i%len(hosts)], frame) }, func() {}
	case "primary/backup": // the backup takes over while the primary has no line
		return func(_ int, _ string, frame []byte) (string, bool) {
			for _, h := range hosts {
				if h.Ready() {
					return send(h, frame)
				}
			}
			return "", false
		}, func() {}
	case "oracle":
		return func(_ int, issuer string, frame []byte) (string, bool) {
			best := hosts[0]
			for _, h := range hosts[1:] {
				if is, was := h.now(issuer), best.now(issuer); is.good > was.good+0.01 && !is.down || was.down {
					best = h
				}
			}
			return send(best, frame)
		}, func() {}
	}
	return ourDay(t, hosts)
}

func ourDay(t *testing.T, hosts []*dayHost) (choose func(i int, issuer string, frame []byte) (string, bool), stop func()) {
	config := Config{Seed: 2026, EchoEvery: dayEcho, Explore: 0.02, ExploreLimit: 1000, Classify: func(answer []byte, err error) Health {
		if string(answer) == "91" {
			return IssuerFault
		}
		return OfError(err)
	}}
	for _, h := range hosts {
		cost := dayHosts[h.name].cost
		config.Routes = append(config.Routes, Route{Name: h.name, Peer: h, Cost: func(*Request) int64 { return cost }})
	}
	r, err := New(config)
	require.NoError(t, err)
	return func(i int, issuer string, frame []byte) (string, bool) {
			var d Decision
			answer, err := r.Exchange(t.Context(), &Request{Frame: frame, Issuer: issuer, Amount: int64(i % 5000)}, nil, &d)
			return d.Route, err == nil && string(answer) == "00"
		}, func() {
			require.NoError(t, r.Close())
		}
}

// drawDay draws the share of good payments over the day, one line a policy.
func drawDay(results map[string]*dayResult) []byte {
	const width, height, left, top = 980, 340, 50, 46
	// float64 keeps processors that multiply and add in one step from rounding otherwise
	x := func(hour float64) float64 { return left + float64(hour/24*(width-left-30)) }
	y := func(share float64) float64 { return top + float64((1-share)*(height-top-50)) }
	out := fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n"+
		`<rect width="100%%" height="100%%" fill="#fff"/>`+"\n", width, height)
	for i, one := range troubles {
		out = fmt.Appendf(out, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="#eee"/><text x="%.1f" y="%d" fill="#555">%s</text>`+"\n",
			x(one.from), top, x(one.to)-x(one.from), height-top-50, x(one.from), top-20+14*i%28, one.name)
	}
	for hour := 0; hour <= 24; hour += 3 {
		out = fmt.Appendf(out, `<text x="%.1f" y="%d" fill="#555" text-anchor="middle">%02d:00</text>`+"\n", x(float64(hour)), height-34, hour)
	}
	for _, share := range []float64{0, 0.5, 1} {
		out = fmt.Appendf(out, `<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ccc"/><text x="4" y="%.1f" fill="#555">%.0f %%</text>`+"\n",
			left, width-30, y(share), y(share), y(share)+4, 100*share)
	}
	for i, line := range []struct{ policy, colour, dash string }{{"round robin", "#c60", ""}, {"primary/backup", "#a0a", ""}, {"posline", "#06c", ""}, {"oracle", "#080", "4 3"}} {
		one := results[line.policy]
		out = fmt.Appendf(out, `<polyline fill="none" stroke="%s" stroke-width="1.5" stroke-dasharray="%s" points="`, line.colour, line.dash)
		for at := range one.all {
			out = fmt.Appendf(out, "%.1f,%.1f ", x(float64(at)/6), y(float64(one.ok[at])/float64(max(1, one.all[at]))))
		}
		out = fmt.Appendf(out, `"/><text x="%d" y="%d" fill="%s">%s %.2f %%</text>`+"\n", left+10+170*i, height-10, line.colour, line.policy, 100*one.share())
	}
	return append(out, "</svg>\n"...)
}
