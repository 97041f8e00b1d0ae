package clearing

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// two is the file that cardutil's documentation shows, in the VBS form.
const two = "\x00\x00\x00\x1CThis is first record 1234567\x00\x00\x00\x22This is second record AAAABBBBB123"

const closing = "\x00\x00\x00\x00"

func blanks(n int) string { return strings.Repeat("\x40", n) }

// records reads a whole file.
func records(r *Reader) (all []string, err error) {
	for record, err := range r.All() {
		if err != nil {
			return all, err
		}
		all = append(all, string(record))
	}
	return all, nil
}

// file writes records.
func file(t testing.TB, form Form, all ...string) string {
	var out bytes.Buffer
	w := NewWriter(&out, form)
	w.Max = 1 << 20
	for _, record := range all {
		require.NoError(t, w.WriteRecord([]byte(record)))
	}
	require.NoError(t, w.Close())
	return out.String()
}

func TestPublishedFile(t *testing.T) {
	want := []string{"This is first record 1234567", "This is second record AAAABBBBB123"}
	require.Equal(t, two+closing, file(t, VBS, want...))
	blocked := two + closing
	blocked += blanks(1014 - len(blocked))
	require.Equal(t, blocked, file(t, Blocked, want...))
	for in, end := range map[string]error{two + closing: nil, two: ErrNoEnd, blocked: nil, two + blanks(1014-len(two)): ErrNoEnd} {
		got, err := records(NewReader(strings.NewReader(in), Auto))
		require.ErrorIs(t, err, end)
		require.Equal(t, want, got)
	}
}

// A file of one block that was cut short is no VBS file with fill, unless it is asked for as one.
func TestCutUnderOneBlock(t *testing.T) {
	whole := file(t, Blocked, "This is first record 1234567", "This is second record AAAABBBBB123")
	require.Len(t, whole, 1014)
	for size := len(two+closing) + 1; size < len(whole); size++ {
		for _, in := range []string{whole[:size], two + blanks(size-len(two))} {
			got, err := records(NewReader(strings.NewReader(in), Auto))
			require.ErrorIs(t, err, ErrTruncated, size)
			require.ErrorContains(t, err, "record 3 at byte 70: ")
			require.Len(t, got, 2)
		}
		_, err := records(NewReader(strings.NewReader(whole[:size]), VBS))
		require.NoError(t, err)
	}
}

// A file cut between two records is not whole, in neither form.
func TestCutBetweenRecords(t *testing.T) {
	record := strings.Repeat("x", 1012-4) // and its length fill a block
	for form, size := range map[Form]int{VBS: 1012, Blocked: 1014} {
		whole := file(t, form, record, record, record)
		for count := range 4 {
			for _, asked := range []Form{form, Auto} {
				got, err := records(NewReader(strings.NewReader(whole[:count*size]), asked))
				require.ErrorIs(t, err, ErrNoEnd, "%v %d", form, count)
				require.Len(t, got, count)
				require.Equal(t, &Error{Record: count + 1, Offset: int64(count * size), Err: ErrNoEnd}, err)
			}
		}
		_, err := records(NewReader(strings.NewReader(whole), Auto))
		require.NoError(t, err)
	}
}

// Records go over the ends of blocks, at every place; reads may be of any size.
func TestRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for first := 990; first <= 1030; first++ {
		want := []string{strings.Repeat("a", first)}
		for range 12 {
			want = append(want, strings.Repeat("\xC1", 1+random.IntN(3000)))
		}
		for _, form := range []Form{VBS, Blocked} {
			text := file(t, form, want...)
			for _, asked := range []Form{Auto, form} {
				for _, source := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
					r := NewReader(source, asked)
					got, err := records(r)
					require.NoError(t, err)
					require.Equal(t, want, got)
					require.Equal(t, form, r.Form())
					require.Equal(t, len(want), r.Count())
				}
			}
			if form == Blocked {
				require.Zero(t, len(text)%1014)
				for at := 1012; at < len(text); at += 1014 {
					require.Equal(t, "\x40\x40", text[at:at+2])
				}
			}
		}
	}
}

// A block that the data fills needs no other one behind it.
func TestExactBlock(t *testing.T) {
	record := strings.Repeat("x", 1012-4-4)
	text := file(t, Blocked, record)
	require.Equal(t, "\x00\x00\x03\xEC"+record+closing+"\x40\x40", text)
	for _, more := range []string{"", blanks(1014)} { // cardutil writes a block of fill bytes
		got, err := records(NewReader(strings.NewReader(text+more), Blocked))
		require.NoError(t, err)
		require.Equal(t, []string{record}, got)
	}
}

