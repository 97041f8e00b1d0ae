//go:build amd64 || arm64

package connection_test

// moov's codec does not compile for 32-bit targets.

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/moov-io/iso8583"
	moov "github.com/moov-io/iso8583-connection"
	moovserver "github.com/moov-io/iso8583-connection/server"
	"github.com/moov-io/iso8583/network"
	"github.com/moov-io/iso8583/specs"
	"github.com/posline/posline/connection"
	"github.com/stretchr/testify/require"
)

// moovHeader reads and writes a length as one of moov's headers does.
type moovHeader struct {
	read  func(io.Reader) (int, error)
	write func(io.Writer, int) (int, error)
}

// moovHeaders are the framings both libraries have.
var moovHeaders = map[string]moovHeader{
	"binary2": {
		func(r io.Reader) (int, error) {
			h := network.NewBinary2BytesHeader()
			_, err := h.ReadFrom(r)
			return h.Length(), err
		},
		func(w io.Writer, n int) (int, error) {
			h := network.NewBinary2BytesHeader()
			h.SetLength(n)
			return h.WriteTo(w)
		},
	},
	"bcd2": {
		func(r io.Reader) (int, error) {
			h := network.NewBCD2BytesHeader()
			_, err := h.ReadFrom(r)
			return h.Length(), err
		},
		func(w io.Writer, n int) (int, error) {
			h := network.NewBCD2BytesHeader()
			h.SetLength(n)
			return h.WriteTo(w)
		},
	},
	"ascii4": {
		func(r io.Reader) (int, error) {
			h := network.NewASCII4BytesHeader()
			_, err := h.ReadFrom(r)
			return h.Length(), err
		},
		func(w io.Writer, n int) (int, error) {
			h := network.NewASCII4BytesHeader()
			h.SetLength(n)
			return h.WriteTo(w)
		},
	},
	"vmlh": {
		func(r io.Reader) (int, error) {
			h := network.NewVMLHeader()
			_, err := h.ReadFrom(r)
			return h.Length(), err
		},
		func(w io.Writer, n int) (int, error) {
			h := network.NewVMLHeader()
			h.SetLength(n)
			return h.WriteTo(w)
		},
	},
}

func moovMessage(t *testing.T, mti string, stan int) *iso8583.Message {
	m := iso8583.NewMessage(specs.Spec87ASCII)
	m.MTI(mti)
	require.NoError(t, m.Field(2, "6222020200012345678"))
	require.NoError(t, m.Field(11, fmt.Sprintf("%06d", stan)))
	return m
}

// moovKey finds the STAN, the last six bytes of moovMessage.
func moovKey(frame []byte) (key [32]byte, kind uint8, err error) {
	stan := len(frame) - 6
	if stan < 4 {
		return key, 0, fmt.Errorf("frame of %d bytes", len(frame))
	}
	copy(key[:], frame[stan:stan+6])
	if kind = connection.KindRequest; frame[2] == '1' {
		kind = connection.KindResponse
	}
	return key, kind, nil
}

func moovConfig(t *testing.T, framing string) connection.Config {
	f, err := connection.FramingByName(framing)
	require.NoError(t, err)
	return connection.Config{Framing: f, Key: moovKey, Timeout: 5 * time.Second}
}

func TestMoovClientToOurServer(t *testing.T) {
	for name, header := range moovHeaders {
		t.Run(name, func(t *testing.T) {
			cfg := moovConfig(t, name)
			cfg.Handler = answer
			client, err := moov.New(startServer(t, &connection.Server{Config: cfg}), specs.Spec87ASCII, header.read, header.write, moov.SendTimeout(5*time.Second))
			require.NoError(t, err)
			require.NoError(t, client.Connect())
			defer client.Close()
			var wg sync.WaitGroup
			for i := range 50 {
				wg.Go(func() {
					reply, err := client.Send(moovMessage(t, "0200", i))
					if err != nil {
						t.Error(err)
						return
					}
					mti, _ := reply.GetMTI()
					stan, _ := reply.GetString(11)
					require.Equal(t, "0210", mti)
					require.Equal(t, fmt.Sprintf("%06d", i), stan)
				})
			}
			wg.Wait()
		})
	}
}

func TestOurClientToMoovServer(t *testing.T) {
	for name, header := range moovHeaders {
		t.Run(name, func(t *testing.T) {
			server := moovserver.New(specs.Spec87ASCII, header.read, header.write, moov.InboundMessageHandler(func(c *moov.Connection, m *iso8583.Message) {
				m.MTI("0210")
				c.Reply(m)
			}))
			require.NoError(t, server.Start("127.0.0.1:0"))
			defer server.Close()
			c := dial(t, server.Addr, moovConfig(t, name))
			defer c.Close()
			var wg sync.WaitGroup
			for i := range 50 {
				frame, err := moovMessage(t, "0200", i).Pack()
				require.NoError(t, err)
				wg.Go(func() {
					reply, err := c.Exchange(context.Background(), frame, nil)
					if err != nil {
						t.Error(err)
						return
					}
					want := bytes.Clone(frame)
					want[2] = '1'
					require.Equal(t, string(want), string(reply))
				})
			}
			wg.Wait()
		})
	}
}
