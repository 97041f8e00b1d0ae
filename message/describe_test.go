package message

import (
	"os"
	"testing"
)

func TestTmp(t *testing.T) {
	for i, f := range allFrames(t) {
		m := unpacked(t, f)
		if i == 10 || i == 15 || i == 70 || i == 33 {
			m.Describe(os.Stdout)
			os.Stdout.WriteString(m.HexDump())
		}
	}
	f := allFrames(t)[10]
	m := codecFor(t, f.spec).New()
	m.Unpack(f.wire[:60])
	m.Describe(os.Stdout)
	os.Stdout.WriteString(m.HexDump())
}
