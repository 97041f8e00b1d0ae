package routing

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Config says how routes are chosen. Zero means the default told here.
type Config struct {
	Routes []Route // required, at most MaxRoutes

	// Classify says what an answer, or the error of a failed exchange, tells about health. Without it every answer is
	// good and errors are what OfError says. It may run concurrently and must not keep the answer.
	Classify func(answer []byte, err error) Health

	Host   BreakerConfig // of each route's host
	Issuer BreakerConfig // of each issuer behind a host; Open defaults to 30 s and OpenMax to 10 minutes there

	EchoEvery   time.Duration // between echoes to a host in doubt; default 1 s
	EchoTimeout time.Duration // default 5 s

	ScoreWindow time.Duration // default 10 minutes
	Minimum     int           // outcomes in it that make a score; default 20
	Margin      float64       // scores that differ by no more are equal; default 0.05

	// Explore is the share of requests, of those up to ExploreLimit in minor units, that are drawn among all fit routes of
	// the best priority; default 0. Where 2 % are spent on it, a route that has become good again is found.
	Explore      float64
	ExploreLimit int64

	// MinFit is the share of the accepting routes that must be fit, else Decide refuses with ErrScarce: for those who
	// would rather decline fast, or go on with QR codes alone, than send everything to the last route. Default 0: the
	// last route gets everything.
	MinFit float64

	Segments int    // issuers and methods to keep count of, up to 7 kB of memory each once known; default 4096
	Seed     uint64 // of the draws; 0 takes a random one

	// Changed is told when a host's breaker changes its state: "closed", "open" or "half open". It runs without locks
	// held, on the goroutine of whoever brought the change about, and must be quick: echoes wait for it, and so does
	// Close. A panic in it is dropped.
	Changed func(route, state string)

	clock func() time.Time // time.Now, but in a test
}

// Router chooses between routes. Its methods may be called concurrently. The zero value is closed: Decide refuses with
// ErrClosed.
type Router struct {
	mu       sync.Mutex
	running  bool
	config   Config // with defaults
	began    time.Time
	epoch    uint32  // counts configurations
	routes   []route // of this configuration
	segments segments
	seed     uint64
	random   *rand.PCG
	jitter   *rand.Rand

	echoing sync.WaitGroup
	stop    context.CancelFunc
	stopped context.Context
}

// route is a Route with what is known of its host.
type route struct {
	Route
	breaker breaker
	score   window
	epoch   uint32 // of the configuration that brought it in
	echoing bool   // a goroutine looks after the host
}

// New makes a Router. Its error joins all faults of the configuration, each of them ErrConfig. Close it when done.
func New(config Config) (*Router, error) {
	config, err := config.checked()
	if err != nil {
		return nil, err
	}
	r := &Router{config: config, running: true, began: config.clock(), seed: config.Seed, segments: newSegments(config.Segments)}
	if r.seed == 0 {
		r.seed = rand.Uint64()
	}
	r.random = rand.NewPCG(r.seed, 0)
	r.jitter = rand.New(rand.NewPCG(r.seed, 1))
	r.stopped, r.stop = context.WithCancel(context.Background())
	for _, one := range config.Routes {
		r.routes = append(r.routes, route{Route: one})
	}
	return r, nil
}

// steady is a reading of the clock as if nobody had set it since the Router was made, so that a machine whose clock is set
// neither forgets outcomes nor counts them for longer.
func (r *Router) steady(now time.Time) time.Time { return r.began.Add(now.Sub(r.began)) }

// now is the time that outcomes and states are kept by.
func (r *Router) now() time.Time { return r.steady(r.config.clock()) }

// Configure goes over to another configuration. Routes of the same name keep what is known of their hosts; one that is
// taken out at present stays so for what is left of the new time. Segments and Seed stay as they were. What is known of
// issuers is kept if the names and the order of the routes are the same. On error nothing changes.
func (r *Router) Configure(config Config) error {
	config, err := config.checked()
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.epoch++
	routes, same := make([]route, len(config.Routes)), len(config.Routes) == len(r.routes)
	for i, one := range config.Routes {
		routes[i].Route, routes[i].epoch = one, r.epoch
		if k := r.named(one.Name); k >= 0 {
			routes[i].breaker, routes[i].score, routes[i].epoch = r.routes[k].breaker, r.routes[k].score, r.routes[k].epoch
			same = same && k == i
		} else {
			same = false
		}
	}
	if !same {
		r.segments = newSegments(r.config.Segments)
	}
	config.Segments, config.Seed, config.clock = r.config.Segments, r.config.Seed, r.config.clock
	r.config, r.routes = config, routes
	for i := range routes {
		r.lookAfter(i)
	}
	return nil
}

// named returns the index of a route, -1 if there is none. The caller holds r.mu.
func (r *Router) named(name string) int {
	return slices.IndexFunc(r.routes, func(one route) bool { return one.Name == name })
}

// Close ends the echoes; Decide refuses from then on with ErrClosed. Requests that are under way go on. It waits for
// Peer.Echo to return and always returns nil.
func (r *Router) Close() error {
	r.mu.Lock()
	r.running = false
	stop := r.stop
	r.mu.Unlock()
	if stop != nil {
		stop()
	}
	r.echoing.Wait()
	return nil
}

// checked returns the configuration with its defaults, or all that is wrong with it.
func (c Config) checked() (Config, error) {
	if err := errors.Join(checkRoutes(c.Routes), checkConfig(&c)); err != nil {
		return c, err
	}
	c.Routes = slices.Clone(c.Routes)
	def(&c.Issuer.Open, 30*time.Second)
	def(&c.Issuer.OpenMax, 10*time.Minute)
	c.Host, c.Issuer = c.Host.withDefaults(), c.Issuer.withDefaults()
	def(&c.EchoEvery, time.Second)
	def(&c.EchoTimeout, 5*time.Second)
	def(&c.ScoreWindow, 10*time.Minute)
	def(&c.Minimum, 20)
	def(&c.Margin, 0.05)
	def(&c.Segments, 4096)
	if c.clock == nil {
		c.clock = time.Now
	}
	if c.Classify == nil {
		c.Classify = func(_ []byte, err error) Health { return OfError(err) }
	}
	return c, nil
}

func checkConfig(c *Config) error {
	var faults []error
	share := func(name string, x float64) {
		if !(x >= 0 && x <= 1) {
			faults = append(faults, fmt.Errorf("%w: %s %v is not from 0 to 1", ErrConfig, name, x))
		}
	}
	share("Margin", c.Margin)
	share("Explore", c.Explore)
	share("MinFit", c.MinFit)
	share("Host.Share", c.Host.Share)
	share("Issuer.Share", c.Issuer.Share)
	for name, v := range map[string]int64{"EchoEvery": int64(c.EchoEvery), "EchoTimeout": int64(c.EchoTimeout), "ScoreWindow": int64(c.ScoreWindow),
		"Minimum": int64(c.Minimum), "Segments": int64(c.Segments), "ExploreLimit": c.ExploreLimit,
		"Host": c.Host.least(), "Issuer": c.Issuer.least()} {
		if v < 0 {
			faults = append(faults, fmt.Errorf("%w: %s is negative", ErrConfig, name))
		}
	}
	return errors.Join(faults...)
}

// least is the smallest of the numbers of a breaker's configuration.
func (c *BreakerConfig) least() int64 {
	return min(int64(c.Failures), int64(c.Minimum), int64(c.Window), int64(c.Open), int64(c.OpenMax), int64(c.Clean), int64(c.Echoes), int64(c.Proven))
}
