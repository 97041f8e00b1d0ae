package acquirer

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/tlsconn"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/examples/realtime/identity"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/ledger/model"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/message"
)

// TestKeysBefore stay valid until the new ones are used: an answer to a sign-in may be lost, and an old sign-in sent again.
func TestKeysBefore(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	require.Equal(t, "00", h.code(h.sale("D-1", nil)))
	had := h.keys
	h.signIn() // lost
	h.signIn() // and again
	newest := h.keys
	h.keys = had
	require.Equal(t, "00", h.code(h.sale("D-2", nil)), "answered under the keys that it was asked with")
	h.keys = newest
	require.Equal(t, "00", h.code(h.sale("D-3", nil)))
	h.keys = had
	h.clock.pass(2 * lookAgain)
	frame, err := h.sale("D-4", nil).AppendPackMAC(nil, had.Sign)
	require.NoError(t, err)
	require.Equal(t, "A0", h.give(h.sw, frame).Field(39).Text(), "the new ones have been used")
}

// TestSignInElsewhere: another process gives the terminal keys, and this one learns of them.
func TestSignInElsewhere(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	require.Equal(t, "00", h.code(h.sale("D-1", nil)))
	config := h.config
	config.Node = 2
	other, err := New(t.Context(), config)
	require.NoError(t, err)
	require.Equal(t, "00", h.signInAt(other))
	h.clock.pass(2 * lookAgain)
	require.Equal(t, "00", h.code(h.sale("D-2", nil)))
}

// TestSignInRate: each costs a commit.
func TestSignInRate(t *testing.T) {
	h := newHouse(t)
	for range 8 {
		h.signIn()
	}
	require.Equal(t, "96", h.signInAt(h.sw))
	h.clock.pass(1999 * time.Millisecond)
	require.Equal(t, "96", h.signInAt(h.sw))
	h.clock.pass(time.Millisecond)
	h.signIn()
	require.Equal(t, "96", h.signInAt(h.sw))
}

// TestOldSignIn: one that was heard on the line does nothing when it is sent again, at this node or at another, and costs
// no commit; nor does one whose clock is wrong. The answer has the time.
func TestOldSignIn(t *testing.T) {
	h := newHouse(t)
	other := h.config
	other.Node = 2
	elsewhere, err := New(t.Context(), other)
	require.NoError(t, err)
	asks := func(sw *Switch, at time.Time) *message.Message {
		m := h.message("0800", 7)
		dialect.SetClock(m, at)
		m.Set(60, "00000001003")
		frame, err := m.Pack()
		require.NoError(t, err)
		return h.give(sw, frame)
	}
	version := func() int64 {
		s, err := h.store.Session(t.Context(), "10000001")
		require.NoError(t, err)
		return s.Version
	}
	now := h.clock.now
	require.Equal(t, "00", asks(h.sw, now).Field(39).Text())
	for _, sw := range []*Switch{h.sw, elsewhere} {
		for _, ago := range []time.Duration{0, signInWithin + time.Second, -signInWithin - time.Second, 30 * 24 * time.Hour} {
			require.Equal(t, "D2", asks(sw, now.Add(-ago)).Field(39).Text(), "%v", ago)
		}
	}
	h.clock.pass(time.Hour)
	for range 3 * signInBurst {
		refused := asks(h.sw, now)
		require.Equal(t, "D2", refused.Field(39).Text())
		at, err := dialect.ClockOf(refused, h.clock.now)
		require.NoError(t, err)
		require.True(t, at.Equal(h.clock.now))
	}
	require.EqualValues(t, 1, version(), "no commit")
	require.Equal(t, "00", asks(h.sw, h.clock.now.Add(signInWithin)).Field(39).Text(), "and the terminal still may")
	m := h.message("0800", 7)
	m.Set(60, "00000001003")
	frame, err := m.Pack()
	require.NoError(t, err)
	require.Equal(t, "D2", h.give(h.sw, frame).Field(39).Text(), "without a clock")
}

