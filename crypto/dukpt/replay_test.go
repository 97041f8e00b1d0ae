package dukpt_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto/dukpt"
)

// TestWindow takes random numbers near a moving counter and compares with a set of all that were accepted.
func TestWindow(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, text := range []string{tdesDevice, aesDevice} {
		var w dukpt.Window
		device, seen, highest, near := parse(t, text), map[uint32]bool{}, uint32(0), uint32(0)
		for range 20_000 {
			n := max(1, near+uint32(random.IntN(6))) - min(near, uint32(random.IntN(80)))
			ksn := device.WithCounter(n)
			if ksn.Valid() != nil {
				require.ErrorIs(t, w.Accept(ksn), dukpt.ErrKSN)
				require.ErrorIs(t, w.Check(ksn), dukpt.ErrKSN)
				if near < 1<<20 {
					near++ // over the numbers without a key
				}
				continue
			}
			fresh := n > highest || highest-n < 64 && !seen[n]
			require.Equal(t, fresh, w.Check(ksn) == nil, "%d with %d accepted", n, highest)
			err := w.Accept(ksn)
			require.Equal(t, fresh, err == nil)
			if err != nil {
				require.ErrorIs(t, err, dukpt.ErrReplay)
				continue
			}
			seen[n], highest, near = true, max(highest, n), max(near, n)
			require.ErrorIs(t, w.Accept(ksn), dukpt.ErrReplay)
		}
	}
}

func TestWindowEdges(t *testing.T) {
	var w dukpt.Window
	at := func(n uint32) dukpt.KSN { return parse(t, tdesDevice).WithCounter(n) }
	require.NoError(t, w.Check(at(100)))
	require.NoError(t, w.Check(at(100)), "looking changes nothing")
	require.NoError(t, w.Accept(at(100)))
	require.NoError(t, w.Accept(at(37)), "63 behind")
	require.ErrorIs(t, w.Accept(at(36)), dukpt.ErrReplay, "64 behind")
	require.NoError(t, w.Accept(at(164)))
	require.ErrorIs(t, w.Accept(at(100)), dukpt.ErrReplay, "out of the window")
	require.NoError(t, w.Accept(at(101)))
	require.NoError(t, w.Accept(at(200)))
	require.ErrorIs(t, w.Accept(at(164)), dukpt.ErrReplay, "still in the window")
	require.NoError(t, w.Accept(at(165)))
	require.NoError(t, w.Accept(at(1000)))
	require.NoError(t, w.Accept(at(999)), "a leap forgets what was in the window")
	w.Forget(at(5))
	require.NoError(t, w.Accept(at(100)))
	require.ErrorIs(t, w.Accept(dukpt.KSN{}), dukpt.ErrKSN)
}

func TestWindowIsBounded(t *testing.T) {
	w := dukpt.Window{Devices: 2}
	a, b, c := parse(t, tdesDevice), parse(t, aesDevice), parse(t, "0000000000000000000000000000"[:20])
	require.NoError(t, w.Accept(a.WithCounter(1)))
	require.NoError(t, w.Accept(b.WithCounter(1)))
	require.ErrorIs(t, w.Accept(c.WithCounter(1)), dukpt.ErrFull)
	require.NoError(t, w.Accept(a.WithCounter(2)))
	w.Forget(a)
	require.NoError(t, w.Accept(c.WithCounter(1)))
}

// Without a bound of its own a window knows a million devices.
func TestUsualBoundOfWindows(t *testing.T) {
	const entry = 1 + 12 + 4 + 8
	var w dukpt.Window
	require.ErrorIs(t, w.UnmarshalBinary(make([]byte, 1_000_001*entry)), dukpt.ErrFull)
	require.ErrorIs(t, w.UnmarshalBinary(make([]byte, 1_000_000*entry)), dukpt.ErrKSN, "not too many, but no numbers")
}

// Of many who present one number a single one is let through.
func TestWindowConcurrently(t *testing.T) {
	var w dukpt.Window
	var accepted atomic.Int64
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for n := uint32(1); n <= 300; n++ {
				if w.Accept(parse(t, tdesDevice).WithCounter(n)) == nil {
					accepted.Add(1)
				}
			}
		})
	}
	wait.Wait()
	require.EqualValues(t, 300, accepted.Load())
}

