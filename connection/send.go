package connection

import (
	"context"
	"encoding"
)

// Send packs a request, exchanges it and unpacks the answer, all in the caller's goroutine. The request must not
// change meanwhile. Errors are those of Exchange; a request that cannot be packed was not sent, and an answer that
// cannot be unpacked is an *Error with SentYes.
func Send[Req encoding.BinaryAppender, Resp encoding.BinaryUnmarshaler](ctx context.Context, over Exchanger, request Req, response Resp) error {
	frame, reply := newSmallBuffer(), newSmallBuffer()
	defer frame.release()
	defer reply.release()
	var err error
	if frame.b, err = request.AppendBinary(frame.b); err != nil {
		return &Error{Op: "pack", Sent: SentNo, Err: err}
	}
	if reply.b, err = over.Exchange(ctx, frame.b, reply.b); err != nil {
		return err
	}
	if err = response.UnmarshalBinary(reply.b); err != nil {
		return &Error{Op: "unpack", Sent: SentYes, Err: err}
	}
	return nil
}

// Exchanger sends a request frame and returns the answer: a Conn, or whatever stands for several.
type Exchanger interface {
	Exchange(ctx context.Context, frame, dst []byte) ([]byte, error)
}

// Repeater is an Exchanger that can send a repeat of a request that timed out; see Conn.Repeat.
type Repeater interface {
	Repeat(ctx context.Context, frame, dst []byte) ([]byte, error)
}

var (
	_ Exchanger = (*Conn)(nil)
	_ Repeater  = (*Conn)(nil)
)