// TestForgedSignIn: who can send in a terminal's name needs no key for a sign-in. Whatever time it has, it keeps the
// terminal's own out only in that very second, also after this node's clock was set back.
func TestForgedSignIn(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	now := h.clock.now
	for _, ahead := range []time.Duration{signInWithin, 30 * time.Second, 10 * time.Second} {
		m := h.message("0800", 7)
		dialect.SetClock(m, now.Add(ahead))
		m.Set(60, "00000001003")
		frame, err := m.Pack()
		require.NoError(t, err)
		require.Equal(t, "00", h.give(h.sw, frame).Field(39).Text())
		h.asked = now.Add(ahead - 2*time.Second).UnixMilli()
		h.signIn()
		require.Equal(t, "D2", h.signInAt(h.sw), "the second of the forged one is gone")
		require.Equal(t, "00", h.code(h.sale(fmt.Sprint("D-", ahead), nil)))
		h.clock.now = now.Add(-time.Second)
		require.Equal(t, "D2", h.give(h.sw, frame).Field(39).Text())
		h.clock.now = now
	}
}

// TestRecent: times are kept for an hour on either side, and not more than 256 of them.
func TestRecent(t *testing.T) {
	now := int64(1_800_000_000_000)
	hour := time.Hour.Milliseconds()
	require.Equal(t, []int64{now - hour, now, now + hour}, recent([]int64{now - hour - 1, now - hour, now, now + hour, now + hour + 1}, now))
	var many []int64
	for i := range int64(300) {
		many = append(many, now-i)
	}
	kept := recent(many, now)
	require.Len(t, kept, 255, "and the new one")
	require.Equal(t, now-299, kept[254])
	require.Empty(t, recent(nil, now))
}

// TestKeysNotUsedYet: a terminal that has new keys and has not used them has them still when a later sign-in gets lost, as
// often as that may be; and those that it has used last too.
func TestKeysNotUsedYet(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	used := h.keys
	require.Equal(t, "00", h.code(h.sale("D-1", nil)))
	h.signIn()
	has := h.keys
	h.signIn() // lost
	newest := h.keys
	h.keys = has
	require.Equal(t, "00", h.code(h.sale("D-2", nil)))
	h.restart()
	require.Equal(t, "00", h.code(h.sale("D-3", nil)), "also of a process that finds them in the store")
	for range 9 { // lost
		h.clock.pass(signInEvery)
		h.signIn()
	}
	h.keys = used
	require.Equal(t, "00", h.code(h.sale("D-4", nil)))
	s, err := h.store.Session(t.Context(), "10000001")
	require.NoError(t, err)
	require.Len(t, s.Before, keptKeys)
	h.keys = newest
	frame, err := h.sale("D-5", nil).AppendPackMAC(nil, newest.Sign)
	require.NoError(t, err)
	h.clock.pass(2 * lookAgain)
	require.Equal(t, "A0", h.give(h.sw, frame).Field(39).Text(), "too many have come since")
}

// TestClockThatWasWrong: terminals that have signed in at a time that is still to come are not locked out until then.
func TestClockThatWasWrong(t *testing.T) {
	h := newHouse(t)
	now := h.clock.now
	h.clock.now = now.Add(365 * 24 * time.Hour)
	h.signIn()
	h.clock.now, h.asked = now, 0
	h.signIn()
	h.asked -= 1000
	require.Equal(t, "D2", h.signInAt(h.sw))
}

// TestSignInOfTwoNodes: the store has the last word when both have seen the same last sign-in.
func TestSignInOfTwoNodes(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.config.Store = stale{h.store}
	h.restart()
	h.asked -= 2000
	require.Equal(t, "D2", h.signInAt(h.sw))
}

// stale is a store whose sessions are not known yet.
type stale struct{ *model.Store }

func (stale) Session(context.Context, string) (ledger.TerminalSession, error) {
	return ledger.TerminalSession{}, ledger.ErrNotFound
}

// TestNewMasterKey: a terminal whose keys cannot be opened any more signs in, and goes on in its batch.
func TestNewMasterKey(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.clock.now = h.clock.now.Add(24 * time.Hour)
	h.signIn()
	require.Equal(t, "000002", h.batch)
	var err error
	h.master, err = crypto.NewKEK(key(t, "K0TB00N", 128))
	require.NoError(t, err)
	h.config.Terminals[0].Master = h.master
	h.restart()
	h.signIn()
	require.Equal(t, "000002", h.batch)
	require.Equal(t, "00", h.code(h.sale("D-1", nil)))
}

