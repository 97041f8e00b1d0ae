package connection_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"log"
	"net"
	"os"
	"time"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
)

// mustFraming is for the recipes.
func mustFraming(name string) connection.Framing {
	framing, err := connection.FramingByName(name)
	if err != nil {
		log.Fatal(err)
	}
	return framing
}

// A backup address is a matter of the dialer: it tries the primary with a part of the time, then the other. Where both
// lines shall be open all the time, see package pool.
func Example_primaryAndBackupAddress() {
	primaryThenBackup := func(ctx context.Context, network, address string) (net.Conn, error) {
		first, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		var dialer net.Dialer
		nc, err := dialer.DialContext(first, network, address)
		if err != nil {
			nc, err = backup(ctx)
		}
		return nc, err
	}
	conn, err := connection.Dial(context.Background(), "tcp", "127.0.0.1:1", connection.Config{ // nobody listens there
		Framing: mustFraming("binary2"), Key: stanKey, Dialer: primaryThenBackup,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	answer, err := conn.Exchange(context.Background(), []byte("0200000001 sale"), nil)
	fmt.Printf("%s %v\n", answer, err)
	// Output: 0210000001 sale <nil>
}

// backup is the other way to the host, in memory here.
func backup(ctx context.Context) (net.Conn, error) {
	return connectiontest.Dialer(mustFraming("binary2"), func(p *connectiontest.Peer) {
		for frame, err := p.Receive(); err == nil; frame, err = p.Receive() {
			p.Send(answerTo(frame))
		}
	})(ctx, "", "")
}

// SerialLine makes a connection of a serial port. On Linux os.OpenFile("/dev/ttyS0", os.O_RDWR|syscall.O_NONBLOCK, 0)
// gives a file with deadlines, once the port has been set to raw mode and its speed; both fields are that file then.
type SerialLine struct{ in, out *os.File }

// Read implements net.Conn.
func (l SerialLine) Read(p []byte) (int, error) { return l.in.Read(p) }

// Write implements net.Conn.
func (l SerialLine) Write(p []byte) (int, error) { return l.out.Write(p) }

// Close implements net.Conn.
func (l SerialLine) Close() error {
	l.out.Close()
	return l.in.Close()
}

// SetDeadline implements net.Conn.
func (l SerialLine) SetDeadline(t time.Time) error {
	l.SetReadDeadline(t)
	return l.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (l SerialLine) SetReadDeadline(t time.Time) error { return l.in.SetReadDeadline(t) }

// SetWriteDeadline implements net.Conn.
func (l SerialLine) SetWriteDeadline(t time.Time) error { return l.out.SetWriteDeadline(t) }

// LocalAddr implements net.Conn.
func (l SerialLine) LocalAddr() net.Addr { return portName(l.in.Name()) }

// RemoteAddr implements net.Conn.
func (l SerialLine) RemoteAddr() net.Addr { return portName(l.in.Name()) }

type portName string

func (n portName) Network() string { return "serial" }
func (n portName) String() string  { return string(n) }

// A serial line is a net.Conn with a file behind it. Frames stand between STX and ETX with a checksum, and the line is
// half-duplex: without a Key one request at a time is under way, the others take turns, and the next frame is its answer.
func Example_serialHalfDuplexLine() {
	ours, theirs := serialCable()
	conn, err := connection.NewConn(ours, connection.Config{
		Framing:      mustFraming("stx-ack"),
		FrameTimeout: time.Second, // between two bytes of a frame the line is never silent for long
		Timeout:      45 * time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	go func() { // the cash register's other end
		p := connectiontest.NewPeer(theirs, mustFraming("stx-ack"))
		for frame, err := p.Receive(); err == nil; frame, err = p.Receive() {
			p.SendRaw([]byte{0x06}) // ACK
			p.Send(append(frame, " 19.99 paid"...))
		}
	}()
	for _, bill := range []string{"bill 1", "bill 2"} {
		answer, err := conn.Exchange(context.Background(), []byte(bill), nil)
		fmt.Printf("%s %v\n", answer, err)
	}
	// Output:
	// bill 1 19.99 paid <nil>
	// bill 2 19.99 paid <nil>
}

// serialCable is two ports with a cable between them.
func serialCable() (a, b SerialLine) {
	r1, w1, err := os.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	r2, w2, err := os.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	return SerialLine{r1, w2}, SerialLine{r2, w1}
}

// A concentrator reads where a terminal's message is to go from its TPDU (60, destination NII, source), and turns the
// addresses round in the answer. What stands behind an NII is a Conn here, and a pool in a program.
func Example_routingByNII() {
	nac := mustFraming("nac")
	hosts := map[uint16]connection.Exchanger{3: hostOf("debit"), 7: hostOf("credit")}
	concentrator := &connection.Server{Config: connection.Config{Framing: nac, Handler: func(c *connection.Conn, frame, reply []byte) ([]byte, error) {
		tpdu, message, err := nac.(connection.Splitter).Split(frame)
		if err != nil {
			return nil, err
		}
		host := hosts[binary.BigEndian.Uint16(tpdu[1:])]
		if host == nil {
			return nil, fmt.Errorf("no host has NII %X", tpdu[1:3])
		}
		reply = append(reply, tpdu[0], tpdu[3], tpdu[4], tpdu[1], tpdu[2]) // back to where it came from
		return host.Exchange(c.Context(), message, reply)
	}}}
	listener := connectiontest.Listen()
	go concentrator.Serve(listener)
	defer concentrator.Close()

	terminal, err := connection.Dial(context.Background(), "", "", connection.Config{Framing: nac, Dialer: listener.Dial})
	if err != nil {
		log.Fatal(err)
	}
	defer terminal.Close()
	for _, nii := range []byte{3, 7} {
		answer, err := terminal.Exchange(context.Background(), append([]byte{0x60, 0, nii, 0x80, 0x01}, "0200000001"...), nil)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("% X %s\n", answer[:5], answer[5:])
	}
	// Output:
	// 60 80 01 00 03 0210000001 debit
	// 60 80 01 00 07 0210000001 credit
}

// hostOf dials a host in memory that signs its answers.
func hostOf(name string) connection.Exchanger {
	framing := mustFraming("binary2")
	conn, err := connection.Dial(context.Background(), "", "", connection.Config{
		Framing: framing, Key: stanKey, Dialer: connectiontest.Dialer(framing, func(p *connectiontest.Peer) {
			for frame, err := p.Receive(); err == nil; frame, err = p.Receive() {
				p.Send(append(answerTo(frame), " "+name...))
			}
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	return conn
}

// Keys before use: SignOn exchanges an 0800, checks what the host says and keeps the working keys with the connection.
// Nobody gets the connection before, and a host that refuses ends it.
func Example_keyExchangeBeforeUse() {
	framing := mustFraming("binary2")
	config := connection.Config{
		Framing: framing, Key: stanKey,
		SignOn: func(ctx context.Context, c *connection.Conn) error {
			answer, err := c.Exchange(ctx, []byte("0800000001 keys"), nil)
			if err != nil {
				return err
			}
			var workingKey string
			if _, err := fmt.Sscanf(string(answer[10:]), " 00 %s", &workingKey); err != nil {
				return fmt.Errorf("host refused the sign-on: %.3s", answer[10:])
			}
			c.SetTag(workingKey) // wrapped under the terminal's key: crypto/keyblock opens it
			return nil
		},
	}
	for _, code := range []string{"00", "58"} {
		config.Dialer = connectiontest.Dialer(framing, func(p *connectiontest.Peer) {
			for frame, err := p.Receive(); err == nil; frame, err = p.Receive() {
				p.Send(append(answerTo(frame)[:10], " "+code+" 9F2A..."...))
			}
		})
		conn, err := connection.Dial(context.Background(), "tcp", "host:8583", config)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println("signed on with", conn.Tag())
		conn.Close()
	}
	// Output:
	// signed on with 9F2A...
	// sign-on: host refused the sign-on:  58 (not sent)
}