func TestOffset(t *testing.T) {
	all := []string{strings.Repeat("a", 1004), strings.Repeat("b", 3000), "c"}
	for form, want := range map[Form][]int64{VBS: {0, 1008, 4012}, Blocked: {0, 1008, 4012 + 2*3}} {
		text := file(t, form, all...)
		r := NewReader(strings.NewReader(text), form)
		for i := range all {
			_, err := r.Next()
			require.NoError(t, err)
			require.Equal(t, want[i], r.Offset(), form)
			if form == VBS || i != 1 { // its length goes over the end of no block
				require.Equal(t, uint32(len(all[i])), binary.BigEndian.Uint32([]byte(text[r.Offset():])), form)
			}
			require.Equal(t, i+1, r.Count())
		}
		_, err := r.Next()
		require.Equal(t, io.EOF, err)
		require.Equal(t, want[2], r.Offset())
	}
	text := file(t, Blocked, strings.Repeat("a", 1008), "b")
	r := NewReader(strings.NewReader(text), Blocked)
	_, err := r.Next()
	require.NoError(t, err)
	_, err = r.Next()
	require.NoError(t, err)
	require.EqualValues(t, 1014, r.Offset(), "the first byte of the second block")
}

func TestReaderFaults(t *testing.T) {
	long := file(t, Blocked, strings.Repeat("a", 1500), "b")
	for _, c := range []struct {
		name, in string
		form     Form
		records  int
		record   int
		offset   int64
		kind     error
	}{
		{"nothing", "", VBS, 0, 1, 0, ErrNoEnd},
		{"fill bytes behind the end", two + closing + blanks(7), VBS, 2, 0, 0, nil},
		{"closing length alone", closing, VBS, 0, 0, 0, nil},
		{"no block", "", Blocked, 0, 1, 0, ErrNoEnd},
		{"block of fill bytes", blanks(1014), Blocked, 0, 1, 0, ErrNoEnd},
		{"no closing length", two, VBS, 2, 3, 70, ErrNoEnd},
		{"one fill byte", two + blanks(1), VBS, 2, 3, 70, ErrNoEnd},
		{"three fill bytes", two + blanks(3), VBS, 2, 3, 70, ErrNoEnd},
		{"five fill bytes", two + blanks(5), VBS, 2, 3, 70, ErrNoEnd},
		{"cut in a length", two[:34], VBS, 1, 2, 32, ErrTruncated},
		{"cut in a length after fill", two + "\x40\x41", VBS, 2, 3, 70, ErrTruncated},
		{"cut behind a length", two[:36], VBS, 1, 2, 32, ErrTruncated},
		{"cut in a record", two[:len(two)-1], VBS, 1, 2, 32, ErrTruncated},
		{"cut in the first record", two[:5], VBS, 0, 1, 0, ErrTruncated},
		{"too long", two + "\x00\x00\x17\x71" + strings.Repeat("x", 6001), VBS, 2, 3, 70, ErrTooLong},
		{"as long as a number can say", two + "\xFF\xFF\xFF\xFF", VBS, 2, 3, 70, ErrTooLong},
		{"record behind the end", two + closing + two, VBS, 2, 3, 70, ErrTrailing},
		{"zeros behind the end", two + closing + closing, VBS, 2, 3, 70, ErrTrailing},
		{"other fill", two + closing + blanks(7) + " ", VBS, 2, 3, 70, ErrTrailing},
		{"fill, then more", two + blanks(4) + "x", VBS, 2, 3, 70, ErrTrailing},
		{"half a block", two + closing, Blocked, 2, 3, 70, ErrTruncated},
		{"a block but one byte", long[:1013], Blocked, 0, 1, 0, ErrTruncated},
		{"last block but one byte", long[:len(long)-1], Blocked, 2, 3, 1511, ErrTruncated},
		{"wrong first fill byte", long[:1012] + "\x00" + long[1013:], Blocked, 0, 1, 0, ErrFill},
		{"wrong second fill byte", long[:1013] + "\x20" + long[1014:], Blocked, 0, 1, 0, ErrFill},
		{"wrong fill of the second block", long[:2026] + "\x00\x40", Blocked, 2, 3, 1014, ErrFill},
		{"no blocks", strings.Repeat(two, 30) + closing, Blocked, 29, 30, 0, ErrFill},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := NewReader(strings.NewReader(c.in), c.form)
			got, err := records(r)
			require.Len(t, got, c.records)
			if c.kind == nil {
				require.NoError(t, err)
				_, err = r.Next()
				require.Equal(t, io.EOF, err)
				return
			}
			var fault *Error
			require.ErrorAs(t, err, &fault)
			require.ErrorIs(t, err, c.kind)
			require.Equal(t, c.record, fault.Record)
			require.Equal(t, c.offset, fault.Offset)
			_, again := r.Next()
			require.Equal(t, err, again, "it stays")
		})
	}
}