// TestRequestRate: a terminal that asks too often gets an answer that decides nothing, and others get theirs.
func TestRequestRate(t *testing.T) {
	h := newHouse(t)
	h.config.PerSecond = 2
	h.restart()
	h.signIn()
	for i := range 8 {
		require.Equal(t, "00", h.code(h.sale(fmt.Sprint("D-", i), nil)))
	}
	forged, err := h.sale("D-8", nil).AppendPackMAC(nil, func(dst, _ []byte) ([]byte, error) { return append(dst, "12345678"...), nil })
	require.NoError(t, err)
	late := h.sale("D-9", nil)
	require.Equal(t, "96", h.code(late))
	require.Equal(t, "96", h.code(h.reversalOf(late)))
	require.Equal(t, payment.ClassUnknown, payment.ClassOf("96"))
	h.clock.pass(500 * time.Millisecond)
	for range 20 {
		require.Equal(t, "A0", h.give(h.sw, forged).Field(39).Text(), "which takes nothing from the terminal")
	}
	require.Equal(t, "25", h.code(h.reversalOf(late)))
	require.Len(t, h.bank.asked, 8)
}

func TestBucket(t *testing.T) {
	var b bucket
	now := int64(1_000_000)
	take := func() bool { return b.take(now, 2, 4) }
	require.Equal(t, []bool{true, true, false}, []bool{take(), take(), take()})
	now += 249
	require.False(t, take())
	now++
	require.Equal(t, []bool{true, false}, []bool{take(), take()})
	now += 100_000
	require.Equal(t, []bool{true, true, false}, []bool{take(), take(), take()})
	now -= 3_600_000
	require.Equal(t, []bool{true, true, false}, []bool{take(), take(), take()}, "a clock that was set back")
}

// TestDevice: a terminal is who its certificate says, whatever its messages say.
func TestDevice(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	sale, err := h.sale("D-1", nil).AppendPackMAC(nil, h.keys.Sign)
	require.NoError(t, err)
	h.config.Plain = false
	_, err = New(t.Context(), h.config)
	require.Error(t, err, "a terminal without a device")
	h.config.Terminals[0].Serial = "00000402000001"
	h.restart()
	code := func(d identity.Device) (code string) {
		require.NoError(t, h.sw.Take(d, sale, func(reply []byte) {
			answer := dialect.Terminal.New()
			require.NoError(t, answer.Unpack(reply))
			code = answer.Field(39).Text()
		}))
		return code
	}
	for _, d := range []identity.Device{{}, {Serial: "00000402000001"}, {Serial: "00000402000001", Merchant: "898440354110002"},
		{Serial: "00000402000002", Merchant: merchant}, {Merchant: merchant}} {
		require.Equal(t, "58", code(d), d)
	}
	require.Empty(t, h.bank.asked)
	require.Equal(t, "00", code(identity.Device{Serial: "00000402000001", Merchant: merchant}))
}

