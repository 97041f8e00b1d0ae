package terminal

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keystore"
	"github.com/posline/posline/emv/paycode"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/message"
	"github.com/posline/posline/pinblock"
)

const track = "6217970000000042002D30122200000731"

// host is an acquirer that answers as it is told.
type host struct {
	t      *testing.T
	master crypto.KEK
	server *connection.Server

	mu      sync.Mutex
	keys    *dialect.WorkKeys
	got     []string // type, STAN, response code of the request
	answers []answer // to the next transactions; then approval
	signIn  func(response *message.Message)
	asked   func(request *message.Message) // is told of sign-ins; may be nil
}

// answer is how one transaction is answered: nil not at all.
type answer func(request, response *message.Message) *message.Message

func code(code string) answer {
	return func(_, response *message.Message) *message.Message {
		response.Set(39, code)
		return response
	}
}

func nothing(_, _ *message.Message) *message.Message { return nil }

// kit is a terminal's folder and secret, with the host that it belongs to.
type kit struct {
	*host
	config Config
}

func newKit(t *testing.T) *kit {
	key, err := crypto.GenerateKey(crypto.MustAttributes("K0TB00S"), 128)
	require.NoError(t, err)
	h := &host{t: t}
	h.master, err = crypto.NewKEK(key)
	require.NoError(t, err)
	h.server = &connection.Server{Config: dialect.TerminalLine()}
	h.server.Config.Handler = h.handle
	listener := connectiontest.Listen()
	go h.server.Serve(listener)
	t.Cleanup(func() { h.server.Close() })

	folder, card := t.TempDir(), keystore.Key([32]byte{1})
	config := Config{ID: "10000001", Merchant: "898440354110001", Folder: folder, Device: keystore.Key([32]byte{2}),
		Dialer: listener.Dial, Plain: true}
	require.NoError(t, WriteKeyCard(filepath.Join(folder, "card"), card, key))
	require.ErrorIs(t, Install(folder, config.Device, filepath.Join(folder, "card"), keystore.Key([32]byte{3})), keystore.ErrSealed)
	require.NoError(t, Install(folder, config.Device, filepath.Join(folder, "card"), card))
	require.ErrorIs(t, Install(folder, config.Device, filepath.Join(folder, "card"), card), fs.ErrExist)
	return &kit{h, config}
}

func (k *kit) open() *Terminal {
	t, err := Open(k.config)
	require.NoError(k.t, err)
	k.t.Cleanup(func() { t.Close() })
	return t
}

func (h *host) handle(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
	request := dialect.Terminal.New()
	if err := request.Unpack(frame); err != nil {
		return nil, err
	}
	response, err := message.Response(request)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got = append(h.got, strings.TrimSpace(request.MTI()+" "+request.Field(11).Text()+" "+request.Field(39).Text()))
	if request.MTI()[:2] == "08" {
		return h.manage(request, response, reply)
	}
	signed := request.VerifyMAC(h.keys.Verify)
	require.NoError(h.t, signed)
	response.Set(37, "000000000001")
	response.Set(38, "A00001")
	next := code("00")
	if len(h.answers) > 0 {
		next, h.answers = h.answers[0], h.answers[1:]
	}
	if response = next(request, response); response == nil {
		return nil, nil
	}
	if response.Has(64) {
		return response.AppendPack(reply) // with a code of its own
	}
	return response.AppendPackMAC(reply, h.keys.Sign)
}

func (h *host) manage(request, response *message.Message, reply []byte) ([]byte, error) {
	response.Set(39, "00")
	if request.MTI() == "0800" {
		if h.asked != nil {
			h.asked(request)
		}
		block, err := dialect.GenerateWorkKeys(h.master, 64)
		if err != nil {
			return nil, err
		}
		if h.keys, err = dialect.OpenWorkKeys(h.master, block); err != nil {
			return nil, err
		}
		response.Set(60, "00000007003")
		response.SetBytes(62, block)
		if h.signIn != nil {
			h.signIn(response)
		}
	}
	return response.AppendPack(reply)
}

func (h *host) next(answers ...answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answers = answers
}

// requests returns what came since the last call.
func (h *host) requests() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	got := h.got
	h.got = nil
	return got
}

func swipe(order string) Sale { return Sale{Order: order, Amount: 55_88, Track2: track} }

