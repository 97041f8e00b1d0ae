package connection

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDefaults(t *testing.T) {
	cfg, err := Config{Framing: MustNewFraming(Descriptor{Width: 2})}.withDefaults()
	require.NoError(t, err)
	require.Equal(t, []time.Duration{30 * time.Second, 10 * time.Second, 10 * time.Second, 10 * time.Second, time.Minute, 0},
		[]time.Duration{cfg.Timeout, cfg.WriteTimeout, cfg.FrameTimeout, cfg.HandshakeTimeout, cfg.LateWindow, cfg.IdleTimeout})
	require.Equal(t, []int{64, 64, 1024, 1 << 20}, []int{cfg.Workers, cfg.Backlog, cfg.MaxInFlight, cfg.MaxQueued})
	require.Equal(t, ContentionWait, cfg.Busy)
	require.Equal(t, ContentionWait, cfg.Duplicates, "without a key requests take turns")
	key := func([]byte) (k [32]byte, kind uint8, err error) { return }
	cfg, err = Config{Framing: cfg.Framing, Key: key, Timeout: time.Second, Order: OrderConn, Workers: 9}.withDefaults()
	require.NoError(t, err)
	require.Equal(t, ContentionFail, cfg.Duplicates)
	require.Equal(t, 2*time.Second, cfg.LateWindow)
	require.Equal(t, 1, cfg.Workers, "OrderConn runs one")
}

func TestHooksWith(t *testing.T) {
	var calls []string
	hooks := func(who string) Hooks {
		say := func(what string) { calls = append(calls, who+" "+what) }
		return Hooks{
			Connected: func(*Conn) { say("connected") }, Closed: func(*Conn, error) { say("closed") },
			Late: func(*Conn, [32]byte, []byte) { say("late") }, Unmatched: func(*Conn, Unmatched) { say("unmatched") },
			Malformed: func(*Conn, []byte, error) { say("malformed") }, HandlerError: func(*Conn, error) { say("handler") },
			Panicked: func(*Conn, Panic) { say("panicked") }, AnswerLost: func(*Conn, error) { say("lost") },
			Refused: func(net.Addr, error) { say("refused") }, AcceptFailed: func(error, time.Duration) { say("accept") },
		}
	}
	runAll := func(h Hooks) []string {
		calls = nil
		h.Connected(nil)
		h.Closed(nil, nil)
		h.Late(nil, [32]byte{}, nil)
		h.Unmatched(nil, Unmatched{})
		h.Malformed(nil, nil, nil)
		h.HandlerError(nil, nil)
		h.Panicked(nil, Panic{})
		h.AnswerLost(nil, nil)
		h.Refused(nil, nil)
		h.AcceptFailed(nil, 0)
		return calls
	}
	one := []string{"a connected", "a closed", "a late", "a unmatched", "a malformed", "a handler", "a panicked", "a lost", "a refused", "a accept"}
	require.Equal(t, one, runAll(hooks("a").With(Hooks{})))
	require.Equal(t, one, runAll(Hooks{}.With(hooks("a"))))
	var both []string
	for _, call := range one {
		both = append(both, call, strings.Replace(call, "a", "b", 1))
	}
	require.Equal(t, both, runAll(hooks("a").With(hooks("b"))))
	require.Nil(t, Hooks{}.With(Hooks{}).Closed)
}

func TestCallList(t *testing.T) {
	var l callList
	a, b, c := &call{id: 1}, &call{id: 2}, &call{id: 3}
	ids := func() (ids []uint64) {
		for ca := l.first; ca != nil; ca = ca.next {
			require.Same(t, &l, ca.list)
			ids = append(ids, ca.id)
		}
		var back []uint64
		for ca := l.last; ca != nil; ca = ca.prev {
			back = append([]uint64{ca.id}, back...)
		}
		require.Equal(t, ids, back)
		require.Len(t, ids, l.n)
		return ids
	}
	require.Nil(t, l.pop())
	l.pushFront(b)
	l.pushBack(c)
	l.pushFront(a)
	require.Equal(t, []uint64{1, 2, 3}, ids())
	l.remove(b)
	require.Equal(t, []uint64{1, 3}, ids())
	require.Nil(t, b.list)
	require.Same(t, a, l.pop())
	l.pushBack(a)
	require.Equal(t, []uint64{3, 1}, ids())
	l.remove(a)
	l.remove(c)
	require.Empty(t, ids())
}

