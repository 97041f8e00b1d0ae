// Package gzipconn carries compressed frames: its Framing puts gzip around the content of another framing's frames, as
// jPOS's GZIPChannel does. It is a package of its own so that a program without it does not link compress/gzip.
package gzipconn

import (
	"bytes"
	"compress/gzip"
	"io"

	"github.com/posline/posline/connection"
)

// Framing compresses the content of another framing's frames with gzip. What a frame may grow to is bounded by
// Max whatever its compressed size. It allocates for every frame.
type Framing struct {
	Outer connection.Framing // carries the compressed bytes; nil means two bytes of length, as the preset binary2
	Max   int                // longest content in bytes before compression; 0 means connection.DefaultMaxFrame
}

var _ connection.Framing = Framing{}

// AppendFrame implements connection.Framing.
func (f Framing) AppendFrame(dst, header, body []byte) ([]byte, error) {
	if err := f.check(len(header) + len(body)); err != nil {
		return dst, err
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	for _, part := range [][]byte{header, body} {
		if _, err := w.Write(part); err != nil {
			return dst, err
		}
	}
	if err := w.Close(); err != nil {
		return dst, err
	}
	return f.outer().AppendFrame(dst, nil, packed.Bytes())
}

// Next implements connection.Framing.
func (f Framing) Next(buf []byte) (connection.Cut, error) {
	cut, err := f.outer().Next(buf)
	if err != nil || len(cut.Frame) == 0 {
		return cut, err
	}
	compressed := int64(len(cut.Frame))
	r, err := gzip.NewReader(bytes.NewReader(cut.Frame))
	if err != nil {
		return connection.Cut{}, &connection.FramingError{Kind: connection.ErrFrameContent, Length: compressed, Guess: "the content is not gzip"}
	}
	content, err := io.ReadAll(io.LimitReader(r, int64(f.max())+1))
	if err != nil {
		return connection.Cut{}, &connection.FramingError{Kind: connection.ErrFrameContent, Length: compressed, Guess: "the gzip content is damaged"}
	}
	if err := f.check(len(content)); err != nil {
		return connection.Cut{}, err
	}
	cut.Frame = content
	return cut, nil
}

var binary2 = connection.MustNewFraming(connection.Descriptor{Name: "binary2", Width: 2})

func (f Framing) outer() connection.Framing {
	if f.Outer != nil {
		return f.Outer
	}
	return binary2
}

func (f Framing) check(size int) error {
	if size > f.max() {
		return &connection.FramingError{Kind: connection.ErrFrameTooLong, Length: int64(size), Limit: int64(f.max())}
	}
	return nil
}

func (f Framing) max() int {
	if f.Max > 0 {
		return f.Max
	}
	return connection.DefaultMaxFrame
}
