package firmware

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/internal/hosttest"
	"github.com/posline/posline/message"
)

// typed is a customer who types digits.
func typed(digits string) func([]byte) ([]byte, error) {
	return func(dst []byte) ([]byte, error) { return append(dst, digits...), nil }
}

func config(t testing.TB, h *hosttest.Host, dir string) Config {
	return Config{
		Terminal: "29800013", Merchant: "848290441116000", TPDU: [5]byte{0x60, 0, 3}, Dir: dir,
		Dials: []Dial{{Name: "usual", Address: h.Address}}, PINPad: NewSoftPad(hosttest.Master(t), typed(hosttest.PIN)), Timeout: 5 * time.Second,
	}
}

func open(t testing.TB, c Config) *Terminal {
	terminal, err := Open(c)
	require.NoError(t, err)
	t.Cleanup(func() { terminal.Close() })
	return terminal
}

var oneSale = Sale{Amount: 5588, Track2: hosttest.Track2}

func TestSale(t *testing.T) {
	h := hosttest.New(t)
	terminal := open(t, config(t, h, t.TempDir()))
	r, err := terminal.Sale(t.Context(), oneSale)
	require.NoError(t, err)
	require.Equal(t, Receipt{
		Amount: 5588, STAN: 2, Batch: "000001", Reference: "123456789012", Authorisation: "A00001", Card: "621797*********0422",
	}, r)
	require.Equal(t, int64(5588), h.Held())
	require.Equal(t, []string{"0800 000001", "0200 000002"}, h.Requests(), "signs in by itself, on the same line")
	require.Zero(t, terminal.journal.pending)
}

func TestRefusedBeforeAnythingIsSent(t *testing.T) {
	h := hosttest.New(t)
	terminal := open(t, config(t, h, t.TempDir()))
	for _, amount := range []int64{0, -1, maxAmount + 1} {
		_, err := terminal.Sale(t.Context(), Sale{Amount: amount, Track2: hosttest.Track2})
		require.ErrorIs(t, err, ErrAmount)
	}
	for _, track := range []string{"", "6217970000000000422", "=2312", "12345678901=23122201", "62179700000000004221=2312", hosttest.Track2 + "0"} {
		_, err := terminal.Sale(t.Context(), Sale{Amount: 1, Track2: track})
		require.ErrorIs(t, err, ErrTrack2, "%d characters", len(track))
	}
	terminal.config.PINPad.(*SoftPad).enter = func([]byte) ([]byte, error) { return nil, ErrCancelled }
	_, err := terminal.Sale(t.Context(), oneSale)
	require.ErrorIs(t, err, ErrCancelled)
	for _, line := range h.Requests() {
		require.True(t, strings.HasPrefix(line, "0800"), line)
	}
	require.Zero(t, terminal.journal.pending)
}

