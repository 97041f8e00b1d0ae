package terminal

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keystore"
	"github.com/posline/posline/examples/realtime/identity"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/message"
)

// TestPausesOfTries are a second, then twice as long each time, up to eight.
func TestPausesOfTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pos := &Terminal{cfg: Config{Retry: time.Second}}
		for tries, want := range []time.Duration{1, 1, 2, 4, 8, 8} {
			began := time.Now()
			pos.sleep(t.Context(), tries)
			require.Equal(t, want*time.Second, time.Since(began), "%d tries", tries)
		}
		ended, end := context.WithCancel(t.Context())
		end()
		began := time.Now()
		pos.sleep(ended, 1)
		require.Zero(t, time.Since(began))
	})
}

// TestDefaults are what the documentation says.
func TestDefaults(t *testing.T) {
	pos, err := Open(Config{ID: "10000001", Merchant: "898440354110001", Disk: Memory{}, Plain: true})
	require.NoError(t, err)
	require.Equal(t, []any{30 * time.Second, time.Second, 2000}, []any{pos.cfg.Timeout, pos.cfg.Retry, pos.cfg.Keep})
	require.Zero(t, pos.Pending())
	require.NoError(t, pos.Close())
	require.ErrorIs(t, pos.Flush(t.Context()), ErrClosed)
	for given, want := range map[int64][]any{-1: {30 * time.Second, time.Second, 2000}, 1: {time.Duration(1), time.Duration(1), 1}} {
		pos, err := Open(Config{Disk: Memory{}, Plain: true, Timeout: time.Duration(given), Retry: time.Duration(given), Keep: int(given)})
		require.NoError(t, err)
		require.Equal(t, want, []any{pos.cfg.Timeout, pos.cfg.Retry, pos.cfg.Keep})
		require.NoError(t, pos.Close())
	}
}

// TestWithoutFolder: a terminal that is not there to last has its key from whoever opens it.
func TestWithoutFolder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		k.config.Folder, k.config.Disk, k.config.Master = "", Memory{}, k.master
		pos := k.open()
		e, err := pos.Sale(t.Context(), swipe("D-1"))
		require.NoError(t, err)
		require.Equal(t, Approved, e.Status)
		require.NoError(t, pos.Close())
	})
}

// counted is a disk that notes its end.
type counted struct {
	Disk
	closed int
}

func (c *counted) Close() error { c.closed++; return nil }

// TestOpenFails where a terminal has no keys, no identity, or a journal that is damaged, and leaves nothing open.
func TestOpenFails(t *testing.T) {
	k := newKit(t)
	c := k.config
	c.Folder = t.TempDir()
	_, err := Open(c)
	require.ErrorIs(t, err, fs.ErrNotExist)

	c = k.config
	c.Plain = false
	_, err = Open(c)
	require.ErrorIs(t, err, ErrNotEnrolled)
	disk := &counted{}
	c.Disk = disk
	_, err = Open(c)
	require.ErrorIs(t, err, ErrNotEnrolled)
	require.Equal(t, 1, disk.closed)
	c.Identity = &identity.Own{Key: []byte("none")}
	_, err = Open(c)
	require.Error(t, err, "an identity without a key")
	require.NotErrorIs(t, err, ErrNotEnrolled)
	require.Equal(t, 2, disk.closed)
	require.NoError(t, os.Mkdir(identityFile(c.Folder), 0o700))
	c.Disk = nil
	_, err = Open(c)
	require.Error(t, err, "an identity that cannot be read")
	require.NotErrorIs(t, err, ErrNotEnrolled)

	pos := k.open()
	for n := range 3 {
		require.NoError(t, pos.disk.Append(record(n)))
	}
	require.NoError(t, pos.Close())
	journal := filepath.Join(k.config.Folder, "journal")
	data, err := os.ReadFile(journal)
	require.NoError(t, err)
	data[10] ^= 1
	require.NoError(t, os.WriteFile(journal, data, 0o600))
	_, err = Open(k.config)
	require.ErrorIs(t, err, ErrDamaged)
}

