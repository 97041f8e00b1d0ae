package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/posline/posline/connection"
)

var loadCommand = command{
	name: "load", args: "[FILE...]", about: "put a host under load and tell how it answers",
	more: `  iso8583 load -to localhost:8583 -spec unionpay-pos -frame binary2 -rate 500 -for 30s scenario.json
  iso8583 load -to localhost:8583 -spec unionpay-pos -frame binary2 -in-flight 64 -count 100000 sale.json

With -rate it is an open loop: messages are sent when they are due, whether or not the host has answered those before, and
the time of an answer counts from when its request was due. A host that stops for a second so has a second in its
percentiles, as its customers would have. With -in-flight it is a closed loop: each answer lets the next request go.

The messages are those that send takes. A scenario is JSON objects with their shares:
  {"name":"sale","weight":9,"send":{"0":"0200","3":"000000","4":"000000001999","11":"000000","41":"TERM0001"},"expect":{"39":"00"}}
  {"name":"echo","send":{"0":"0820","11":"000000","41":"TERM0001"}}

Percentiles are at most a hundredth too high. A request without an answer in time is in them with the time that it has waited,
which -timeout ends; one that failed in another way is not. A request that has no answer, or one that is not as expected,
gives exit status 1. An interrupt ends the load early, and the report follows.

` + keysHelp,
	setup: setupLoad,
}

func setupLoad(c *console, flags *flag.FlagSet) func([]string) error {
	l := &loader{sender: sender{console: c, repeat: 1}}
	l.register(flags)
	l.registerSend(flags)
	flags.Float64Var(&l.rate, "rate", 0, "open loop: send `N` messages a second")
	flags.IntVar(&l.inFlight, "in-flight", 0, "closed loop: keep `N` requests in flight")
	flags.DurationVar(&l.during, "for", 10*time.Second, "how long to send")
	flags.IntVar(&l.count, "count", 0, "send `N` messages, however long it takes")
	flags.StringVar(&l.first, "first", "", "`file` of messages and steps for send, sent once before, such as a sign-in")
	flags.IntVar(&l.connections, "connections", 1, "spread them over `N` connections")
	flags.BoolVar(&l.json, "json", false, "write the report as one JSON object")
	flags.BoolVar(&l.tell, "progress", false, "tell every second how it goes, also where nobody looks at it")
	return l.load
}

// loader is the command load at work.
type loader struct {
	sender
	inFlight, count, connections int
	during                       time.Duration
	first                        string
	tell                         bool

	parts   []*part
	choice  sync.Mutex // guards the parts and their messages
	lines   []*line
	next    atomic.Int64 // line
	calls   sync.Pool
	open    sync.WaitGroup // requests that have no answer yet
	results results
}

func (l *loader) load(files []string) error {
	if err := l.checkFlags(); err != nil {
		return err
	}
	if err := l.prepare(); err != nil {
		return err
	}
	if err := l.inputs(files, l.readParts); err != nil {
		return err
	}
	if l.first != "" {
		if err := l.inputs([]string{l.first}, l.read); err != nil {
			return err
		}
	}
	if len(l.parts) == 0 && l.faults == 0 {
		l.fault("", errNoMessage)
	}
	if l.faults > 0 {
		l.note("nothing was sent")
		return nil
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second interrupt does not wait for answers
	return l.drive(ctx)
}

func (l *loader) checkFlags() error {
	switch {
	case (l.rate != 0) == (l.inFlight > 0) || l.inFlight < 0:
		return usageError{errors.New("load needs one of -rate and -in-flight")}
	case l.rate != 0 && !isRate(l.rate):
		return usageError{errNoRate}
	case l.during <= 0 || l.count < 0 || l.connections < 1:
		return usageError{errors.New("-for and -connections must be positive, and -count not negative")}
	}
	if l.anew.list == "" {
		l.anew.list = "11" // requests in flight must differ in it
	}
	return nil
}

// readParts takes the messages of an input, and the parts of a scenario.
func (l *loader) readParts(name string, r io.Reader) error {
	in := bufio.NewReader(r)
	if head, _ := in.Peek(16); !isJSON(head) {
		if err := l.read(name, in); err != nil {
			return err
		}
		for _, r := range l.requests {
			l.parts = append(l.parts, &part{name: r.place(), weight: 1, request: r.step.request})
		}
		l.requests = nil
		return nil
	}
	text, err := whole(name, in)
	if err != nil {
		return err
	}
	return l.objects(piece{file: name, text: text}, func(one piece) error {
		p := &part{weight: 1, request: l.codec.New()}
		var err error
		if isStep(one.text) {
			p, err = readPart(one.text, l.codec, l.answer.form)
		} else {
			err = l.answer.form.ReadJSON(p.request, one.text)
		}
		if err != nil {
			l.fault(one.place(), err)
			return nil
		}
		if p.name == "" {
			p.name = one.place()
		}
		l.parts = append(l.parts, p)
		return nil
	})
}

// drive sends until it is enough, waits for the answers, and reports.
func (l *loader) drive(ctx context.Context) error {
	for range l.connections {
		one := &line{loader: l}
		l.lines = append(l.lines, one)
		if err := one.open(); err != nil {
			return unanswered(err)
		}
	}
	if !l.prelude(ctx) {
		return nil
	}
	begin := time.Now()
	done := l.progressEvery(begin)
	if l.rate > 0 {
		l.openLoop(ctx, begin)
	} else {
		l.closedLoop(ctx, begin)
	}
	sending := time.Since(begin)
	l.open.Wait()
	close(done)
	for _, one := range l.lines {
		one.close()
	}
	return l.report(sending, time.Since(begin))
}

// prelude sends what comes before the load, on the first line.
func (l *loader) prelude(ctx context.Context) bool {
	for _, r := range l.requests {
		l.flow.conn = l.lines[0].conn
		if err := l.flow.do(ctx, r.step); err != nil {
			l.fault(placeOf(r.piece, err), unanswered(err))
			l.note("nothing of the load was sent")
			return false
		}
	}
	return true
}

// openLoop sends each message when it is due. One that the loop comes late to is due all the same, so the loop catches up.
func (l *loader) openLoop(ctx context.Context, begin time.Time) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := 0; l.count == 0 || i < l.count; i++ {
		after := time.Duration(float64(i) / l.rate * float64(time.Second))
		if l.count == 0 && after >= l.during {
			return
		}
		due := begin.Add(after)
		if wait := time.Until(due); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return
			}
		}
		if ctx.Err() != nil {
			return
		}
		l.results.behind(time.Since(due))
		l.start(due)
	}
}

