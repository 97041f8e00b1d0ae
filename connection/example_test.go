package connection_test

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/posline/posline/connection"
)

// stanKey matches frames of the example: four digits of MTI, six of STAN. message.KeyFunc makes such functions for
// real messages.
func stanKey(frame []byte) (key [32]byte, kind uint8, err error) {
	if len(frame) < 10 {
		return key, connection.KindOther, errors.New("short frame")
	}
	copy(key[:], frame[4:10])
	if kind = connection.KindRequest; frame[2]%2 == 1 { // the third digit of an answer's MTI is odd
		kind = connection.KindResponse
	}
	return key, kind, nil
}

func Example() {
	framing, err := connection.FramingByName("binary2")
	if err != nil {
		panic(err)
	}
	host := &connection.Server{Config: connection.Config{
		Framing: framing,
		Key:     stanKey,
		Handler: func(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
			reply = append(reply, frame...)
			reply[2]++ // 0200 becomes 0210
			return append(reply, " approved"...), nil
		},
	}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go host.Serve(listener)
	defer host.Close()

	conn, err := connection.Dial(context.Background(), "tcp", listener.Addr().String(), connection.Config{Framing: framing, Key: stanKey})
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	answer, err := conn.Exchange(context.Background(), []byte("0200000001 sale"), nil)
	switch {
	case err == nil:
		fmt.Printf("%s\n", answer)
	case connection.SafeToRetry(err):
		fmt.Println("not sent: try again")
	default:
		fmt.Println("reverse it")
	}
	// Output: 0210000001 sale approved
}

func ExampleFramingByName() {
	framing, err := connection.FramingByName("ascii4")
	if err != nil {
		panic(err)
	}
	wire, err := framing.AppendFrame(nil, nil, []byte("0800"))
	if err != nil {
		panic(err)
	}
	cut, err := framing.Next(append(wire, "next frame"...))
	fmt.Printf("%s: frame %s in %d bytes, %v\n", wire, cut.Frame, cut.Size, err)
	_, err = framing.Next([]byte("\x00\x040800"))
	fmt.Println(err)
	// Output:
	// 00040800: frame 0800 in 8 bytes, <nil>
	// framing: length is not made of the expected digits, header 00 04 30 38; the first two bytes fit a big-endian length (binary2)
}

func ExampleNewFraming() {
	framing, err := connection.NewFraming(connection.Descriptor{
		Name:    "acquirer",
		Width:   2,
		Header:  connection.HeaderRule{Size: 5}, // the TPDU is counted
		Trailer: []byte{0x03},
		Adjust:  1, // and so is the trailer
	})
	if err != nil {
		panic(err)
	}
	wire, err := framing.AppendFrame(nil, []byte{0x60, 0, 3, 0, 0}, []byte{0x08, 0x00})
	fmt.Printf("% X %v\n", wire, err)
	// Output: 00 08 60 00 03 00 00 08 00 03 <nil>
}
