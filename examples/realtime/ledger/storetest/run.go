// Package storetest is the suite that every ledger passes.
package storetest

import (
	"context"
	_ "embed"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/examples/realtime/ledger"
)

// wanted is what the steps of the script return, a line each.
//
//go:embed testdata/results.txt
var wanted string

// Start is the time at which a script begins, by the store's clock.
var Start = time.UnixMilli(1_800_000_000_000)

// Run does the script to a store that is empty and whose clock now stands at Start, and compares what it returns.
func Run(t *testing.T, s ledger.Store, now *time.Time) {
	lines := strings.Split(strings.TrimSuffix(wanted, "\n"), "\n")
	script := Script()
	require.Len(t, lines, len(script))
	for i, step := range script {
		*now = now.Add(step.Wait)
		require.Equal(t, lines[i], step.line(t.Context(), s), "line %d", i+1)
	}
}

func (s *Step) line(ctx context.Context, store ledger.Store) string {
	values, err := s.Do(ctx, store)
	line := s.Name + ":"
	for _, v := range values {
		line += " " + text(reflect.ValueOf(v))
	}
	if err != nil {
		line += " error: " + err.Error()
	}
	return line
}

// text prints a value without the fields that are zero.
func text(v reflect.Value) string {
	switch at, ok := v.Interface().(time.Time); {
	case ok:
		return at.Format("15:04:05.000")
	case v.Kind() == reflect.Struct:
		var fields []string
		for field, value := range v.Fields() {
			if !value.IsZero() {
				fields = append(fields, field.Name+":"+text(value))
			}
		}
		return "{" + strings.Join(fields, " ") + "}"
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return fmt.Sprintf("%q", v)
	case v.Kind() == reflect.Slice:
		var elements []string
		for i := range v.Len() {
			elements = append(elements, text(v.Index(i)))
		}
		return "[" + strings.Join(elements, " ") + "]"
	}
	return fmt.Sprint(v)
}
