package clock

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNotations(t *testing.T) {
	for notation, good := range map[string]bool{
		"MMDDhhmmss": true, "MMDD": true, "hhmmss": true, "hhmm": true, "hh": true, "YYMM": true, "CCYYMM": true, "CCYYMMDDhhmmss": true,
		"DDMMYY": true, "MMYY": true,
		"": false, "M": false, "DD": false, "MM": false, "YY": false, "CCMMDD": false, "mmss": false, "hhss": false, "YYDD": false,
		"MMDDMM": false, "YYMMhh": false, "YYYYMMDD": false, "MMDDxx": false,
	} {
		_, ok := Parse(notation)
		require.Equal(t, good, ok, notation)
	}
}

func TestAppend(t *testing.T) {
	for _, c := range []struct {
		year, month, day, hour, minute, second int
		want                                   string
	}{
		{1999, 12, 31, 23, 59, 58, "1999123123595831129923"},
		{2000, 1, 2, 3, 4, 5, "2000010203040502010003"},
		{2026, 10, 20, 0, 0, 0, "2026102000000020102600"},
		{9, 1, 1, 10, 11, 12, "0009010110111201010910"},
	} {
		at := time.Date(c.year, time.Month(c.month), c.day, c.hour, c.minute, c.second, 0, time.UTC)
		require.Equal(t, c.want, string(Append(nil, "CCYYMMDDhhmmssDDMMYYhh", at)))
		require.Equal(t, c.want, string(Append([]byte(c.want[:2]), "YYMMDDhhmmssDDMMYYhh", at)))
	}
}
