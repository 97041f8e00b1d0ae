package payshield_test

import (
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/examples/payshield"
	"github.com/posline/posline/pinblock"
)

// inFlight are the requests on the line at a time.
const inFlight = 64

// BenchmarkTranslatePIN translates PINs over one line with 64 requests in flight: client, TCP on this machine, simulator.
func BenchmarkTranslatePIN(b *testing.B) {
	o := payshield.Options{AllowTestLMK: true}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	server := newSimulator(b, o).Server()
	go server.Serve(listener)
	defer server.Close()
	conn, err := connection.Dial(ctx, "tcp", listener.Addr().String(), o.Connection())
	require.NoError(b, err)
	defer conn.Close()
	client, err := payshield.New(conn, o)
	require.NoError(b, err)

	from, to := local(b, payshield.TPK, "P0TB00N", unhex(b, firstHex)), local(b, payshield.ZPK, "P0TB00N", unhex(b, secondHex))
	pinKey, err := crypto.NewPINKey(software(b, "P0TN00N", unhex(b, firstHex)))
	require.NoError(b, err)
	pin, err := pinblock.ParsePIN([]byte("1234"))
	require.NoError(b, err)
	block, err := pinblock.Encrypt(nil, pinKey, pinblock.ISO0, pin, pan)
	require.NoError(b, err)
	in := pinblock.Encrypted{Key: from, Layout: pinblock.ISO0, PAN: crypto.Hide(pan), Block: block}
	out := pinblock.Target{Key: to, Layout: pinblock.ISO0, PAN: crypto.Hide(pan)}
	b.SetParallelism((inFlight + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := client.TranslatePIN(ctx, nil, in, out); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "translations/s")
}

// BenchmarkRawSocket sends messages as long as those over one line and reads answers as long as theirs, 64 at a time in one
// write, from a peer that computes nothing: what the machine can do at most.
func BenchmarkRawSocket(b *testing.B) {
	const request, reply = 2 + 4 + 2 + 33 + 33 + 2 + 16 + 2 + 2 + 12, 2 + 4 + 4 + 2 + 16 + 2
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	defer listener.Close()
	go func() {
		nc, err := listener.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		in, out := make([]byte, inFlight*request), make([]byte, inFlight*reply)
		for {
			if _, err := io.ReadFull(nc, in); err != nil {
				return
			}
			nc.Write(out)
		}
	}()
	nc, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(b, err)
	defer nc.Close()
	in, out := make([]byte, inFlight*request), make([]byte, inFlight*reply)
	for i := range inFlight {
		binary.BigEndian.PutUint16(in[i*request:], request-2)
	}
	b.ResetTimer()
	for range (b.N + inFlight - 1) / inFlight {
		nc.Write(in)
		if _, err := io.ReadFull(nc, out); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "round-trips/s")
}