func TestSale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		pos := k.open()
		pin, err := pinblock.ParsePIN([]byte("739154"))
		require.NoError(t, err)
		payCode, ok := paycode.Recognize("135325628417000148", paycode.Scanner)
		require.True(t, ok)
		var seen []*message.Message
		look := func(request, response *message.Message) *message.Message {
			seen = append(seen, request)
			return code("00")(request, response)
		}
		k.next(look, look, look)
		sale := swipe("D-1")
		sale.PIN = pin
		e, err := pos.Sale(t.Context(), sale)
		require.NoError(t, err)
		require.Equal(t, []any{Approved, "000007", "000001", "000000000001", "A00001", "card"}, []any{e.Status, e.Batch, e.STAN, e.Reference, e.Authorisation, e.Method})
		byCode, err := pos.Sale(t.Context(), Sale{Order: "D-2", Amount: 18_00, PayCode: payCode})
		require.NoError(t, err)
		_, err = pos.Void(t.Context(), byCode)
		require.NoError(t, err)
		require.Equal(t, []string{"0800 000001", "0200 000001", "0200 000002", "0200 000003"}, k.requests(), "a sign-in comes first")

		entered, err := pinblock.Decrypt(k.keys.PIN, pinblock.ISO0, seen[0].Field(52).Bytes(), "6217970000000042002")
		require.NoError(t, err)
		require.True(t, entered.Equal(pin))
		fields := func(m *message.Message, paths ...string) (list []string) {
			for _, path := range paths {
				list = append(list, m.Get(path).Text())
			}
			return list
		}
		require.Equal(t, []string{"000000", "000000005588", "021", "00", "12", track, "156", "2600000000000000", "22", "000007"},
			fields(seen[0], "3", "4", "22", "25", "26", "35", "49", "53", "60.1", "60.2"))
		require.Equal(t, []string{"032", "", "", "135325628417000148", "442D32"}, fields(seen[1], "22", "35", "52", "59.A3", dialect.Order))
		require.Equal(t, []string{"200000", "000000001800", "032", "000000000001", "A00001", "000000000001", "23", "000007", "000002"},
			fields(seen[2], "3", "4", "22", "37", "38", "59.A4", "60.1", "61.1", "61.2"))
		journal := pos.Journal()
		require.Equal(t, []Status{Approved, Voided, Approved}, []Status{journal[0].Status, journal[1].Status, journal[2].Status})
		require.Zero(t, pos.Pending())

		require.NoError(t, pos.Close())
		k.requests()
		pos = k.open()
		synctest.Wait()
		require.Zero(t, pos.Pending())
		require.Empty(t, k.requests(), "what was approved is not undone by a restart")
	})
}

// TestReversals: whatever leaves the outcome open is undone, with the sale's STAN, before the next sale.
func TestReversals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		pos := k.open()
		badMAC := func(_, response *message.Message) *message.Message {
			response.Set(39, "00")
			response.SetBytes(64, []byte("badc"))
			return response
		}
		change := func(number int, text string) answer {
			return func(_, response *message.Message) *message.Message {
				response.Set(39, "00")
				response.Set(number, text)
				return response
			}
		}
		for name, c := range map[string]struct {
			answer answer
			reason string
		}{
			"no answer":  {nothing, "98"},
			"wrong code": {badMAC, "A0"},
			"amount":     {change(4, "000000000001"), "A0"},
			"processing": {change(3, "200000"), "A0"},
			"merchant":   {change(42, "898440354110009"), "A0"},
			"no code 39": {func(_, response *message.Message) *message.Message { response.Unset(39); return response }, "A0"},
			"other type": {func(_, response *message.Message) *message.Message {
				response.SetMTI("0230")
				return code("00")(nil, response)
			}, "98"},
			"bank unknown":   {code("98"), "98"},
			"switch unknown": {code("96"), "98"},
		} {
			k.requests()
			k.next(c.answer, nothing, code("96"), badMAC, code("25"))
			e, err := pos.Sale(t.Context(), swipe("D-1"))
			require.Equal(t, Uncertain, e.Status, "%s: %v", name, err)
			next, err := pos.Sale(t.Context(), swipe("D-2"))
			if err != nil {
				require.ErrorIs(t, err, ErrPending, name)
				require.NoError(t, pos.Flush(t.Context()))
				next, err = pos.Sale(t.Context(), swipe("D-2"))
			}
			require.NoError(t, err, name)
			require.Equal(t, Approved, next.Status, name)
			reversal := "0400 " + e.STAN + " " + c.reason
			require.Equal(t, []string{"0200 " + e.STAN, reversal, reversal, reversal, reversal, "0200 " + next.STAN}, withoutSignIns(k.requests()), name)
			require.Equal(t, Undone, pos.Journal()[len(pos.Journal())-2].Status, name)
		}
	})
}

