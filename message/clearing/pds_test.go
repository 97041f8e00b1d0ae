package clearing

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func list(contents ...string) (all []Element, err error) {
	for e, err := range Elements(contents...) {
		if err != nil {
			return all, err
		}
		all = append(all, e)
	}
	return all, nil
}

func TestElements(t *testing.T) {
	all, err := list("0001001Y0105025"+strings.Repeat("9", 25), "", "01220010001")
	require.ErrorIs(t, err, ErrTruncated)
	require.Equal(t, []Element{{1, "Y"}, {105, strings.Repeat("9", 25)}, {122, "0"}}, all)
	all, err = list("0001001Y", "", "0122001T0001001N0003000", "9999001Z")
	require.NoError(t, err)
	require.Equal(t, []Element{{1, "Y"}, {122, "T"}, {1, "N"}, {3, ""}, {9999, "Z"}}, all)
	for range Elements("0001001Y0001001Y") {
		break
	}
}

func TestElementFaults(t *testing.T) {
	for _, c := range []struct {
		name, in string
		offset   int
		kind     error
	}{
		{"cut in the tag", "0001001Y000", 8, ErrTruncated},
		{"cut in the length", "0001001Y000100", 8, ErrTruncated},
		{"cut in the value", "0001001Y0001002Y", 8, ErrTruncated},
		{"tag", "0001001Y00x1001Y", 8, ErrTag},
		{"tag with a sign", "+001001Y", 0, ErrTag},
		{"length", "0001 01Y", 0, ErrLength},
		{"length below the digits", "000100/Y", 0, ErrLength},
		{"length above the digits", "000100:Y", 0, ErrLength},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := list("", c.in)
			require.Equal(t, &ListError{Field: 1, Offset: c.offset, Err: c.kind}, err)
			require.ErrorIs(t, err, c.kind)
		})
	}
	require.EqualError(t, &ListError{Field: 1, Offset: 8, Err: ErrTag}, "PDS list 2 at byte 8: a tag is four digits")
}

func TestSpread(t *testing.T) {
	require.Equal(t, [5]int{48, 62, 123, 124, 125}, Fields())
	contents, err := Spread([]Element{{1, "1"}, {9999, "Z"}})
	require.NoError(t, err)
	require.Equal(t, [5]string{"000100119999001Z"}, contents, "as cardutil writes it")
	contents, err = Spread([]Element{{1, strings.Repeat("*", 900)}, {9999, strings.Repeat("!", 900)}})
	require.NoError(t, err)
	require.Equal(t, [5]string{"0001900" + strings.Repeat("*", 900), "9999900" + strings.Repeat("!", 900)}, contents)

	contents, err = Spread([]Element{{1, strings.Repeat("*", 500)}, {2, strings.Repeat("*", 485)}})
	require.NoError(t, err)
	require.Len(t, contents[0], 999, "a field is filled to the last character")
	contents, err = Spread([]Element{{1, strings.Repeat("*", 500)}, {2, strings.Repeat("*", 486)}})
	require.NoError(t, err)
	require.Len(t, contents[0], 507, "no element goes over the end of a field")

	full := Element{0, strings.Repeat("*", 992)}
	contents, err = Spread([]Element{full, full, full, full, full})
	require.NoError(t, err)
	require.Len(t, contents[4], 999)
	contents, err = Spread([]Element{full, full, full, full, full, {7, ""}})
	require.ErrorIs(t, err, ErrTooLong)
	require.EqualError(t, err, "PDS element 0007: longer than the limit: the elements before it fill all 5 fields")
	require.Equal(t, [5]string{}, contents)
	_, err = Spread([]Element{{1, full.Value + "*"}})
	require.EqualError(t, err, "PDS element 0001: longer than the limit: 993 characters, the limit is 992")
	for _, tag := range []int{-1, 10000} {
		_, err = Spread([]Element{{tag, "x"}})
		require.ErrorIs(t, err, ErrTag)
	}
	_, err = Spread([]Element{{9999, "x"}, {0, "y"}})
	require.NoError(t, err)
}

// What is taken apart and put together again is the same, but for where the fields ended.
func FuzzElements(f *testing.F) {
	f.Add("0001001Y", "0122001T")
	f.Add("0001001Y0", "")
	f.Add("0105025"+strings.Repeat("9", 25), "x")
	f.Fuzz(func(t *testing.T, first, second string) {
		all, err := list(first, second)
		if err != nil {
			if !errors.As(err, new(*ListError)) {
				t.Fatal(err)
			}
			return
		}
		contents, err := Spread(all)
		if err != nil {
			if len(first)+len(second) < 999 {
				t.Fatal(err)
			}
			return
		}
		if joined := strings.Join(contents[:], ""); joined != first+second {
			t.Fatalf("%q is not %q", joined, first+second)
		}
	})
}
