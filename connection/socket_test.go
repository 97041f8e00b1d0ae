package connection

import (
	"bytes"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// scripted is a socket whose writes take what a script says, and which remembers its deadlines.
type scripted struct {
	net.Conn
	takes    []int // of each write in turn; negative: so many, and then the deadline passes
	wrote    []int // how many bytes each write was given
	out      bytes.Buffer
	writeBy  []time.Time
	readBy   time.Time
	readSets int
}

func (s *scripted) Write(b []byte) (int, error) {
	s.wrote = append(s.wrote, len(b))
	n := len(b)
	if len(s.takes) > 0 {
		n, s.takes = s.takes[0], s.takes[1:]
	}
	if n < 0 {
		s.out.Write(b[:-n-1])
		return -n - 1, os.ErrDeadlineExceeded
	}
	s.out.Write(b[:n])
	return n, nil
}

func (s *scripted) SetWriteDeadline(t time.Time) error {
	s.writeBy = append(s.writeBy, t)
	return nil
}

func (s *scripted) SetReadDeadline(t time.Time) error {
	s.readBy, s.readSets = t, s.readSets+1
	return nil
}

// TestChunksHaveDeadlines: each chunk has WriteTimeout for itself, and on a plain socket, which can go on after a deadline
// that passed in the middle, one that took something has it again.
func TestChunksHaveDeadlines(t *testing.T) {
	data := bytes.Repeat([]byte("0123456789"), 4000) // 40,000 bytes
	chunks := []int{16 << 10, 16 << 10, 40_000 - 32<<10}
	for name, c := range map[string]struct {
		plain  bool
		from   int
		takes  []int
		wrote  []int
		to     int
		failed bool
	}{
		"plain":                           {true, 0, nil, chunks, 40_000, false},
		"wrapped":                         {false, 0, nil, chunks, 40_000, false},
		"from the middle":                 {true, 30_000, nil, []int{10_000}, 40_000, false},
		"plain, slow":                     {true, 0, []int{-1001}, []int{16 << 10, 16 << 10, 16 << 10, 40_000 - 32<<10 - 1000}, 40_000, false},
		"plain, one byte":                 {true, 39_000, []int{-2}, []int{1000, 999}, 40_000, false},
		"plain, stalled":                  {true, 0, []int{16 << 10, -1}, []int{16 << 10, 16 << 10}, 16 << 10, true},
		"wrapped, slow":                   {false, 0, []int{-1001}, []int{16 << 10}, 1000, true},
		"wrapped, stalled":                {false, 0, []int{-1}, []int{16 << 10}, 0, true},
		"plain, stalled after some of it": {true, 0, []int{-1001, -1}, []int{16 << 10, 16 << 10}, 1000, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &scripted{takes: c.takes}
			conn := &Conn{cfg: &settings{Config: Config{WriteTimeout: 7 * time.Second}}, nc: s}
			if c.plain {
				conn.raw = &rawReader{}
			}
			to, err := conn.writeAll(data, c.from)
			require.Equal(t, c.failed, err != nil, name)
			require.Equal(t, c.to, to, name)
			require.Equal(t, c.wrote, s.wrote, name)
			require.Equal(t, string(data[c.from:to]), s.out.String(), name)
			for i := range c.wrote {
				require.Equal(t, time.Now().Add(7*time.Second), s.writeBy[i], name)
			}
			if c.plain {
				require.Len(t, s.writeBy, len(c.wrote)+1)
				require.Zero(t, s.writeBy[len(c.wrote)], "writes that do not wait must not meet a deadline")
			} else {
				require.Len(t, s.writeBy, len(c.wrote))
			}
		})
	}
}

// TestReadDeadline: the earlier of the two counts, and a reader that is to start over does so at once.
func TestReadDeadline(t *testing.T) {
	base := time.Now()
	for _, c := range []struct {
		frameBy, drainBy time.Duration
		slimming         bool
		want             time.Time
	}{
		{0, 0, false, time.Time{}},
		{5, 0, false, base.Add(5)},
		{0, 5, false, base.Add(5)},
		{5, 6, false, base.Add(5)},
		{6, 5, false, base.Add(5)},
		{5, 6, true, time.Unix(1, 0)},
		{0, 0, true, time.Unix(1, 0)},
	} {
		for _, parts := range []bool{true, false} {
			s := &scripted{}
			conn := &Conn{cfg: &settings{base: base}, nc: s, slimming: c.slimming}
			if parts || c.frameBy > 0 {
				conn.life = &life{frameBy: c.frameBy}
			}
			if parts || c.drainBy > 0 {
				conn.writer = &writer{drainBy: c.drainBy}
			}
			conn.readDeadlineLocked()
			require.Equal(t, c.want, s.readBy, "%+v", c)
			require.Equal(t, 1, s.readSets)
		}
	}
}