// TestLargeBufferRule: who has much to do, or has just had, gets a large buffer to write into at once.
func TestLargeBufferRule(t *testing.T) {
	for _, c := range []struct {
		load, active, last int
		large              bool
	}{
		{8, 0, 0, false}, {9, 0, 0, true}, {4, 4, 0, false}, {4, 5, 0, true}, {0, 9, 0, true},
		{0, 0, smallBuffer, false}, {0, 0, smallBuffer + 1, true},
	} {
		conn := &Conn{writer: &writer{last: c.last}, inbox: &inbox{active: c.active}}
		conn.load.Store(int64(c.load))
		require.Equal(t, c.large, cap(conn.outLocked().b) >= largeBuffer, "%+v", c)
	}
	require.Equal(t, 4096, cap(newSmallBuffer().b))
	require.Equal(t, 65536, cap(newLargeBuffer().b))
}

// TestCorkEnds: what is held waits no longer once it is old or large enough.
func TestCorkEnds(t *testing.T) {
	for _, c := range []struct {
		age    time.Duration
		queued int
		full   bool
	}{{0, 1, false}, {200 * time.Microsecond, 1, false}, {200*time.Microsecond + 1, 1, true}, {0, 32 << 10, false}, {0, 32<<10 + 1, true}} {
		var k cork
		k.fill(time.Second, 1)
		k.fill(time.Second+c.age, c.queued)
		require.Equal(t, c.full, k.full, "%+v", c)
		require.Equal(t, time.Second, k.since)
	}
}

// TestSent: what is known of a frame follows from the number of its buffer and from where writing failed.
func TestSent(t *testing.T) {
	broken := errors.New("broken")
	for _, c := range []struct {
		w    *writer
		ca   call
		want Sent
	}{
		{&writer{}, call{}, SentNo},
		{&writer{swapped: 4, flushed: 3}, call{epoch: 5}, SentNo},
		{&writer{swapped: 4, flushed: 3}, call{epoch: 4}, SentMaybe},
		{&writer{swapped: 4, flushed: 3}, call{epoch: 3}, SentYes},
		{&writer{swapped: 4, flushed: 3, err: broken, exact: true, failedAt: 10}, call{epoch: 4, off: 9}, SentMaybe},
		{&writer{swapped: 4, flushed: 3, err: broken, exact: true, failedAt: 10}, call{epoch: 4, off: 10}, SentNo},
		{&writer{swapped: 4, flushed: 3, err: broken, failedAt: 10}, call{epoch: 4, off: 10}, SentMaybe},
		{&writer{swapped: 4, flushed: 3, exact: true, failedAt: 10}, call{epoch: 4, off: 10}, SentMaybe},
	} {
		require.Equal(t, c.want, c.w.sent(&c.ca), "frame at %d in buffer %d", c.ca.off, c.ca.epoch)
	}
}

// filled is a writer with a frame for each letter: a small one is that of a request.
func filled(letters string) (*writer, []*call) {
	w := &writer{}
	var calls []*call
	for _, letter := range []byte(letters) {
		if w.out == nil {
			w.out = newSmallBuffer()
		}
		start := len(w.out.b)
		w.out.b = append(w.out.b, letter)
		w.frames++
		if letter >= 'a' {
			ca := new(call)
			w.add(ca, start)
			calls = append(calls, ca)
		}
	}
	return w, calls
}