// start sends a message without waiting for its answer.
func (l *loader) start(due time.Time) {
	c := l.newCall(due)
	wire, err := l.request(c)
	l.open.Add(1)
	if err != nil {
		c.Complete(nil, err)
		return
	}
	conn, err := l.lines[int(l.next.Add(1))%len(l.lines)].get()
	if err != nil {
		c.Complete(nil, err)
		return
	}
	if _, err := conn.Start(wire, c.reply[:0], due.Add(l.timeout), c); err != nil {
		c.Complete(nil, err)
	}
}

// closedLoop keeps requests in flight.
func (l *loader) closedLoop(ctx context.Context, begin time.Time) {
	var sent atomic.Int64
	var workers sync.WaitGroup
	for i := range l.inFlight {
		workers.Go(func() {
			one := l.lines[i%len(l.lines)]
			for ctx.Err() == nil {
				if number := sent.Add(1); l.count > 0 && number > int64(l.count) || l.count == 0 && time.Since(begin) >= l.during {
					return
				}
				if !l.exchange(one) {
					time.Sleep(redialAfter) // the host is away
				}
			}
		})
	}
	workers.Wait()
}

// exchange sends a message and waits for its answer. It returns false if there was no connection.
func (l *loader) exchange(one *line) bool {
	c := l.newCall(time.Now())
	l.open.Add(1)
	wire, err := l.request(c)
	if err != nil {
		c.Complete(nil, err)
		return true
	}
	conn, err := one.get()
	if err != nil {
		c.Complete(nil, err)
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), l.timeout)
	defer cancel()
	c.Complete(conn.Exchange(ctx, wire, c.reply[:0]))
	return true
}

// request makes the next message of a call.
func (l *loader) request(c *call) ([]byte, error) {
	l.choice.Lock()
	defer l.choice.Unlock()
	c.part = choose(l.parts)
	return l.anew.pack(c.part.request)
}

// redialAfter is how long a line that could not be dialled is left alone.
const redialAfter = 100 * time.Millisecond

// line is a connection that is dialled again when it has ended.
type line struct {
	loader *loader

	mu      sync.Mutex
	conn    *connection.Conn
	dialled time.Time // when it was tried last
	dialing bool
	closed  bool
}

// errAway is the failure of a request that there is no connection for.
var errAway = errors.New("no connection")

// open dials for the first time.
func (o *line) open() error {
	conn, err := o.dial()
	o.conn = conn
	return err
}

func (o *line) dial() (*connection.Conn, error) {
	ignore := func(*connection.Conn, []byte, []byte) ([]byte, error) { return nil, nil }
	return o.loader.dial(connection.Hooks{}, ignore)
}

// get returns the connection, or dials in the background: whoever sends at a rate must not wait for it.
func (o *line) get() (*connection.Conn, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.conn != nil && o.conn.Err() == nil {
		return o.conn, nil
	}
	if !o.dialing && time.Since(o.dialled) >= redialAfter {
		o.dialing = true
		go o.redial()
	}
	return nil, errAway
}

func (o *line) redial() {
	conn, err := o.dial()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dialing, o.dialled = false, time.Now()
	switch {
	case err != nil:
	case o.closed:
		conn.Close()
	default:
		o.conn = conn
	}
}

func (o *line) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	if o.conn == nil {
		return
	}
	ending, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	if err := o.conn.Shutdown(ending); err != nil {
		o.loader.note("%v", fmt.Errorf("a connection did not end in good order: %w", err))
	}
}
