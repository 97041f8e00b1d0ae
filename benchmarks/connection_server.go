package main

import (
	"encoding/binary"
	"io"
	"net"

	"github.com/moov-io/iso8583"
	moov "github.com/moov-io/iso8583-connection"
	moovserver "github.com/moov-io/iso8583-connection/server"
	"github.com/moov-io/iso8583/specs"
	"github.com/posline/posline/connection"
)

// prepareServers puts the same client in front of both servers and of a plain loop. None decodes anything.
func prepareServers() (Variants, error) {
	frame, stan, err := requestFrame()
	if err != nil {
		return Variants{}, err
	}
	ours, err := startOurServer(stan)
	if err != nil {
		return Variants{}, err
	}
	theirs := moovserver.New(specs.Spec87ASCII, readLength, writeLength, stubMoov()...)
	if err := theirs.Start("127.0.0.1:0"); err != nil {
		return Variants{}, err
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return Variants{}, err
	}
	go func() {
		for {
			c, err := plain.Accept()
			if err != nil {
				return
			}
			go echoFrames(c)
		}
	}()
	var works [3]Work
	var closers []io.Closer
	for i, address := range []string{ours.address, theirs.Addr, plain.Addr().String()} {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return Variants{}, err
		}
		closers = append(closers, c)
		works[i] = batched(c, 64, frame)
	}
	return Variants{Ours: works[0], Peer: works[1], PeerName: "moov", Floor: works[2], Close: func() {
		for _, c := range closers {
			c.Close()
		}
		ours.Close()
		theirs.Close()
		plain.Close()
	}}, nil
}

type ourServer struct {
	*connection.Server
	address string
}

func startOurServer(stan int) (ourServer, error) {
	framing, err := connection.FramingByName("binary2")
	if err != nil {
		return ourServer{}, err
	}
	s := &connection.Server{Config: connection.Config{Framing: framing, Key: keyAt(stan), Handler: patch}}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return ourServer{}, err
	}
	go s.Serve(ln)
	return ourServer{s, ln.Addr().String()}, nil
}

func patch(_ *connection.Conn, frame, reply []byte) ([]byte, error) {
	reply = append(reply, frame...)
	reply[2] |= 1
	return reply, nil
}

// stub lets moov's connection carry frames without its codec: each message is one of a fixed set whose MTI is all
// that the connection looks at, and stands for the bytes beside it.
type stub struct {
	free  chan *iso8583.Message
	bytes map[*iso8583.Message][]byte // written once; the slices are reused
}

func stubMoov() []moov.Option {
	s := &stub{make(chan *iso8583.Message, 1024), make(map[*iso8583.Message][]byte)}
	for range cap(s.free) {
		m := iso8583.NewMessage(specs.Spec87ASCII)
		m.MTI("0200")
		s.bytes[m] = make([]byte, wireFrame)
		s.free <- m
	}
	return []moov.Option{
		func(o *moov.Options) error { o.MessageReader, o.MessageWriter = s, s; return nil },
		moov.InboundMessageHandler(func(c *moov.Connection, m *iso8583.Message) {
			s.bytes[m][4] |= 1
			c.Reply(m)
		}),
	}
}

// ReadMessage implements moov's MessageReader.
func (s *stub) ReadMessage(r io.Reader) (*iso8583.Message, error) {
	m := <-s.free
	frame := s.bytes[m]
	if _, err := io.ReadFull(r, frame[:2]); err != nil {
		return nil, err
	}
	_, err := io.ReadFull(r, frame[2:2+binary.BigEndian.Uint16(frame)])
	return m, err
}

// WriteMessage implements moov's MessageWriter.
func (s *stub) WriteMessage(w io.Writer, m *iso8583.Message) error {
	_, err := w.Write(s.bytes[m])
	s.free <- m
	return err
}
