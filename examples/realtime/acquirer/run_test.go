package acquirer

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/connectiontest"
	"github.com/posline/posline/examples/realtime/internal/dialect"
	"github.com/posline/posline/examples/realtime/ledger"
	"github.com/posline/posline/examples/realtime/ledger/model"
	"github.com/posline/posline/examples/realtime/payment"
	"github.com/posline/posline/message"
)

// TestRunEnds when another process has the node, and with its context.
func TestRunEnds(t *testing.T) {
	h := newHouse(t)
	first := h.sw
	h.another()
	require.ErrorIs(t, first.Run(t.Context()), ledger.ErrFenced)
	ended, end := context.WithCancel(t.Context())
	end()
	require.NoError(t, h.another().Run(ended))
}

// sick is a store that cannot be read.
type sick struct{ *model.Store }

func (sick) Open(context.Context, int32, int64, int64, int) ([]payment.Row, error) {
	return nil, errors.New("the disk is on fire")
}

// TestRunGoesOn: trouble with the store is told, and looked at again; the end of the context is no trouble.
func TestRunGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		var log bytes.Buffer
		h.config.Store, h.config.Logger = sick{h.store}, slog.New(slog.NewTextHandler(&log, nil))
		sw := h.another()
		ctx, end := context.WithTimeout(t.Context(), 10*lookEvery+lookEvery/2)
		defer end()
		require.NoError(t, sw.Run(ctx))
		require.Equal(t, 11, strings.Count(log.String(), "the disk is on fire"))

		log.Reset()
		h.config.Store = h.store
		sw = h.another()
		ctx, end = context.WithTimeout(t.Context(), time.Second)
		defer end()
		require.NoError(t, sw.Run(ctx))
		require.Empty(t, log.String())
	})
}

// TestOddRequests are answered with what is wrong with them, and move nothing.
func TestOddRequests(t *testing.T) {
	h := newHouse(t)
	h.signIn()
	for name, c := range map[string]struct {
		code   string
		change func(m *message.Message)
	}{
		"another management message":     {"12", func(m *message.Message) { m.SetMTI("0820"); m.Set(60, "00"+h.batch+"201") }},
		"a sale that says it is an echo": {"00", func(m *message.Message) { m.Set(60, "22"+h.batch+"301") }},
		"a sign-in for other keys":       {"12", func(m *message.Message) { m.SetMTI("0800"); m.Set(60, "00"+h.batch+"001") }},
		"an advice":                      {"12", func(m *message.Message) { m.SetMTI("0220") }},
		"a balance":                      {"12", func(m *message.Message) { m.Set(3, "310000") }},
		"no amount":                      {"13", func(m *message.Message) { m.Unset(4) }},
		"nothing":                        {"13", func(m *message.Message) { m.SetInt(4, 0) }},
		"dollars":                        {"30", func(m *message.Message) { m.Set(49, "840") }},
		"no order":                       {"30", func(m *message.Message) { m.Unset(59) }},
		"no number":                      {"30", func(m *message.Message) { m.Unset(11) }},
		"no batch":                       {"30", func(m *message.Message) { m.Unset(60) }},
		"no card":                        {"40", func(m *message.Message) { m.Unset(35) }},
		"a card by code":                 {"14", func(m *message.Message) { m.Set(22, "032") }},
		"a void of nothing":              {"30", func(m *message.Message) { m.Set(3, "200000") }},
		"reversal of nothing known":      {"12", func(m *message.Message) { m.SetMTI("0400"); m.Set(3, "310000"); m.Set(39, "98") }},
	} {
		asked := len(h.bank.asked)
		frame, err := h.sale("D-"+strings.ReplaceAll(name, " ", "-"), c.change).AppendPackMAC(nil, h.keys.Sign)
		require.NoError(t, err, name)
		answer := h.give(h.sw, frame)
		require.NotNil(t, answer, name)
		require.Equal(t, c.code, answer.Field(39).Text(), name)
		if c.code != "00" {
			require.Len(t, h.bank.asked, asked, name)
		}
	}
}

// TestSignOn: a line whose other end proves nothing is refused, unless lines are plain.
func TestSignOn(t *testing.T) {
	h := newHouse(t)
	listener := connectiontest.Listen()
	defer listener.Close()
	go listener.Accept()
	config := dialect.TerminalLine()
	config.Dialer = listener.Dial
	c, err := connection.Dial(t.Context(), "tcp", "", config)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, h.sw.SignOn(t.Context(), c))
	require.NotNil(t, c.Tag())
	h.config.Plain, h.config.Terminals[0].Serial = false, "1"
	h.restart()
	require.ErrorIs(t, h.sw.SignOn(t.Context(), c), errNobody)
}