// TestOutcomes has the host answer each way there is. Money stays only where the sale succeeded.
func TestOutcomes(t *testing.T) {
	tests := []struct {
		name   string
		host   hosttest.Behaviour
		cause  error  // of an Unknown
		code   string // of a Declined
		reason string // field 39 of the reversal
	}{
		{name: "declined", host: hosttest.Behaviour{Code: "51"}, code: "51"},
		{name: "approved with another code", host: hosttest.Behaviour{Code: "11"}},
		{name: "approved in part", host: hosttest.Behaviour{Code: "10"}, cause: ErrPartial, reason: "06"},
		{name: "a fault of the switch, which holds the money", host: hosttest.Behaviour{Code: "96"}, cause: ErrCode, reason: "98"},
		{name: "a code that no table has", host: hosttest.Behaviour{Code: "Q7"}, cause: ErrCode, reason: "98"},
		{name: "no MAC", host: hosttest.Behaviour{Unsigned: true}, cause: ErrMAC, reason: "A0"},
		{name: "a wrong MAC", host: hosttest.Behaviour{Spoilt: true}, cause: ErrMAC, reason: "A0"},
		{name: "a decline that anybody could have sent", host: hosttest.Behaviour{Code: "51", Unsigned: true}, cause: ErrMAC, reason: "A0"},
		{name: "no answer", host: hosttest.Behaviour{Silent: true}, cause: context.DeadlineExceeded, reason: "98"},
		{name: "the line breaks", host: hosttest.Behaviour{HangUp: true}, reason: "98"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h := hosttest.New(t)
			c := config(t, h, t.TempDir())
			if test.host.Silent {
				c.Timeout = 200 * time.Millisecond
			}
			terminal := open(t, c)
			h.Set(test.host)
			_, err := terminal.Sale(t.Context(), oneSale)
			h.Set(hosttest.Behaviour{})
			if test.reason == "" {
				require.Zero(t, terminal.journal.pending)
				if test.code == "" {
					require.NoError(t, err)
					return
				}
				var declined *Declined
				require.ErrorAs(t, err, &declined)
				require.Equal(t, test.code, declined.Code)
				return
			}
			var unknown *Unknown
			require.ErrorAs(t, err, &unknown)
			if test.cause != nil {
				require.ErrorIs(t, err, test.cause)
			}
			require.Equal(t, 1, terminal.journal.pending)
			terminal.config.Timeout, terminal.link.config.Timeout = 5*time.Second, 5*time.Second
			terminal.link.close()
			_, err = terminal.Sale(t.Context(), oneSale)
			require.NoError(t, err)
			require.Equal(t, int64(5588), h.Held(), "the first is reversed, the second stands")
			require.Contains(t, h.Requests(), "0400 000002 "+test.reason)
			require.Zero(t, terminal.journal.pending)
		})
	}
}

// TestPowerCut takes a copy of the folder at the moment the host has the sale, as a power cut leaves it, and starts again
// from it.
func TestPowerCut(t *testing.T) {
	h := hosttest.New(t)
	dir, after := t.TempDir(), t.TempDir()
	terminal := open(t, config(t, h, dir))
	require.NoError(t, terminal.SignIn(t.Context()))
	cut := func(request string) {
		if request == "0200" {
			for _, name := range []string{"reversals", "counters"} {
				data, err := os.ReadFile(filepath.Join(dir, name))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(after, name), data, 0o600))
			}
		}
	}
	h.Behave(func(m *message.Message) hosttest.Behaviour {
		cut(m.MTI())
		return hosttest.Behaviour{}
	})
	_, err := terminal.Sale(t.Context(), oneSale)
	require.NoError(t, err)
	require.Equal(t, int64(5588), h.Held())

	again := open(t, config(t, h, after))
	require.Equal(t, 1, again.journal.pending)
	require.NoError(t, again.SignIn(t.Context()))
	require.Zero(t, h.Held(), "the sale of which no receipt was printed is reversed")
	require.Zero(t, again.journal.pending)
	data, err := os.ReadFile(filepath.Join(after, "reversals"))
	require.NoError(t, err)
	for _, secret := range []string{hosttest.PAN, hosttest.Track2[:19], "\x62\x17\x97\x00\x00\x00\x00\x00\x04\x22"} {
		require.False(t, bytes.Contains(data, []byte(secret)), "card data on disk")
	}
	_, err = again.Sale(t.Context(), oneSale)
	require.NoError(t, err)
	stans := map[string]bool{}
	for _, line := range h.Requests() {
		if !strings.HasPrefix(line, "0400") {
			require.False(t, stans[line[5:11]], "STAN %s comes twice", line[5:11])
			stans[line[5:11]] = true
		}
	}
}

// TestSignInAgain has the host ask for other work keys by a decline with a good code: the next sale signs in first.
func TestSignInAgain(t *testing.T) {
	for _, code := range []string{"77", "99", "A0"} {
		h := hosttest.New(t)
		terminal := open(t, config(t, h, t.TempDir()))
		h.Set(hosttest.Behaviour{Code: code})
		_, err := terminal.Sale(t.Context(), oneSale)
		require.Equal(t, &Declined{code}, err)
		h.Set(hosttest.Behaviour{})
		_, err = terminal.Sale(t.Context(), oneSale)
		require.NoError(t, err)
		require.Equal(t, []string{"0800 000001", "0200 000002", "0800 000003", "0200 000004"}, h.Requests())
	}
}