func withoutSignIns(list []string) (rest []string) {
	for _, request := range list {
		if !strings.HasPrefix(request, "0800") {
			rest = append(rest, request)
		}
	}
	return rest
}

func TestDeclined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		pos := k.open()
		for _, refused := range []string{"51", "55", "94"} {
			k.next(code(refused))
			e, err := pos.Sale(t.Context(), swipe("D-1"))
			require.NoError(t, err)
			require.Equal(t, []any{Declined, refused}, []any{e.Status, e.Code})
		}
		require.Len(t, k.requests(), 4, "a sign-in and three sales: nothing to undo")
		k.server.Close()
		e, err := pos.Sale(t.Context(), swipe("D-1"))
		require.True(t, connection.SafeToRetry(err))
		require.Equal(t, Declined, e.Status, "it did not leave")
		require.NoError(t, pos.Flush(t.Context()))
	})
}

// TestPowerCut: what was open when the terminal stopped is undone when it starts, under the keys of then.
func TestPowerCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		pos := k.open()
		var frozen string
		k.next(func(_, _ *message.Message) *message.Message {
			frozen = copyFolder(t, k.config.Folder)
			return nil
		})
		e, err := pos.Sale(t.Context(), swipe("D-1"))
		require.Error(t, err)
		require.NoError(t, pos.Close())
		synctest.Wait() // what was on the line has arrived
		k.requests()

		k.config.Folder = frozen // as the disk was when the sale had just left
		pos = k.open()
		require.NoError(t, pos.Flush(t.Context()))
		require.Equal(t, []string{"0400 " + e.STAN + " 98"}, withoutSignIns(k.requests()))
		next, err := pos.Sale(t.Context(), swipe("D-2"))
		require.NoError(t, err)
		require.Greater(t, next.STAN, e.STAN)
	})
}

func copyFolder(t *testing.T, folder string) string {
	to := t.TempDir()
	require.NoError(t, os.CopyFS(to, os.DirFS(folder)))
	require.NoError(t, filepath.WalkDir(to, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600) // CopyFS gives others what the mask leaves them
	}))
	return to
}

func TestVoidThatIsNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for reversal, want := range map[string][]Status{"22": {Voided, Approved}, "00": {Approved, Undone}, "25": {Approved, Undone}} {
			k := newKit(t)
			pos := k.open()
			sale, err := pos.Sale(t.Context(), swipe("D-1"))
			require.NoError(t, err)
			k.next(nothing, code(reversal))
			void, err := pos.Void(t.Context(), sale)
			require.Error(t, err)
			require.Equal(t, Uncertain, void.Status)
			require.NoError(t, pos.Flush(t.Context()))
			journal := pos.Journal()
			require.Equal(t, want, []Status{journal[0].Status, journal[1].Status}, reversal)
			_, err = pos.Void(t.Context(), void)
			require.Error(t, err, "a void cannot be voided")
		}
	})
}

func TestSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		pos := k.open()
		require.NoError(t, pos.SignIn(t.Context()))
		require.NoError(t, pos.Echo(t.Context()))
		for name, wrong := range map[string]func(response *message.Message){
			"code":        func(response *message.Message) { response.Set(39, "97") },
			"check value": func(response *message.Message) { response.SetBytes(62, bytes.Repeat([]byte{7}, 40)) },
			"size":        func(response *message.Message) { response.SetBytes(62, make([]byte, 24)) },
		} {
			k.signIn = wrong
			kept := k.keys
			require.ErrorIs(t, pos.SignIn(t.Context()), ErrSignIn, name)
			k.keys, k.signIn = kept, nil
			e, err := pos.Sale(t.Context(), swipe("D-1"))
			require.NoError(t, err)
			require.Equal(t, Approved, e.Status, "the old keys stay")
		}
		k.requests()
		k.next(code("77"))
		_, err := pos.Sale(t.Context(), swipe("D-2"))
		require.NoError(t, err)
		_, err = pos.Sale(t.Context(), swipe("D-2"))
		require.NoError(t, err)
		require.Equal(t, []string{"0200", "0800", "0200"}, types(k.requests()), "it signs in when it is told to")
	})
}

