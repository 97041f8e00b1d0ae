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
	packed, err := request.AppendBinary(frame.b)
	frame.appended(packed)
	if err != nil {
		return &Error{Op: "pack", Sent: SentNo, Err: err}
	}
	answer, err := over.Exchange(ctx, packed, reply.b)
	reply.appended(answer)
	if err != nil {
		return err
	}
	if err = response.UnmarshalBinary(answer); err != nil {
		return &Error{Op: "unpack", Sent: SentYes, Err: err}
	}
	return nil
}

// Exchanger sends a request frame and returns the answer, appended to dst: a Conn, or whatever stands for several.
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
