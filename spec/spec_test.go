package spec

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBuiltInsAreValidAndSurviveTheFileForm(t *testing.T) {
	for _, base := range BuiltInNames() {
		names := []string{base}
		for _, v := range VariantNames(base) {
			names = append(names, base+"+"+v)
		}
		for _, name := range names {
			t.Run(name, func(t *testing.T) {
				s, err := BuiltIn(name)
				require.NoError(t, err)
				text, err := json.MarshalIndent(s, "", "  ")
				require.NoError(t, err)
				again, err := Parse(bytes.NewReader(text))
				require.NoError(t, err)
				require.Equal(t, s.Resolved(), again.Resolved())
			})
		}
	}
}