// TestLine: the switch knows the device at the other end of a line, also where a frame is faster than SignOn, and refuses
// lines whose other end proves nothing.
func TestLine(t *testing.T) {
	h := newHouse(t)
	h.config.Plain, h.config.Terminals[0].Serial = false, "00000402000001"
	h.restart()
	authority, err := identity.NewAuthority()
	require.NoError(t, err)
	host, err := authority.Host(net.IPv4(127, 0, 0, 1))
	require.NoError(t, err)
	listen := func(signOn func(context.Context, *connection.Conn) error, clients tls.ClientAuthType) string {
		server := &connection.Server{Config: dialect.TerminalLine()}
		server.Config.Handler, server.Config.SignOn = h.sw.Handle, signOn
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		t.Cleanup(func() { server.Close() })
		go server.Serve(tlsconn.Listener(listener, &tls.Config{Certificates: []tls.Certificate{host}, ClientAuth: clients, ClientCAs: authority.Pool()}))
		return listener.Addr().String()
	}
	echo, err := func() ([]byte, error) {
		m := h.message("0820", 1)
		m.Unset(11)
		m.Set(60, "00000001301")
		return m.Pack()
	}()
	require.NoError(t, err)
	as := func(d identity.Device) *tls.Config {
		own, err := identity.Make(authority.Certificate(), func(request []byte) ([]byte, error) { return authority.Issue(request, d) })
		require.NoError(t, err)
		config, err := own.Config()
		require.NoError(t, err)
		return config
	}
	ask := func(address string, config *tls.Config) string {
		once := connection.Once{Network: "tcp", Address: address, Config: dialect.TerminalLine()}
		once.Config.Dialer = tlsconn.Dialer(config, nil)
		reply, err := once.Exchange(t.Context(), echo, nil)
		if err != nil {
			return "none"
		}
		answer := dialect.Terminal.New()
		require.NoError(t, answer.Unpack(reply))
		return answer.Field(39).Text()
	}
	slow := func(ctx context.Context, c *connection.Conn) error {
		<-ctx.Done()
		return ctx.Err()
	}
	right, wrong := as(identity.Device{Serial: "00000402000001", Merchant: merchant}), as(identity.Device{Serial: "00000402000002", Merchant: merchant})
	for name, signOn := range map[string]func(context.Context, *connection.Conn) error{"done": h.sw.SignOn, "not done yet": slow} {
		address := listen(signOn, tls.RequireAndVerifyClientCert)
		require.Equal(t, "00", ask(address, right), name)
		require.Equal(t, "58", ask(address, wrong), name)
	}
	nobody := &tls.Config{RootCAs: authority.Pool()}
	require.NotEqual(t, "00", ask(listen(h.sw.SignOn, tls.VerifyClientCertIfGiven), nobody))
}

// TestCopyAfterTheDay: a copy of a request that comes when its batch is over is not refused while the first is on its way,
// and a request that is refused for its batch has no chance any more.
func TestCopyAfterTheDay(t *testing.T) {
	h := newHouse(t)
	h.clock.now = time.Date(2026, 11, 30, 15, 59, 58, 0, time.UTC)
	h.signIn()
	h.bank.do = silentTo(payment.Do)
	sale := h.sale("D-1", nil)
	answered := h.begin(sale)
	h.clock.pass(3 * time.Second)
	require.Nil(t, answered())
	require.Empty(t, h.code(sale), "a refusal would not be true")
	h.bank.do = kind
	late := h.sale("D-2", nil)
	require.Equal(t, "77", h.code(late))
	h.clock.now = h.clock.now.Add(-3 * time.Second) // as a node whose clock is behind has it
	require.Equal(t, "22", h.code(late))
	require.Equal(t, "25", h.code(h.reversalOf(late)))
}

// TestNewDay begins with a sign-in, which begins a new batch. What is about the batch before is still taken.
func TestNewDay(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	h.clock.pass(11 * time.Hour)
	sale := h.sale("D-1", nil)
	require.Equal(t, "00", h.code(sale))
	h.clock.now = time.Date(2026, 11, 30, 16, 0, 1, 0, time.UTC)
	require.Equal(t, "77", h.code(h.sale("D-2", nil)))
	h.signIn()
	require.Equal(t, "000002", h.batch)
	next := h.sale("D-2", nil)
	require.Equal(t, "00", h.code(next))
	require.Equal(t, int32(20261201), h.store.Book.Rows()[1].Day)
	r := h.reversalOf(sale)
	require.Equal(t, "40", h.code(r), "too old")
	old := h.reversalOf(next)
	old.Set(60, "22999998000")
	require.Equal(t, "40", h.code(old), "two batches ago")
	old.Set(60, "22000001000")
	require.Equal(t, "25", h.code(old))
	require.Equal(t, "25", h.code(h.about(next, func(m *message.Message) { m.Set(61, "000001000077") })))
}

func TestStaleBatch(t *testing.T) {
	for batch, code := range map[string]string{"000005": "", "000004": "", "000003": "40", "000006": "40", "": "30"} {
		require.Equal(t, code, staleBatch(batch, 5), batch)
	}
	require.Empty(t, staleBatch("999999", 1))
}
