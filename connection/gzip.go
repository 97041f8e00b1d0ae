package connection

import (
	"bytes"
	"compress/gzip"
	"io"
)

// GzipFraming compresses the content of another framing's frames with gzip. What a frame may grow to is bounded by
// Max whatever its compressed size. It allocates for every frame.
type GzipFraming struct {
	Outer Framing // carries the compressed bytes; required
	Max   int     // longest content in bytes before compression; 0 means DefaultMaxFrame
}

var _ Framing = GzipFraming{}

// AppendFrame implements Framing.
func (f GzipFraming) AppendFrame(dst, header, body []byte) ([]byte, error) {
	if err := checkMax(len(header)+len(body), f.max()); err != nil {
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
	return f.Outer.AppendFrame(dst, nil, packed.Bytes())
}

// Next implements Framing.
func (f GzipFraming) Next(buf []byte) (Cut, error) {
	cut, err := f.Outer.Next(buf)
	if err != nil || len(cut.Frame) == 0 {
		return cut, err
	}
	compressed := int64(len(cut.Frame))
	r, err := gzip.NewReader(bytes.NewReader(cut.Frame))
	if err != nil {
		return Cut{}, &FramingError{Kind: ErrFrameContent, Length: compressed, Guess: "the content is not gzip"}
	}
	content, err := io.ReadAll(io.LimitReader(r, int64(f.max())+1))
	if err != nil {
		return Cut{}, &FramingError{Kind: ErrFrameContent, Length: compressed, Guess: "the gzip content is damaged"}
	}
	if err := checkMax(len(content), f.max()); err != nil {
		return Cut{}, err
	}
	cut.Frame = content
	return cut, nil
}

func (f GzipFraming) max() int {
	if f.Max > 0 {
		return f.Max
	}
	return DefaultMaxFrame
}