// TestInstallFails without a key card, and where the folder is not there.
func TestInstallFails(t *testing.T) {
	k := newKit(t)
	card, secret := filepath.Join(k.config.Folder, "card"), keystore.Key([32]byte{1})
	require.ErrorIs(t, Install(t.TempDir(), k.config.Device, card+"2", secret), fs.ErrNotExist)
	require.ErrorIs(t, Install(filepath.Join(t.TempDir(), "none"), k.config.Device, card, secret), fs.ErrNotExist)
	empty := filepath.Join(t.TempDir(), "empty")
	store, err := keystore.Create(empty, secret, keystore.Options{})
	require.NoError(t, err)
	require.NoError(t, store.Save())
	require.NoError(t, store.Close())
	none := t.TempDir()
	require.ErrorIs(t, Install(none, k.config.Device, empty, secret), keystore.ErrNotFound, "a card without a key")
	require.NoFileExists(t, keyFile(none))
	require.ErrorIs(t, WriteKeyCard(filepath.Join(t.TempDir(), "none", "card"), secret, crypto.Key{}), fs.ErrNotExist)
	require.Error(t, WriteKeyCard(filepath.Join(t.TempDir(), "card"), secret, crypto.Key{}), "no key")
}

// TestIncompleteKeys: a key store that lacks a key, or has another kind in its place, opens no terminal.
func TestIncompleteKeys(t *testing.T) {
	made := func(attributes string, bits int) crypto.Key {
		key, err := crypto.GenerateKey(crypto.MustAttributes(attributes), bits)
		require.NoError(t, err)
		return key
	}
	master, seal := made("K0TB00S", 128), made("D0AB00S", 256)
	device := keystore.Key([32]byte{2})
	open := func(keys map[string]crypto.Key) error {
		folder := t.TempDir()
		store, err := keystore.Create(keyFile(folder), device, keystore.Options{})
		require.NoError(t, err)
		for name, key := range keys {
			require.NoError(t, store.Put(name, key))
		}
		require.NoError(t, store.Save())
		require.NoError(t, store.Close())
		pos, err := Open(Config{Folder: folder, Device: device, Plain: true})
		if err == nil {
			require.NoError(t, pos.Close())
		}
		return err
	}
	require.NoError(t, open(map[string]crypto.Key{masterName: master, sealName: seal}))
	require.ErrorIs(t, open(nil), keystore.ErrNotFound)
	require.ErrorIs(t, open(map[string]crypto.Key{sealName: seal}), keystore.ErrNotFound)
	require.ErrorIs(t, open(map[string]crypto.Key{masterName: master}), keystore.ErrNotFound)
	require.Error(t, open(map[string]crypto.Key{masterName: seal, sealName: seal}))
	require.Error(t, open(map[string]crypto.Key{masterName: master, sealName: master}))
}

// TestPendingOutlastsRestarts: what has left and is not decided shows as that, while the acquirer says nothing, also to a
// terminal that was switched on since.
func TestPendingOutlastsRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		pos := k.open()
		require.Zero(t, pos.Pending())
		sale, err := pos.Sale(t.Context(), swipe("D-1"))
		require.NoError(t, err)
		require.Zero(t, pos.Pending())
		k.next(nothing, nothing, nothing, nothing, nothing, nothing)
		gone, end := context.WithTimeout(t.Context(), 40*time.Second)
		defer end()
		go pos.Refund(gone, sale, 1)
		time.Sleep(45 * time.Second)
		require.Equal(t, 1, pos.Pending())
		require.NoError(t, pos.Close())
		pos = k.open()
		require.Equal(t, 1, pos.Pending())
		time.Sleep(45 * time.Second) // nobody waits for it here, and it is not answered
		require.Equal(t, 1, pos.Pending())
		k.next()
		require.NoError(t, pos.Flush(t.Context()))
		require.Zero(t, pos.Pending())
		last := pos.Last(1)[0]
		require.Equal(t, []any{payment.Refund, Approved}, []any{last.Kind, last.Status})
	})
}