func TestOpenRefuses(t *testing.T) {
	h := hosttest.New(t)
	for name, change := range map[string]func(*Config){
		"no terminal":           func(c *Config) { c.Terminal = "" },
		"a short terminal":      func(c *Config) { c.Terminal = "2980001" },
		"a long terminal":       func(c *Config) { c.Terminal = "298000130" },
		"a short merchant":      func(c *Config) { c.Merchant = "84829044111600" },
		"a long merchant":       func(c *Config) { c.Merchant = "8482904411160000" },
		"no line":               func(c *Config) { c.Dials = nil },
		"no PIN pad":            func(c *Config) { c.PINPad = nil },
		"no folder":             func(c *Config) { c.Dir = "" },
		"time before it begins": func(c *Config) { c.Timeout = -1 },
	} {
		c := config(t, h, t.TempDir())
		change(&c)
		_, err := Open(c)
		require.ErrorIs(t, err, errConfig, name)
	}
}

// TestReversalUntilAnswered has reversals refused: no sale is taken meanwhile, and after the third the operator is told.
func TestReversalUntilAnswered(t *testing.T) {
	h := hosttest.New(t)
	terminal := open(t, config(t, h, t.TempDir()))
	h.Behave(func(m *message.Message) hosttest.Behaviour { return hosttest.Behaviour{Spoilt: m.MTI() != "0800"} })
	_, err := terminal.Sale(t.Context(), oneSale)
	require.ErrorIs(t, err, ErrMAC)
	for range tries {
		_, err = terminal.Sale(t.Context(), oneSale)
		require.ErrorIs(t, err, ErrReversal)
	}
	_, err = terminal.Sale(t.Context(), oneSale)
	require.ErrorIs(t, err, ErrReversalFailed)
	require.NoError(t, terminal.Close()) // the power is cut before anybody has read it
	terminal = open(t, terminal.config)
	_, err = terminal.Sale(t.Context(), oneSale)
	require.ErrorIs(t, err, ErrReversalFailed)
	h.Set(hosttest.Behaviour{})
	_, err = terminal.Sale(t.Context(), oneSale)
	require.NoError(t, err)
	require.Zero(t, terminal.journal.pending)
	sales := 0
	for _, line := range h.Requests() {
		if strings.HasPrefix(line, "0200") {
			sales++
		}
	}
	require.Equal(t, 2, sales)
	var log strings.Builder
	_, err = terminal.config.Log.WriteTo(&log)
	require.NoError(t, err)
	require.Contains(t, log.String(), "reversal given up 2\n")
	require.NotContains(t, log.String(), hosttest.PAN)
}

// TestBackup has the usual line down: the sale goes over the other, and when both are down nothing was sent and nothing
// counts as a try of a reversal.
func TestBackup(t *testing.T) {
	h := hosttest.New(t)
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, dead.Close())
	c := config(t, h, t.TempDir())
	c.Dials = []Dial{{Name: "usual", Address: dead.Addr().String()}, {Name: "modem", Address: h.Address}}
	terminal := open(t, c)
	_, err = terminal.Sale(t.Context(), oneSale)
	require.NoError(t, err)

	h.Set(hosttest.Behaviour{HangUp: true})
	_, err = terminal.Sale(t.Context(), oneSale)
	var unknown *Unknown
	require.ErrorAs(t, err, &unknown)
	h.Stop()
	for range 2 * tries {
		_, err = terminal.Sale(t.Context(), oneSale)
		require.ErrorIs(t, err, ErrReversal)
	}
	h.Set(hosttest.Behaviour{})
	h.Listen(h.Address)
	require.NoError(t, terminal.SignIn(t.Context()))
	require.Equal(t, int64(5588), h.Held(), "the first sale")
	var log strings.Builder
	terminal.config.Log.WriteTo(&log)
	require.Contains(t, log.String(), "no line: usual\n")
	require.Contains(t, log.String(), "line open: modem\n")
}

