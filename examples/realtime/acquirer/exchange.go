package acquirer

import (
	"context"
	"sync/atomic"

	"github.com/posline/posline/examples/realtime/channel"
	"github.com/posline/posline/examples/realtime/identity"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/message"
)

// exchange is one request with its answer in the making.
type exchange struct {
	s                 *Switch
	request, response *message.Message
	terminal          *registered
	keys              *dialect.WorkKeys // that the request was signed with; nil where it need not be
	origin            payment.Origin
	card              channel.Card
	row               payment.Row // that the answer is about
	tell              func(reply []byte)
	batchOver         bool // it is of a batch that is over
	entered           bool
	ended             atomic.Bool
}

// begin looks at who is asking. A code tells that the request goes no further; no exchange, that it cannot be answered.
func (s *Switch) begin(from identity.Device, request *message.Message) (x *exchange, code string) {
	response, err := message.Response(request)
	if err != nil {
		return nil, ""
	}
	x = &exchange{s: s, request: request, response: response, origin: payment.Origin{Acquirer: channel.Institution,
		Terminal: request.Field(41).Text(), Batch: request.Get("60.2").Text(), STAN: request.Field(11).Text()}}
	x.terminal = s.terminals[x.origin.Terminal]
	if x.terminal == nil || x.terminal.Merchant != request.Field(42).Text() {
		return x, "97"
	}
	if !s.isDevice(from, x.terminal) {
		s.cfg.Logger.Warn("a terminal that the device is not", "terminal", x.origin.Terminal, "device", from.Serial, "merchant", from.Merchant)
		return x, "58"
	}
	if request.MTI()[:2] == "08" {
		return x, ""
	}
	session, keys, code := x.terminal.verify(context.Background(), s, request)
	x.keys = keys
	if code != "" {
		return x, code
	}
	switch {
	case x.origin.STAN == "" || x.origin.Batch == "":
		return x, "30"
	case !x.terminal.mayAsk(s): // which is no refusal: the same request may be here already
		return x, "96"
	case request.MTI() == "0400" || request.MTI() == "0220": // which may be about, or be, something of the batch before
		return x, staleBatch(x.origin.Batch, session.Batch)
	case x.origin.Batch != batchText(session.Batch), s.cfg.Day.Of(s.cfg.Clock.Now()) != s.cfg.Day.Of(milliTime(session.At)):
		x.batchOver = true // a new batch or a new business day begins with a sign-in
	}
	return x, ""
}

// isDevice reports whether a device is the one that the registry has for a terminal.
func (s *Switch) isDevice(from identity.Device, t *registered) bool {
	return s.cfg.Plain || from == identity.Device{Serial: t.Serial, Merchant: t.Merchant} || t.seedDevice()
}

// refuseBatch answers a request of a batch that is over, once it is certain that nothing has come of it and nothing will:
// the same request may have been here before the batch was over, and its answer is what counts then.
func (s *Switch) refuseBatch(x *exchange) {
	row, code := s.row(x, kindOf(x.request))
	if code != "" {
		x.end(code)
		return
	}
	s.cfg.Store.Submit(payment.Op{Kind: payment.Bar, Row: row, Node: s.cfg.Node, Epoch: s.epoch}, func(r payment.Result) {
		if r.Kind == payment.Done || r.Kind == payment.Barred {
			x.end("77")
		} else {
			x.end("")
		}
	})
}

// end answers with a response code, or not at all. Only the first call counts.
func (x *exchange) end(code string) {
	if x.ended.Swap(true) {
		return
	}
	defer x.request.Wipe()
	defer x.response.Wipe()
	if x.entered {
		defer x.s.leave()
	}
	if code == "" {
		x.tell(nil)
		return
	}
	reply, err := x.pack(code)
	if err != nil {
		x.s.cfg.Logger.Error("an answer cannot be packed", "terminal", x.origin.Terminal, "stan", x.origin.STAN, "error", err)
	}
	x.seedReply(reply)
	x.tell(reply)
}

// pack packs the response, with a code if the request had one.
func (x *exchange) pack(code string) ([]byte, error) {
	now := x.s.cfg.Day.in(x.s.cfg.Clock.Now())
	x.response.SetTime(12, now)
	x.response.SetTime(13, now)
	x.response.Set(32, channel.Institution)
	x.response.Set(39, code)
	if x.row.ID != 0 {
		x.setRow(code)
	}
	if x.keys == nil {
		return x.response.AppendPack(nil)
	}
	return x.response.AppendPackMAC(nil, x.keys.Sign)
}

// setRow sets what the terminal is told of a payment besides the code. The answer to a reversal has the reversal's amount,
// also where less had been approved.
func (x *exchange) setRow(code string) {
	x.response.Set(37, x.row.Reference())
	if x.row.State != payment.Approved {
		return
	}
	if x.row.Auth != "" {
		x.response.Set(38, x.row.Auth)
	}
	if payment.ClassOf(code) == payment.ClassPartial {
		x.response.SetInt(4, x.row.Approved)
	}
	if x.row.Channel == Wallet && x.row.Kind == payment.Sale {
		x.response.SetPath("59.A4", x.row.Reference())
	}
}
