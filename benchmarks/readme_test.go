package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The codec's table in README is what the committed file says.
func TestReadmeHasTheCommittedFigures(t *testing.T) {
	file, err := os.ReadFile("baseline.jsonl")
	require.NoError(t, err)
	rows := map[string]string{}
	for line := range bytes.Lines(file) {
		var r Result
		require.NoError(t, json.Unmarshal(line, &r))
		rows[r.Case] = fmt.Sprintf("| %s | %s | %s | %s | %s | %s |", r.Case, thousands(r.OursNS), thousands(r.PeerNS), thousands(r.FloorNS),
			ratio(r.VsPeer, 10), ratio(r.VsFloor, 1e9))
	}
	readme, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(readme), "\n## How fast\n")
	require.True(t, found)
	table, _, found = strings.Cut(table, "\nMeasured on ")
	require.True(t, found)
	shown := map[string]bool{}
	for line := range strings.Lines(table) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " |"); ok && strings.Contains(name, "/") {
			require.Equal(t, rows[name], strings.TrimRight(line, "\n"))
			shown[name] = true
		}
	}
	for _, c := range append(codecCases(), mixCases()...) {
		require.True(t, shown[c.Name], c.Name)
	}
}

// thousands is a number without its fraction, with a comma for each thousand; "" for none.
func thousands(x float64) string {
	if x == 0 {
		return ""
	}
	digits := fmt.Sprintf("%.0f", x)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// ratio has a decimal below whole; "" for none.
func ratio(x, whole float64) string {
	switch {
	case x == 0:
		return ""
	case x < whole:
		return fmt.Sprintf("%.1f", x)
	default:
		return fmt.Sprintf("%.0f", x)
	}
}