// TestWatchdog has the host silent for longer than the watchdog waits.
func TestWatchdog(t *testing.T) {
	h := hosttest.New(t)
	c := config(t, h, t.TempDir())
	kicks := 0
	c.Watchdog = func() { kicks++ }
	c.Timeout = 2500 * time.Millisecond
	terminal := open(t, c)
	require.NoError(t, terminal.SignIn(t.Context()))
	h.Set(hosttest.Behaviour{Silent: true})
	kicks = 0
	_, err := terminal.Sale(t.Context(), oneSale)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.GreaterOrEqual(t, kicks, 2, "before the request, and while it waited")
}

func TestCancel(t *testing.T) {
	h := hosttest.New(t)
	terminal := open(t, config(t, h, t.TempDir()))
	require.NoError(t, terminal.SignIn(t.Context()))
	h.Set(hosttest.Behaviour{Silent: true})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := terminal.Sale(ctx, oneSale)
	var unknown *Unknown
	require.ErrorAs(t, err, &unknown)
	require.Equal(t, 1, terminal.journal.pending)
}

func TestWorkKeysWithWrongCheckValue(t *testing.T) {
	pad := NewSoftPad(hosttest.Master(t), typed(hosttest.PIN))
	_, err := pad.AppendMAC(nil, []byte("0200"))
	require.ErrorIs(t, err, ErrNoKeys)
	for _, size := range []int{0, 24, blockSize - 1, blockSize + 1} {
		require.ErrorIs(t, pad.LoadWorkKeys(make([]byte, size)), ErrWorkKeys)
	}
	require.Error(t, pad.LoadWorkKeys(make([]byte, blockSize)))
	_, err = pad.AppendPINBlock(nil, hosttest.PAN)
	require.ErrorIs(t, err, ErrNoKeys, "keys that were refused are not in use")
}

func TestRing(t *testing.T) {
	var r Ring
	at := time.Date(2026, 11, 29, 7, 8, 9, 0, time.UTC)
	for i := range int64(70) {
		r.Add(at, "event", i)
	}
	r.Add(at, strings.Repeat("x", 200), -1)
	var out strings.Builder
	_, err := r.WriteTo(&out)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	require.Len(t, lines, 64)
	require.Equal(t, "07:08:09 event 7", lines[0])
	require.Equal(t, "07:08:09 event 69", lines[62])
	require.Equal(t, "07:08:09 "+strings.Repeat("x", 48), lines[63])
	require.Zero(t, testing.AllocsPerRun(100, func() { r.Add(at, "event", 123456) }))
}

// TestTransactionAllocatesNothing holds for codec, PIN block, MAC and exchange; the disk is beside it.
func TestTransactionAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates on its own")
	}
	h := hosttest.New(t)
	request, response := hosttest.Codec.New(), hosttest.Codec.New()
	h.AnswerSales(func(frame, reply []byte) ([]byte, error) { // a host that allocates nothing either
		if err := request.Unpack(frame); err != nil {
			return nil, err
		}
		if err := message.ResponseInto(response, request); err != nil {
			return nil, err
		}
		response.Set(39, "00")
		return response.AppendPackMAC(reply, h.MAC().Append)
	})
	terminal := open(t, config(t, h, t.TempDir()))
	require.NoError(t, terminal.SignIn(t.Context()))
	var err error
	terminal.journal.stan, err = terminal.journal.counters.Counter("test", 1, 999_999, 10_000)
	require.NoError(t, err)
	sale := func() {
		if err := terminal.buildSale(oneSale, hosttest.PAN); err != nil {
			t.Fatal(err)
		}
		if err := terminal.exchangeSale(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	sale()
	require.Zero(t, testing.AllocsPerRun(500, sale))
}