// TestWithdrawing takes the frames of requests out of what is queued, and leaves the others as they are.
func TestWithdrawing(t *testing.T) {
	for queued, kept := range map[string]string{"": "", "a": "", "A": "A", "aBc": "B", "AbC": "AC", "abc": "", "ABC": "ABC", "aB": "B", "Ab": "A"} {
		check := func(w *writer) {
			require.Equal(t, len(kept), w.frames, queued)
			require.Equal(t, len(kept), w.unwritten(), queued)
			if kept == "" {
				require.Nil(t, w.out, queued)
				return
			}
			require.Equal(t, kept, string(w.take().b))
			require.Empty(t, w.queued)
		}
		all, _ := filled(queued)
		all.withdrawAll()
		check(all)
		for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}} {
			each, calls := filled(queued)
			for _, i := range order {
				if i < len(calls) {
					each.withdraw(calls[i])
				}
			}
			check(each)
		}
	}
	w, calls := filled("aB")
	w.take()
	w.out = newSmallBuffer()
	w.withdraw(calls[0])
	require.NotNil(t, w.out, "its buffer is being written")
	require.Zero(t, w.gaps)
}

// TestWithdrawingSome: the frames that stay are known by where they are, whatever was cut out between them.
func TestWithdrawingSome(t *testing.T) {
	letters := "abCdefgHijklmnOpq"
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		w, calls := filled(letters)
		var gone string
		for _, ca := range calls {
			if r.IntN(3) > 0 {
				gone += string(w.out.b[ca.off])
				w.withdraw(ca)
			}
			for _, q := range w.queued {
				if q.ca != nil {
					require.Equal(t, q.ca, w.queued[q.ca.place].ca)
					require.Equal(t, q.ca.off, q.off)
					require.Equal(t, q.off+1, q.end)
				}
			}
		}
		want := strings.Map(func(letter rune) rune {
			if strings.ContainsRune(gone, letter) {
				return -1
			}
			return letter
		}, letters)
		require.Equal(t, len(want), w.unwritten())
		require.Equal(t, len(want), w.frames)
		require.Equal(t, want, string(w.take().b))
		require.Zero(t, w.gaps)
	}
}

// TestWithdrawingTouchesLittle: however many are withdrawn, in whatever order, each costs what is moved at most twice, and
// no more memory is held than for twice what is queued.
func TestWithdrawingTouchesLittle(t *testing.T) {
	const n = 1 << 12
	for name, order := range map[string]func(i int) int{
		"oldest first": func(i int) int { return i }, "youngest first": func(i int) int { return n - 1 - i },
		"mixed": func(i int) int { return i * 1021 % n },
	} {
		w, calls := filled(strings.Repeat("a", n))
		touched := 0
		for i := range n {
			entries, before := len(w.queued), w.gaps
			w.withdraw(calls[order(i)])
			if w.gaps <= before { // what stayed was moved together
				touched += entries
			}
			if w.out != nil {
				require.Less(t, len(w.out.b), 2*w.unwritten(), name)
			}
		}
		require.Nil(t, w.out)
		require.LessOrEqual(t, touched, 2*n, name)
	}
}

// TestDroppable: a part that somebody still uses stays.
func TestDroppable(t *testing.T) {
	require.True(t, new(writer).droppable())
	for _, w := range []*writer{{out: new(buffer)}, {writing: true}, {err: errors.New("x")}, {cork: cork{corked: 1}}, {cork: cork{lingering: true}}, {cork: cork{guarded: true}}} {
		require.False(t, w.droppable())
	}
	waking := new(writer)
	waking.waking.Store(1)
	require.False(t, waking.droppable())
	require.True(t, new(inbox).droppable())
	for _, b := range []*inbox{{workers: 1}, {waiting: 1}, {active: 1}} {
		require.False(t, b.droppable())
	}
}