// TestWhatCannotBeMade is not sent, and no reversal follows.
func TestWhatCannotBeMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		pos := k.open()
		e, err := pos.Sale(t.Context(), Sale{Order: "D-1", Amount: 1, Track2: "12D3012", PIN: somePIN(t)})
		require.Error(t, err)
		require.Equal(t, Declined, e.Status)
		require.Equal(t, []string{"0800"}, types(k.requests()))
		require.Zero(t, pos.Pending())
	})
}

// TestNotOriginals: voids, refunds and completions of what cannot have one are refused before anything leaves.
func TestNotOriginals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		pos := k.open()
		for _, kind := range []payment.Kind{payment.Void, payment.Refund} {
			_, err := pos.Void(t.Context(), Entry{Kind: kind, Reference: "000000000001"})
			require.ErrorIs(t, err, ErrOriginal, kind)
			_, err = pos.Refund(t.Context(), Entry{Kind: kind, Reference: "000000000001"}, 1)
			require.ErrorIs(t, err, ErrOriginal, kind)
		}
		_, err := pos.Void(t.Context(), Entry{Kind: payment.Sale})
		require.ErrorIs(t, err, ErrOriginal, "without a reference")
		require.NoError(t, pos.Flush(t.Context()))
		synctest.Wait()
		require.Empty(t, k.requests())
	})
}

// TestNoSignIn: a terminal that gets no keys sells nothing and records nothing, and tells the acquirer's code. It signs in
// with the batch that it knows.
func TestNoSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		var batches []string
		k.asked = func(request *message.Message) { batches = append(batches, request.Get("60.2").Text()) }
		pos := k.open()
		k.signIn = func(response *message.Message) { response.Set(39, "58") }
		_, err := pos.Sale(t.Context(), swipe("D-1"))
		require.ErrorIs(t, err, ErrSignIn)
		require.ErrorContains(t, err, "58")
		require.Empty(t, pos.Journal())
		k.signIn = nil
		require.NoError(t, pos.SignIn(t.Context()))
		require.NoError(t, pos.SignIn(t.Context()))
		require.Equal(t, []string{"000001", "000001", "000007"}, batches)
	})
}

// TestNoLine: without a way to the acquirer nothing has left, on lines that are kept too; when there is one it is used.
func TestNoLine(t *testing.T) {
	for _, kept := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			k := newKit(t)
			dial, broken := k.config.Dialer, true
			k.config.KeepLine = kept
			k.config.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
				if broken {
					return nil, errors.New("no network")
				}
				return dial(ctx, network, address)
			}
			pos := k.open()
			_, err := pos.Sale(t.Context(), swipe("D-1"))
			require.ErrorContains(t, err, "no network")
			require.Error(t, pos.Echo(t.Context()))
			broken = false
			require.NoError(t, pos.Echo(t.Context()))
			e, err := pos.Sale(t.Context(), swipe("D-1"))
			require.NoError(t, err)
			require.Equal(t, Approved, e.Status)
			require.NoError(t, pos.Close())
		})
	}
}

// TestReversalWaitsForKeys: without a sign-in that the acquirer wants nothing leaves; with it the reversal goes through.
func TestReversalWaitsForKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t)
		pos := k.open()
		require.NoError(t, pos.SignIn(t.Context()))
		k.requests()
		refusals := 3
		k.signIn = func(response *message.Message) {
			if refusals > 0 {
				refusals--
				response.Set(39, "58")
			}
		}
		k.next(func(_, response *message.Message) *message.Message {
			response.SetBytes(64, []byte("badc"))
			return code("A0")(nil, response)
		})
		e, err := pos.Sale(t.Context(), swipe("D-1"))
		require.ErrorIs(t, err, ErrAnswer)
		require.Equal(t, Uncertain, e.Status)
		require.NoError(t, pos.Flush(t.Context()))
		require.Equal(t, []string{"0200", "0800", "0800", "0800", "0800", "0400"}, types(k.requests()))
		require.Equal(t, Undone, pos.Last(1)[0].Status)
	})
}
