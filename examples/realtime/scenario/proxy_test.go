package scenario

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection/connectiontest"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/simulator"
)

// TestProxyFaults sends one request through each fault, and counts what arrives on either side.
func TestProxyFaults(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	var requests atomic.Int64
	go func() {
		for {
			nc, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer nc.Close()
				for peer := connectiontest.NewPeer(nc, dialect.Binary2); ; {
					if _, err := peer.Receive(); err != nil {
						return
					}
					requests.Add(1)
					peer.Send([]byte("answer"))
				}
			}()
		}
	}()
	const late = 150 * time.Millisecond
	for fault, want := range map[simulator.Fault]struct {
		requests, answers int
		late              bool
	}{
		simulator.None: {1, 1, false},
		lostRequest:    {0, 0, false},
		lateRequest:    {1, 1, true},
		twiceRequest:   {2, 2, false},
		cutBefore:      {0, 0, false},
		cutAfter:       {1, 0, false},
		lostAnswer:     {1, 0, false},
		lateAnswer:     {1, 1, true},
		twiceAnswer:    {1, 2, false},
		halfAnswer:     {1, 0, false},
	} {
		t.Run(string(fault), func(t *testing.T) {
			p, err := newProxy(listener.Addr().String(), nil)
			require.NoError(t, err)
			defer p.close()
			p.faults.Storm(0, late)
			p.faults.Plan(fault)
			requests.Store(0)
			nc, err := net.Dial("tcp", p.address())
			require.NoError(t, err)
			defer nc.Close()
			peer := connectiontest.NewPeer(nc, dialect.Binary2)
			require.NoError(t, peer.Send([]byte("request")))
			began := time.Now()
			for range want.answers {
				nc.SetReadDeadline(began.Add(10 * time.Second))
				_, err := peer.Receive()
				require.NoError(t, err)
			}
			if want.late {
				require.GreaterOrEqual(t, time.Since(began), late)
			}
			nc.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			_, err = peer.Receive()
			require.Error(t, err, "one answer more")
			require.Eventually(t, func() bool { return int(requests.Load()) == want.requests }, 10*time.Second, time.Millisecond)
		})
	}
	require.Len(t, lineFaults, 9)
}