func TestDelimitedFraming(t *testing.T) {
	byFirst := DelimitedFraming{Max: 6, Length: func(b []byte) (int, error) {
		switch b[0] {
		case 'e':
			return 0, errors.New("cannot tell")
		case '?':
			return 0, nil
		case '-':
			return -1, nil
		}
		return int(b[0] - '0'), nil
	}}
	for _, c := range []struct {
		in    string
		frame string
		kind  error
	}{
		{"", "", nil}, {"3ab", "3ab", nil}, {"3abcd", "3ab", nil}, {"3a", "", nil}, {"6abcde", "6abcde", nil}, {"7", "", ErrFrameTooLong},
		{"?abcd", "", nil}, {"?abcde", "", ErrFrameTooLong}, {"-", "", ErrFrameTooLong}, {"e", "", ErrFrameContent},
	} {
		cut, err := byFirst.Next([]byte(c.in))
		require.ErrorIs(t, err, c.kind, c.in)
		require.Equal(t, c.frame, string(cut.Frame), c.in)
		require.Equal(t, len(c.frame), cut.Size, c.in)
		require.Equal(t, len(c.frame), cap(cut.Frame), "whoever appends to the frame must not overwrite the next")
	}
	wire, err := byFirst.AppendFrame([]byte("x"), []byte("ab"), []byte("cdef"))
	require.NoError(t, err)
	require.Equal(t, "xabcdef", string(wire))
	wire, err = byFirst.AppendFrame([]byte("x"), []byte("abc"), []byte("cdef"))
	require.ErrorIs(t, err, ErrFrameTooLong)
	require.Equal(t, "x", string(wire))
	require.Equal(t, DefaultMaxFrame, DelimitedFraming{}.max())
	require.Equal(t, DefaultMaxFrame, WholeReadFraming{}.max())
	require.Equal(t, 1, WholeReadFraming{Max: 1}.max())
	cut, err := WholeReadFraming{}.Next([]byte("a"))
	require.NoError(t, err)
	require.Equal(t, 1, cut.Size)
}

// TestFramingErrorsTell: length, limit and the header's bytes, each where it is known.
func TestFramingErrorsTell(t *testing.T) {
	stx := STXFraming{Max: 4}
	for _, c := range []struct {
		framing Framing
		in      string
		want    string
	}{
		{stx, "\x02abc\x03x", "framing: frame checksum is wrong, length 3, header 02"},
		{stx, "\x02abcdef", "framing: frame longer than the limit, limit 4, header 02"},
		{STXFraming{Counted: true, Max: 4}, "\x02\x00\x05", "framing: frame longer than the limit, length 5, limit 4, header 02 00 05"},
		{STXFraming{Counted: true}, "\x02\x00\x01A\x04\x00", "framing: frame does not end with the expected bytes, length 1, header 02 00 01"},
		{STXFraming{Ack: true}, "\x15", "framing: peer refused a frame (NAK)"},
		{TerminatedFraming{End: []byte{3}, Max: 3}, "abcd", "framing: frame longer than the limit, limit 3"},
		{RBPFraming{Max: 3}, "\xD0\x4A\x00\x04\x00\x00", "framing: frame longer than the limit, length 4, limit 3, header D0 4A 00 04 00 00"},
		{MustNewFraming(Descriptor{Width: 2, Zero: ZeroError}), "\x00\x00", "framing: empty frame, length 0, header 00 00"},
	} {
		_, err := c.framing.Next([]byte(c.in))
		require.EqualError(t, err, c.want)
	}
	_, err := MustNewFraming(Descriptor{Width: 2, Zero: ZeroError}).AppendFrame(nil, nil, nil)
	require.EqualError(t, err, "framing: empty frame, length 0")
	for _, bad := range [][2]string{{"\x03", ""}, {"", "\x03"}, {"a\x03", ""}, {"", "a\x03"}} {
		_, err := stx.AppendFrame(nil, []byte(bad[0]), []byte(bad[1]))
		require.ErrorIs(t, err, ErrFrameContent)
	}
	for _, d := range []Descriptor{{Width: 2, Min: -1}, {Width: 2, Max: -1}, {Width: 2, Header: HeaderRule{Size: -1}}} {
		_, err := NewFraming(d)
		require.ErrorContains(t, err, "negative")
	}
}