func TestErrorText(t *testing.T) {
	_, err := records(NewReader(strings.NewReader(two+"\x00\x01\x00\x00"), VBS))
	require.EqualError(t, err, "record 3 at byte 70: longer than the limit: the length says 65536 bytes, the limit is 6000")
	for form, name := range map[Form]string{Auto: "auto", VBS: "vbs", Blocked: "1014-byte blocks", 9: "Form(9)"} {
		require.Equal(t, name, form.String())
	}
}

func TestMax(t *testing.T) {
	text := file(t, VBS, strings.Repeat("x", 6000), strings.Repeat("x", 6001))
	r := NewReader(strings.NewReader(text), VBS)
	got, err := records(r)
	require.ErrorIs(t, err, ErrTooLong)
	require.Len(t, got, 1)
	r = NewReader(strings.NewReader(text), VBS)
	r.Max = 6001
	got, err = records(r)
	require.NoError(t, err)
	require.Len(t, got, 2)
	r = NewReader(strings.NewReader("\xFF\xFF\xFF\xF0"), VBS)
	r.Max = int(^uint(0) >> 1)
	_, err = r.Next()
	require.ErrorIs(t, err, ErrTooLong)
}

// Memory follows the bytes that come, not the length that a file claims.
func TestMemoryIsBounded(t *testing.T) {
	r := NewReader(strings.NewReader("\x3F\xFF\xFF\xFF"+strings.Repeat("x", 100_000)), VBS)
	r.Max = 1 << 30
	_, err := r.Next()
	require.ErrorIs(t, err, ErrTruncated)
	require.Less(t, cap(r.record), 400_000)
}

func TestNextDoesNotAllocate(t *testing.T) {
	for _, form := range []Form{VBS, Blocked} {
		all := make([]string, 300)
		for i := range all {
			all[i] = strings.Repeat("x", 1200)
		}
		r := NewReader(strings.NewReader(file(t, form, all...)), form)
		_, err := r.Next()
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(200, func() {
			if _, err := r.Next(); err != nil {
				panic(err)
			}
		}), form)
	}
}

func TestAllStopsEarly(t *testing.T) {
	r := NewReader(strings.NewReader(two), VBS)
	for range r.All() {
		break
	}
	second, err := r.Next()
	require.NoError(t, err)
	require.Equal(t, "This is second record AAAABBBBB123", string(second))
}

var errBroken = errors.New("broken disk")

// What the source says is wrong comes with its place.
func TestBrokenSource(t *testing.T) {
	for _, form := range []Form{Auto, VBS, Blocked} {
		for _, cut := range []int{0, 2, 4, 10, 32, 34, 70} {
			r := NewReader(io.MultiReader(strings.NewReader(two[:cut]), iotest.ErrReader(errBroken)), form)
			_, err := records(r)
			require.ErrorIs(t, err, errBroken, "%v %d", form, cut)
			require.ErrorAs(t, err, new(*Error))
		}
		r := NewReader(io.MultiReader(strings.NewReader(two+closing+blanks(1014-len(two)-4)), iotest.ErrReader(errBroken)), form)
		_, err := records(r)
		require.ErrorIs(t, err, errBroken)
	}
}

// short is a writer that breaks after n bytes.
type short struct{ n int }

func (s *short) Write(p []byte) (int, error) {
	if len(p) > s.n {
		n := s.n
		s.n = 0
		return n, errBroken
	}
	s.n -= len(p)
	return len(p), nil
}