func types(requests []string) (list []string) {
	for _, r := range requests {
		list = append(list, r[:4])
	}
	return list
}

// broken is a disk that is full.
type broken struct{ Disk }

func (broken) Append(*Record) error { return errors.New("no space") }

// TestRecordBeforeSale: what cannot be recorded is not sent.
func TestRecordBeforeSale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		pos := k.open()
		require.NoError(t, pos.SignIn(t.Context()))
		k.requests()
		path := filepath.Join(k.config.Folder, "journal")
		size := func() int64 {
			info, err := os.Stat(path)
			require.NoError(t, err)
			return info.Size()
		}
		before, recorded := size(), int64(0)
		k.next(func(request, response *message.Message) *message.Message {
			recorded = size()
			return code("00")(request, response)
		})
		_, err := pos.Sale(t.Context(), swipe("D-1"))
		require.NoError(t, err)
		require.Greater(t, recorded, before+60, "the sale was in the file when it was on the line")
		require.NoError(t, pos.Flush(t.Context()))
		require.Greater(t, size(), recorded, "and its result after it")

		k.requests()
		pos.disk = broken{pos.disk}
		_, err = pos.Sale(t.Context(), swipe("D-2"))
		require.Error(t, err)
		require.Empty(t, k.requests())
		require.Zero(t, pos.Pending())
	})
}

// TestJournalLasts: a terminal has its journal and its numbers after a restart.
func TestJournalLasts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		pos := k.open()
		sale, err := pos.Sale(t.Context(), swipe("D-1"))
		require.NoError(t, err)
		_, err = pos.Void(t.Context(), sale)
		require.NoError(t, err)
		before := pos.Journal()
		require.NoError(t, pos.Close())
		pos = k.open()
		after := pos.Journal()
		require.Len(t, after, 2)
		for i := range after {
			require.Equal(t, []any{before[i].Status, before[i].STAN, before[i].Reference}, []any{after[i].Status, after[i].STAN, after[i].Reference})
		}
		next, err := pos.Sale(t.Context(), swipe("D-2"))
		require.NoError(t, err)
		require.Equal(t, "000003", next.STAN)
		require.Len(t, pos.Last(2), 2)
		found, ok := pos.Find(next.Batch, next.STAN)
		require.True(t, ok)
		require.Equal(t, "D-2", found.Order)
	})
}

// TestRefundIsAskedAgain until there is an answer, and a switch that is not there is none.
func TestRefundIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		pos := k.open()
		sale, err := pos.Sale(t.Context(), swipe("D-1"))
		require.NoError(t, err)
		k.requests()
		k.next(nothing, code("96"), code("77"), code("00"))
		e, err := pos.Refund(t.Context(), sale, 10_00)
		require.Equal(t, Approved, e.Status, "%v", err)
		require.Equal(t, []string{"0220 " + e.STAN, "0220 " + e.STAN, "0220 " + e.STAN, "0220 " + e.STAN}, withoutSignIns(k.requests()))
		require.Equal(t, int64(10_00), pos.Journal()[0].Refunded)
		_, err = pos.Refund(t.Context(), e, 1)
		require.ErrorIs(t, err, ErrOriginal)
		_, err = pos.Complete(t.Context(), sale, 1)
		require.ErrorIs(t, err, ErrOriginal)
	})
}

// TestPreauthorisation is reserved, taken, and shown in part where it was approved in part.
func TestPreauthorisation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		pos := k.open()
		auth, err := pos.Authorise(t.Context(), swipe("D-1"))
		require.NoError(t, err)
		k.next(func(_, response *message.Message) *message.Message {
			response.Set(39, "10")
			response.SetInt(4, 7_00)
			return response
		})
		e, err := pos.Complete(t.Context(), auth, 10_00)
		require.NoError(t, err)
		require.Equal(t, []any{Approved, int64(7_00), int64(10_00)}, []any{e.Status, e.Amount, e.Asked})
		require.Equal(t, []string{"0100 000001", "0200 000002"}, withoutSignIns(k.requests()))
	})
}