func TestWindowIsSaved(t *testing.T) {
	var w, again dukpt.Window
	for _, n := range []uint32{3, 5, 9} {
		require.NoError(t, w.Accept(parse(t, tdesDevice).WithCounter(n)))
		require.NoError(t, w.Accept(parse(t, aesDevice).WithCounter(2*n)))
	}
	saved, err := w.AppendBinary([]byte("x"))
	require.NoError(t, err)
	require.Equal(t, byte('x'), saved[0])
	saved = saved[1:]
	require.NoError(t, again.UnmarshalBinary(saved))
	for n := uint32(1); n < 12; n++ {
		for _, device := range []string{tdesDevice, aesDevice} {
			ksn := parse(t, device).WithCounter(n)
			require.Equal(t, w.Check(ksn), again.Check(ksn), "%s", ksn)
		}
	}
	exact := dukpt.Window{Devices: 2}
	require.NoError(t, exact.UnmarshalBinary(saved))
	require.ErrorIs(t, exact.Accept(parse(t, "0000000000000000000000000000"[:20]).WithCounter(1)), dukpt.ErrFull)
	small := dukpt.Window{Devices: 1}
	require.ErrorIs(t, small.UnmarshalBinary(saved), dukpt.ErrFull)
	require.NoError(t, small.Accept(parse(t, tdesDevice).WithCounter(9)), "nothing changed")
	require.ErrorIs(t, again.UnmarshalBinary(saved[:len(saved)-1]), dukpt.ErrKSN)
	for _, length := range []byte{0, 11, 13, 255} {
		saved[0] = length
		require.ErrorIs(t, again.UnmarshalBinary(saved), dukpt.ErrKSN)
	}
	require.NoError(t, again.UnmarshalBinary(nil))
	require.NoError(t, again.Accept(parse(t, tdesDevice).WithCounter(9)))
}

// What AppendBinary never writes is refused whole: it would make a window accept a transaction twice.
func TestWindowsNobodySaved(t *testing.T) {
	for _, c := range []struct {
		device string
		last   uint32 // the highest counter with a transaction key
		beyond []uint32
	}{
		{tdesDevice, 0x1FF800, []uint32{0, 0x1FF801, 0x1FFFFF, 0x200000, 0x200007, 0xFFFFFFFF}},
		{aesDevice, 0xFFFF0000, []uint32{0, 0xFFFF0001, 0xFFFFFFFF}},
	} {
		device := parse(t, c.device).Device()
		var w dukpt.Window
		require.NoError(t, w.Accept(device.WithCounter(7)))
		good, err := w.AppendBinary(nil)
		require.NoError(t, err)
		with := func(change func(entry []byte)) []byte {
			entry := append([]byte(nil), good...)
			change(entry)
			return entry
		}
		highest := func(n uint32) []byte {
			return with(func(entry []byte) { binary.BigEndian.PutUint32(entry[13:], n) })
		}
		bitmap := func(before uint64) []byte {
			return with(func(entry []byte) { binary.BigEndian.PutUint64(entry[17:], before) })
		}
		saved := map[string][]byte{
			"the highest counter not accepted": bitmap(0b10),
			"nothing accepted":                 bitmap(0),
			"the counter zero accepted":        bitmap(1 | 1<<7),
			"counters below zero accepted":     bitmap(1 | 1<<8),
			"a counter in the device's number": with(func(entry []byte) { entry[len(device.Append(nil))] |= 1 }),
			"the same device twice":            append(highest(9), good...),
			"the same device twice, unchanged": append(highest(7), good...),
			"a number of no bytes":             with(func(entry []byte) { entry[0] = 0 }),
		}
		for _, n := range c.beyond {
			saved[fmt.Sprintf("the highest counter %X", n)] = highest(n)
		}
		if !device.IsAES() {
			saved["bytes behind the device's number"] = with(func(entry []byte) { entry[12] = 1 })
		}
		for name, data := range saved {
			require.ErrorIs(t, w.UnmarshalBinary(data), dukpt.ErrKSN, "%s: %s", c.device, name)
			require.ErrorIs(t, w.Check(device.WithCounter(7)), dukpt.ErrReplay, "nothing changed")
			require.NoError(t, w.Check(device.WithCounter(6)), "nothing changed")
		}
		var end dukpt.Window
		require.NoError(t, end.UnmarshalBinary(highest(c.last)))
		require.ErrorIs(t, end.Accept(device.WithCounter(c.last)), dukpt.ErrReplay, "the last number of all")
		require.NoError(t, w.UnmarshalBinary(bitmap(1|1<<6)), "counters 7 and 1")
		require.ErrorIs(t, w.Accept(device.WithCounter(1)), dukpt.ErrReplay)
		require.NoError(t, w.Accept(device.WithCounter(6)))
	}
}