func TestBrokenTarget(t *testing.T) {
	for _, form := range []Form{VBS, Blocked} {
		for room := range 5100 {
			w := NewWriter(&short{room}, form)
			var err error
			for range 5 {
				if err = w.WriteRecord(make([]byte, 1000)); err != nil {
					break
				}
			}
			if err == nil {
				err = w.Close()
			}
			whole := 5*1004 + 4
			if form == Blocked {
				whole = 5 * 1014
			}
			if room >= whole {
				require.NoError(t, err)
				require.ErrorIs(t, w.Close(), ErrClosed)
				continue
			}
			require.ErrorIs(t, err, errBroken, room)
			var fault *Error
			require.ErrorAs(t, err, &fault)
			require.Equal(t, err, w.WriteRecord([]byte("x")), "it stays")
			require.Equal(t, err, w.Close())
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(&out, Blocked)
	require.NoError(t, w.WriteRecord(make([]byte, 2000)))
	err := w.WriteRecord(nil)
	require.ErrorIs(t, err, ErrEmpty)
	require.Equal(t, &Error{Record: 2, Offset: 2006, Err: ErrEmpty}, err)
	require.EqualError(t, w.WriteRecord(make([]byte, 6001)), "record 2 at byte 2006: longer than the limit: 6001 bytes, the limit is 6000")
	require.NoError(t, w.WriteRecord(make([]byte, 6000)))
	w.Max = 10
	require.ErrorIs(t, w.WriteRecord(make([]byte, 11)), ErrTooLong)
	require.NoError(t, w.WriteRecord(make([]byte, 10)))
	require.NoError(t, w.Close())
	for _, err := range []error{w.WriteRecord([]byte("x")), w.Close()} {
		require.Equal(t, &Error{Record: 4, Offset: 8036, Err: ErrClosed}, err)
	}
	got, err := records(NewReader(&out, Auto))
	require.NoError(t, err)
	require.Len(t, got, 3, "the refused ones are not there")

	for _, form := range []Form{Auto, 9} {
		w := NewWriter(io.Discard, form)
		for _, err := range []error{w.WriteRecord([]byte("x")), w.Close()} {
			require.Equal(t, &Error{Record: 1, Err: ErrForm}, err)
		}
	}
}

func TestBlocksAlone(t *testing.T) {
	var out bytes.Buffer
	w := NewBlockWriter(&out)
	require.NoError(t, w.Close())
	require.Zero(t, out.Len(), "nothing was written")
	n, err := w.Write(make([]byte, 2025))
	require.NoError(t, err)
	require.Equal(t, 2025, n)
	require.NoError(t, w.Close())
	require.NoError(t, w.Close())
	require.Equal(t, 3*1014, out.Len())
	data, err := io.ReadAll(NewBlockReader(&out))
	require.NoError(t, err)
	require.Equal(t, string(make([]byte, 2025))+blanks(1011), string(data))
	for room := range 2028 {
		w := NewBlockWriter(&short{room})
		n, err := w.Write(make([]byte, 2024))
		require.ErrorIs(t, err, errBroken)
		require.Equal(t, room-min(room, 1014)/1014*2-max(0, min(room-1012, 1))-max(0, min(room-2026, 1))+max(0, min(room-1013, 1)), n, room)
	}
}

// A reader of blocks agrees with what can be said of a file at a glance.
func FuzzReader(f *testing.F) {
	f.Add([]byte(two+closing), uint8(VBS))
	f.Add([]byte(two), uint8(Auto))
	f.Add([]byte(file(f, Blocked, strings.Repeat("a", 1500), "b")), uint8(Auto))
	f.Add([]byte("\x00\x00\x00\x01x\x40\x40"), uint8(VBS))
	f.Fuzz(func(t *testing.T, in []byte, asked uint8) {
		form := Form(asked % 3)
		r := NewReader(bytes.NewReader(in), form)
		got, err := records(r)
		total := 0
		for _, record := range got {
			total += 4 + len(record)
		}
		if total > len(in) {
			t.Fatalf("%d bytes of records out of %d", total, len(in))
		}
		want, good := glance(in, r.Form())
		if form == Auto && len(in) < blockSize && bytes.HasSuffix(in, []byte{fill}) && good && err != nil {
			return // the fill of a block that is not whole
		}
		if good != (err == nil) || good && !equal(want, got) {
			t.Fatalf("%v: %d records, %v; at a glance %d, %v", r.Form(), len(got), err, len(want), good)
		}
		if err != nil {
			if !errors.As(err, new(*Error)) {
				t.Fatalf("no place: %v", err)
			}
			return
		}
		again, err := records(NewReader(strings.NewReader(file(t, r.Form(), got...)), r.Form()))
		if err != nil || !equal(got, again) {
			t.Fatalf("written and read again: %d records of %d, %v", len(again), len(got), err)
		}
	})
}

func equal(a, b []string) bool {
	return len(a) == len(b) && strings.Join(a, "\x00|") == strings.Join(b, "\x00|")
}

// glance reads a whole file in memory.
func glance(in []byte, form Form) (all []string, good bool) {
	if form == Blocked {
		var data []byte
		for at := 0; at < len(in); at += 1014 {
			if at+1014 > len(in) || string(in[at+1012:at+1014]) != "\x40\x40" {
				return nil, false
			}
			data = append(data, in[at:at+1012]...)
		}
		in = data
	}
	for len(bytes.Trim(in, "\x40")) > 0 {
		if len(in) < 4 {
			return nil, false
		}
		length := binary.BigEndian.Uint32(in)
		in = in[4:]
		if length == 0 {
			return all, len(bytes.Trim(in, "\x40")) == 0
		}
		if length > 6000 || int(length) > len(in) {
			return nil, false
		}
		all = append(all, string(in[:length]))
		in = in[length:]
	}
	return all, false
}
