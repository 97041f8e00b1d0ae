package routing

import (
	"context"
	"errors"

	"github.com/posline/posline/connection"
)

// Exchange sends the request on the route that it chooses and appends the answer to dst. What certainly did not leave,
// and an answer that holds no money where that is allowed, is tried on other routes until one of them ends it or none is
// left. The last decision is in d, which may be nil; where an answer that holds no money stands because nobody else could
// be asked, it is the decision for the route that gave it.
//
// Its error is a *connection.Error, with one of Decide's as its cause where no route is left, or what Request.Before
// returned: connection.SafeToRetry is right about all attempts together.
func (r *Router) Exchange(ctx context.Context, request *Request, dst []byte, d *Decision) ([]byte, error) {
	if d == nil {
		d = new(Decision)
	}
	d.Reset()
	e := exchange{router: r, request: request, frame: request.Frame, start: len(dst), out: dst}
	for {
		done, err := e.attempt(ctx, d)
		if err != nil {
			return dst, err
		}
		if done {
			return e.out, nil
		}
	}
}

// exchange is one request on its way through the routes.
type exchange struct {
	router  *Router
	request *Request
	frame   []byte
	start   int    // of the answer in out
	out     []byte // what the caller gave, and an answer that holds no money from an earlier attempt
	unsent  error  // why the last attempt did not leave

	answered *Decision // the attempt whose answer is in out already, which holds no money
}

// attempt tries one more route.
func (e *exchange) attempt(ctx context.Context, d *Decision) (done bool, err error) {
	if err := e.router.Decide(e.request, d); err != nil {
		return e.end(d, err)
	}
	defer func() {
		if d.open { // a function of the program panicked: the host does not wait for this request for ever
			e.router.Report(d, Neutral)
		}
	}()
	if e.request.Before != nil {
		if err := e.request.Before(d); err != nil {
			e.router.Report(d, Neutral)
			return e.end(d, err)
		}
	}
	held := len(e.out)
	answer, err := d.peer.Exchange(ctx, e.frame, e.out)
	if err != nil {
		e.router.Report(d, d.classify(nil, err))
		if !connection.SafeToRetry(err) {
			return false, err
		}
		if e.unsent = err; ctx.Err() != nil {
			return e.end(d, nil)
		}
		return false, nil
	}
	answer = append(answer[:e.start], answer[held:]...)
	e.out = answer
	e.router.Report(d, d.classify(answer[e.start:], nil))
	return !e.renewed(d), nil
}

// renewed reports whether the answer holds no money and the request has become a new one.
func (e *exchange) renewed(d *Decision) bool {
	if d.holdsNoMoney == nil || e.request.Renew == nil || e.request.Original != "" || !d.holdsNoMoney(e.out[e.start:]) {
		return false
	}
	frame, err := e.request.Renew(d)
	if err != nil {
		return false // the answer stands
	}
	e.frame = frame
	e.answered = new(*d)
	return true
}

// end finishes where nothing more can be tried: with the answer of an earlier attempt, if there is one, else with err and
// why the last attempt did not leave. Nothing of the request has left then.
func (e *exchange) end(d *Decision, err error) (done bool, _ error) {
	if e.answered != nil {
		*d = *e.answered
		return true, nil
	}
	return false, &connection.Error{Op: "route", Sent: connection.SentNo, Err: errors.Join(err, e.unsent)}
}