// TestKeep: memory follows the bytes that came, in a small buffer where they are few.
func TestKeep(t *testing.T) {
	fill := func(b *buffer, n int) *buffer {
		b.b = b.b[:n]
		for i := range b.b {
			b.b[i] = byte(i % 251)
		}
		return b
	}
	for name, c := range map[string]struct {
		in         *buffer
		used, size int // size is the capacity afterwards; 0 means no buffer
	}{
		"nothing left":                    {fill(newLargeBuffer(), 500), 500, 0},
		"a few bytes":                     {fill(newLargeBuffer(), 500), 100, smallBuffer},
		"as many as a small buffer takes": {fill(newLargeBuffer(), 2148), 100, smallBuffer},
		"one more":                        {fill(newLargeBuffer(), 2149), 100, largeBuffer},
		"more has come than was read":     {fill(newLargeBuffer(), largeBuffer), largeBuffer - 10, largeBuffer},
		"small":                           {fill(newSmallBuffer(), 500), 100, smallBuffer},
		"small, nothing used":             {fill(newSmallBuffer(), 500), 0, smallBuffer},
		"full":                            {fill(newSmallBuffer(), smallBuffer), 0, 2 * smallBuffer},
		"full but for what was used":      {fill(newSmallBuffer(), smallBuffer), 1, smallBuffer},
	} {
		want := append([]byte(nil), c.in.b[c.used:]...)
		in := c.in
		out, err := keep(in, c.used)
		require.NoError(t, err)
		if c.size == 0 {
			require.Nil(t, out, name)
			continue
		}
		require.Equal(t, want, out.b, name)
		require.Equal(t, c.size, cap(out.b), name)
		if out == in {
			require.Zero(t, bytes.Trim(in.b[len(in.b):len(want)+c.used], "\x00"), "what was used is wiped")
		}
	}
	huge := &buffer{make([]byte, maxWireFrame+1)}
	_, err := keep(huge, 0)
	require.Equal(t, &FramingError{Kind: ErrFrameTooLong, Length: maxWireFrame + 1, Limit: maxWireFrame}, err)
	out, err := keep(&buffer{make([]byte, maxWireFrame)}, 0)
	require.NoError(t, err)
	require.Equal(t, 2*maxWireFrame, cap(out.b))
}

// TestBuffersAreWiped when they go back, and only those go back that are worth keeping.
func TestBuffersAreWiped(t *testing.T) {
	b := newSmallBuffer()
	b.b = append(b.b, "6222020200012345678"...)
	b.release()
	require.Empty(t, b.b)
	require.Zero(t, bytes.Trim(b.b[:cap(b.b)], "\x00"))
	in := inbounds.Get().(*inbound)
	in.frame, in.reply = append(in.frame, "6222"...), append(in.reply, "6222"...)
	frame, reply := in.frame, in.reply
	in.release()
	require.Zero(t, bytes.Trim(frame, "\x00"))
	require.Zero(t, bytes.Trim(reply, "\x00"))
	require.Empty(t, in.frame)
	require.Empty(t, in.reply)
}

// TestBuffersThatAreKept: by their size, and none that a single large message needed.
func TestBuffersThatAreKept(t *testing.T) {
	for size, want := range map[int]*sync.Pool{
		4096: &smallBuffers, 65535: &smallBuffers, 65536: &largeBuffers, 262144: &largeBuffers, 262145: nil,
	} {
		require.Same(t, want, (&buffer{make([]byte, 0, size)}).pool(), "%d bytes", size)
	}
}

// TestKeepAliveAnswersAreBounded: a peer that asks faster than it reads gets no answer.
func TestKeepAliveAnswersAreBounded(t *testing.T) {
	c := &Conn{cfg: &settings{Config: Config{MaxQueued: 10}}}
	for range 5 {
		c.answerFraming([]byte("1234"))
	}
	require.Equal(t, "12341234", string(c.writer.out.b))
	c.answerFraming([]byte("56"))
	require.Equal(t, "1234123456", string(c.writer.out.b), "as many bytes as MaxQueued says")
	for name, change := range map[string]func(c *Conn){
		"ended":  func(c *Conn) { c.ended = true },
		"failed": func(c *Conn) { c.writer = &writer{err: ErrClosed} },
	} {
		c := &Conn{cfg: &settings{Config: Config{MaxQueued: 10}}}
		change(c)
		c.answerFraming([]byte("1234"))
		require.Zero(t, c.writer.unwritten(), name)
	}
}

// endless is a framing that never sees the end of a frame.
type endless struct{ Framing }

func (endless) Next([]byte) (Cut, error) { return Cut{}, nil }

// TestFrameWithoutEnd: whatever a framing says, no more is held than twice the longest frame.
func TestFrameWithoutEnd(t *testing.T) {
	c := quiet(t, func(cfg *Config) { cfg.Framing = endless{cfg.Framing} })
	_, err := peers[c].Write(make([]byte, 2*maxWireFrame+1))
	require.Error(t, err)
	<-c.Done()
	require.ErrorIs(t, c.Err(), ErrFrameTooLong)
	require.EqualValues(t, 2*maxWireFrame, c.Stats().BytesReceived)
}

// TestFramesBeforeAFault are counted, and what follows it is not.
func TestFramesBeforeAFault(t *testing.T) {
	c := quiet(t, func(cfg *Config) { cfg.Key = nil })
	_, err := peers[c].Write([]byte("\x00\x01A\x00\x01B\xFF\xFFC"))
	require.NoError(t, err)
	<-c.Done()
	require.ErrorIs(t, c.Err(), ErrFrameTooLong)
	require.EqualValues(t, 2, c.Stats().FramesReceived)
	require.EqualValues(t, 9, c.Stats().BytesReceived)
	require.EqualValues(t, 2, c.Stats().Unhandled)
}