// TestGuesses: each mismatch that people meet, and what is next to it and is none.
func TestGuesses(t *testing.T) {
	binary2, ascii4 := MustNewFraming(Descriptor{Width: 2}), MustNewFraming(Descriptor{Width: 4, Encoding: ASCII})
	inclusive, ascii2 := MustNewFraming(Descriptor{Width: 2, Adjust: 2}), MustNewFraming(Descriptor{Width: 2, Encoding: ASCII})
	for _, c := range []struct {
		f    *LengthFraming
		in   string
		want string
	}{
		{binary2, "", ""}, {binary2, "a", ""}, {binary2, "\x02", ""},
		{binary2, "\x16\x03\x01", "TLS"}, {binary2, "\x15\x03\x04", "TLS"}, {binary2, "\x16\x03\x05zz", ""}, {binary2, "\x16\x02\x01zz", ""},
		{binary2, "GET /", "HTTP"}, {binary2, "POST /", "HTTP"}, {binary2, "HTTP/1", "HTTP"}, {binary2, "SSH-2", "SSH"},
		{binary2, "0123", "ascii4"}, {binary2, "\x00\x02", "counts itself"},
		{binary2, "0123abcd", "ascii4"}, {binary2, "\xF0\xF1\xF2\xF3abcd", "ebcdic4"}, {ascii2, "0123abcd", ""},
		{binary2, "0004abcd", "ascii4"}, {binary2, "\xF0\xF0\xF0\xF4abcd", "ebcdic4"},
		{binary2, "\x00\x04ab", "counts itself"}, {inclusive, "\x00\x02ab", "does not count itself"}, {inclusive, "\x00\x03ab", ""},
		{binary2, "\x00\x05ab", ""}, {binary2, "\x00\x00ab", ""},
		{ascii4, "\x00\x04abcd", "binary2)"}, {ascii4, "\x00\x00\x00\x03abc", "binary4"}, {ascii4, "\x05\x00abcde", "binary2-le"},
		{ascii4, "\x00\x12" + strings.Repeat("a", 12), "bcd2"}, {ascii4, "000a" + strings.Repeat("z", 10), "hex4"},
		{binary2, "ISO1234", "ISO"}, {binary2, "\x60\x00\x01\x02\x03zzz", "TPDU"}, {binary2, "\x60\x00\x01\x02", ""},
		{binary2, "\x02zzzz", "STX"}, {binary2, "\x03zzzz", ""},
	} {
		got := c.f.Guess([]byte(c.in))
		require.Contains(t, got, c.want, "%q", c.in)
		if c.want == "" {
			require.Empty(t, got, "%q", c.in)
		}
	}
}

// TestPresetHeaders: where the message begins in each preset that has a header, and what it may hold at most.
func TestPresetHeaders(t *testing.T) {
	sizes := map[string]int{"nac": 5, "nac-inclusive": 5, "ncc": 5, "china-pos": 11, "iso-literal": 12, "powercard": 9}
	limits := map[string]int{"ascii2": 99, "ascii3": 999, "vmlh": 2048, "vap": 2048}
	for _, p := range Presets() {
		f, ok := p.Framing.(*LengthFraming)
		if !ok {
			continue
		}
		limit := limits[p.Name]
		if limit == 0 {
			limit = DefaultMaxFrame
		}
		if strings.HasPrefix(p.Name, "ascii4-i") {
			limit = 9995
		}
		require.Equal(t, limit, f.Max(), p.Name)
		if size := sizes[p.Name]; size > 0 {
			header, message, err := f.Split(make([]byte, size+2))
			require.NoError(t, err, p.Name)
			require.Len(t, header, size, p.Name)
			require.Len(t, message, 2, p.Name)
			_, _, err = f.Split(make([]byte, size-1))
			require.ErrorIs(t, err, ErrFrameHeader, p.Name)
		}
	}
	xml, err := FramingByName("xml")
	require.NoError(t, err)
	require.Equal(t, 1<<16, xml.(TerminatedFraming).Max)
}

