package main

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/moov-io/iso8583"
	"github.com/moov-io/iso8583/field"
	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
)

// TestSamplesAgree shows that the sides of the codec cases do the same work: the same values give the same bytes, and
// the same bytes the same values.
func TestSamplesAgree(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			b, err := s.prepare()
			require.NoError(t, err)

			require.Equal(t, hex.EncodeToString(b.wire), hex.EncodeToString(b.packMoov(b.fillMoov())), "moov builds")
			built, err := b.floor.build(nil, &b.values)
			require.NoError(t, err)
			require.Equal(t, hex.EncodeToString(b.wire), hex.EncodeToString(built), "the floor builds")

			ours, peer, f := b.codec.New(), b.unpackMoov(), new(floor)
			require.NoError(t, ours.Unpack(b.wire))
			require.NoError(t, b.floor.unpack(f, b.wire))
			for number := range ours.Numbers() {
				value := string(b.values[number])
				require.Equal(t, value, string(ours.Field(number).Bytes()), "field %d, ours", number)
				require.Equal(t, value, moovValue(t, peer, number), "field %d, moov", number)
			}
			require.Len(t, b.sample.fields, len(peer.GetFields())-2, "fields without message type and bitmap")

			b.readOurs(ours)
			text := string(b.buf)
			b.readMoov(peer)
			require.Equal(t, text, string(b.buf))
			require.Equal(t, text, string(b.floor.read(f, nil)))
		})
	}
}

func moovValue(t *testing.T, m *iso8583.Message, number int) string {
	t.Helper()
	if number == 55 {
		packed, err := m.GetField(55).(*field.Composite).Bytes()
		require.NoError(t, err)
		return string(packed)
	}
	value, err := m.GetBytes(number)
	require.NoError(t, err)
	return string(value)
}

// TestEditsAgree shows that all sides of "edit" make the same message.
func TestEditsAgree(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			b, err := s.prepare()
			require.NoError(t, err)
			v := b.edit()
			v.Ours(1)
			ours := bytes.Clone(b.buf)
			require.NotEqual(t, b.wire, ours)
			v.Floor(1)
			require.Equal(t, ours, b.buf)
			v.Peer(1)
			require.Equal(t, ours, sink.([]byte))
		})
	}
}

// TestScansAgree shows that all sides of "scan" read the same.
func TestScansAgree(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			b, err := s.prepare()
			require.NoError(t, err)
			want := string(b.values[4]) + string(b.values[11]) + string(b.values[41])
			v := b.scan()
			for _, work := range []Work{v.Ours, v.Peer, v.Floor} {
				b.buf = nil
				work(1)
				require.Equal(t, want, string(b.buf))
			}
		})
	}
}

// TestStructsAgree shows that "marshal" and "unmarshal" do the same on both sides: one struct, one message. A message
// that is marshalled has its chip data in the order of the spec.
func TestStructsAgree(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			b, err := s.prepare()
			require.NoError(t, err)
			want := b.filled()
			v := b.unmarshal()
			v.Ours(1)
			require.Equal(t, want, sink)
			v.Peer(1)
			require.Equal(t, want, sink)
			v = b.marshal()
			v.Peer(1)
			require.Equal(t, b.wire, sink.([]byte))
			v.Ours(1)
			require.Len(t, b.buf, len(b.wire))
			m, again := b.codec.New(), b.newStruct()
			require.NoError(t, m.Unpack(b.buf))
			require.NoError(t, message.Unmarshal(m, again))
			require.Equal(t, want, again)
		})
	}
}

// TestFloorChecks shows that the floor is no shortcut: of every message that differs from a sample in one byte it
// takes just those that ours takes. Behind the header it knows one message type and bitmap only.
func TestFloorChecks(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			b, err := s.prepare()
			require.NoError(t, err)
			m, f := b.codec.New(), new(floor)
			wire, taken := bytes.Clone(b.wire), 0
			for i := range wire {
				if front := i - len(b.header); front >= 0 && front < b.front() {
					continue
				}
				for c := range 256 {
					wire[i] = byte(c)
					want, got := m.Unpack(wire), b.floor.unpack(f, wire)
					require.Equal(t, want == nil, got == nil, "offset %d, byte %02X, ours: %v, floor: %v", i, c, want, got)
					if want == nil {
						taken++
					}
				}
				wire[i] = b.wire[i]
				require.Error(t, b.floor.unpack(f, wire[:i]), "truncated at %d", i)
			}
			require.Positive(t, taken)
		})
	}
}

// front is the size of message type and bitmap.
func (b *bench) front() int {
	if strings.HasPrefix(b.name, "ascii") {
		return 20
	}
	return 10
}

// TestUnionPayFrame shows that the sample is the frame it was read from.
func TestUnionPayFrame(t *testing.T) {
	b, err := samples[2].prepare()
	require.NoError(t, err)
	require.Equal(t, unionPayFrame, strings.ToUpper(hex.EncodeToString(b.wire)))
}

// TestImportedAgree shows that the sides of the imported cases do the same work.
func TestImportedAgree(t *testing.T) {
	for _, s := range importedSpecs() {
		imported, native, err := s.prepare()
		require.NoError(t, err)
		m := imported.codec.New()
		require.NoError(t, m.Unpack(native.wire))
		packed, err := m.Pack()
		require.NoError(t, err)
		require.Equal(t, hex.EncodeToString(native.wire), hex.EncodeToString(packed))
		require.Equal(t, hex.EncodeToString(native.wire), hex.EncodeToString(imported.wire))
	}
}