func TestHistogramBuckets(t *testing.T) {
	for i := range histogramBuckets - 1 {
		bound := upperBound(i)
		require.Equal(t, i, bucketOf(bound-1), "bucket %d ends before %v", i, bound)
		require.Equal(t, i+1, bucketOf(bound), "and the next begins")
	}
	require.Equal(t, 256, histogramBuckets)
	require.Zero(t, bucketOf(-1))
	require.Equal(t, histogramBuckets-1, bucketOf(1<<63-1))
	require.Equal(t, 1024*time.Nanosecond, upperBound(0))
}

// only makes a key that is zero but for one byte.
func only(at, value int) (key [32]byte) {
	key[at] = byte(value)
	return key
}

// TestKeyTableSpreads keys that differ in one byte only, whichever that is, and with each table in another way.
func TestKeyTableSpreads(t *testing.T) {
	layouts := map[string]bool{}
	for at := range 32 {
		var table keyTable
		homes := map[int]bool{}
		var layout strings.Builder
		for i := range 256 {
			key := only(at, i)
			table.put(table.find(&key), &key, entry{tomb: 1})
		}
		for i := range 256 {
			key := only(at, i)
			home := table.home(&key)
			homes[home] = true
			fmt.Fprint(&layout, home, " ")
		}
		require.Greater(t, len(homes), 100, "of 256 keys that differ in byte %d, in %d slots", at, len(table.slots))
		layouts[layout.String()] = true
	}
	require.Len(t, layouts, 32)
}

// TestSizesAtTheEdge: frames of one size only, descriptors that the program changes later, frames that must not be empty.
func TestSizesAtTheEdge(t *testing.T) {
	prefix := []byte("P")
	fixed, err := NewFraming(Descriptor{Width: 2, Min: 3, Max: 3, Prefix: prefix})
	require.NoError(t, err)
	prefix[0] = 'Q'
	wire, err := fixed.AppendFrame(nil, nil, []byte("abc"))
	require.NoError(t, err)
	require.Equal(t, "P\x00\x03abc", string(wire))
	_, err = NewFraming(Descriptor{Width: 2, Min: 4, Max: 3})
	require.Error(t, err)
	wire, err = MustNewFraming(Descriptor{Width: 2, Adjust: -1}).AppendFrame(nil, nil, nil)
	require.Error(t, err)
	require.Empty(t, wire)
	cut, err := MustNewFraming(Descriptor{Width: 2, Adjust: 2, Trailer: []byte{3}}).Next([]byte("\x00\x02\x03"))
	require.NoError(t, err)
	require.Equal(t, 3, cut.Size, "a keep-alive with its trailer")
}

func TestErrorsThatWrap(t *testing.T) {
	require.True(t, ErrTimeout.(net.Error).Timeout())
	framing := &FramingError{Kind: ErrFrameTooLong, Length: 7, Limit: 5}
	err := lost(framing)
	require.ErrorIs(t, err, ErrFrameTooLong)
	var l *LostError
	require.ErrorAs(t, err, &l)
	require.Equal(t, ErrFrameTooLong, l.Reason)
	require.Same(t, l, lost(l))
	require.Equal(t, ErrClosed, lost(&net.OpError{Err: net.ErrClosed}))
	require.EqualError(t, lost(errors.New("x")), "connection lost: x")
	require.EqualError(t, &LostError{Reason: ErrHalfFrame, Guess: "g"}, "peer sent part of a frame only; g")
	for op, name := range map[op]string{opExchange: "exchange", opPost: "post", opStart: "start"} {
		require.Equal(t, &Error{Op: name, Sent: SentMaybe, Err: ErrIdle}, op.failure(SentMaybe, ErrIdle))
	}
}
