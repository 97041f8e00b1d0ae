package dump

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Refusal is the error for an input that is known and not read, or of which is not known how to read it.
type Refusal struct {
	Kind    string // what it is
	Instead string // what to do
}

// Error implements error.
func (r *Refusal) Error() string { return fmt.Sprintf("this is %s: %s", r.Kind, r.Instead) }

const (
	tsharkRecipe = "print it with tshark -r FILE -Y tcp.payload -T fields -e tcp.stream -e tcp.srcport -e tcp.payload"
	listRecipe   = "print it with xxd, hexdump -C or od -A x -t x1 -v"
)

// files are kinds of files, by how they begin.
var files = []struct {
	begins  string
	refusal Refusal
}{
	{"\xD4\xC3\xB2\xA1", capture},
	{"\xA1\xB2\xC3\xD4", capture},
	{"\x4D\x3C\xB2\xA1", capture},
	{"\xA1\xB2\x3C\x4D", capture},
	{"\x0A\x0D\x0D\x0A", capture},
	{"\x1F\x8B\x08", packed("gzip -dc")},
	{"PK\x03\x04", packed("unzip -p")},
	{"BZh", packed("bzip2 -dc")},
	{"\xFD7zXZ\x00", packed("xz -dc")},
	{"\x28\xB5\x2F\xFD", packed("zstd -dc")},
}

var capture = Refusal{"a capture file", tsharkRecipe}

func packed(by string) Refusal { return Refusal{"a compressed file", "unpack it first, with " + by} }

var memory = Refusal{"what a debugger prints of memory", "write the bytes themselves, in gdb with dump binary memory FILE START END"}

var object = Refusal{"JSON without bytes in it", "of what decode -clear -json writes iso8583 encode makes the messages"}

// isJSON tells an object, or a list of them, by its first characters.
func isJSON(text string) bool {
	text, list := strings.CutPrefix(strings.TrimSpace(text), "[")
	if list {
		text = strings.TrimSpace(text)
	}
	inside, ok := strings.CutPrefix(text, "{")
	return ok && strings.HasPrefix(strings.TrimSpace(inside), `"`)
}

// isMemory tells rows of gdb or lldb: an address with 0x, perhaps the name of what is there, a colon and numbers. The offsets
// of tcpdump look the same, and what follows those has no 0x.
func isMemory(text string) bool {
	return slices.ContainsFunc(headLines(text), func(line string) bool {
		address, ok := strings.CutPrefix(line, "0x")
		size := leadingDigits(address)
		behind := address[size:]
		if name, rest, named := strings.Cut(behind, ">:"); named && strings.HasPrefix(name, " <") {
			behind = ":" + rest
		}
		numbers, colon := strings.CutPrefix(behind, ":")
		if !ok || !colon || size < 4 || size > 16 {
			return false
		}
		return strings.HasPrefix(strings.TrimLeft(numbers, " \t"), "0x") || numbers != "" && numbers[0] == '\t' && !zero(address[:size])
	})
}

// refuseBytes looks for files that hold no message as it is.
func refuseBytes(head []byte) *Refusal {
	for _, file := range files {
		if strings.HasPrefix(string(head), file.begins) {
			return &file.refusal
		}
	}
	return nil
}

// refuseText looks for text that is known not to be read.
func refuseText(text string) *Refusal {
	if isListed(text) {
		return &Refusal{"a listing in columns that are neither bytes, words nor characters", listRecipe}
	}
	if isCutListing(text) {
		return &Refusal{"a listing whose first offset is not zero", "print it from its start, or cut the offsets off"}
	}
	return &Refusal{"text in no known form of bytes", "print them as hexadecimal; -input text takes the characters themselves as the message, -input raw the bytes"}
}

// isListed tells lines that begin with offsets: zero, and others in steps of the same size.
func isListed(text string) bool {
	offsets := offsetsOf(text)
	return len(offsets) > 1 && zero(offsets[0]) && inSteps(offsets)
}

// isCutListing tells lines that begin with offsets of which the first is not zero.
func isCutListing(text string) bool {
	offsets := offsetsOf(text)
	return len(offsets) > 2 && !zero(offsets[0]) && inSteps(offsets)
}

// offsetsOf are the first offsets of a listing, up to three.
func offsetsOf(text string) (offsets []string) {
	for line := range strings.Lines(text) {
		r, _, ok := splitOffset(strings.TrimRight(line, "\r\n"))
		if !ok || len(offsets) == 3 {
			break
		}
		offsets = append(offsets, r.offset)
	}
	return offsets
}

// inSteps tells two offsets or three whose second step is at most as large as the first.
func inSteps(offsets []string) bool {
	return slices.ContainsFunc(offsetBases, func(base int) bool {
		var steps []int64
		last := int64(0)
		for i, offset := range offsets {
			value, err := strconv.ParseInt(offset, base, 64)
			if err != nil {
				return false
			}
			if i > 0 {
				steps = append(steps, value-last)
			}
			last = value
		}
		return steps[0] > 0 && steps[0] <= maxRow && (len(steps) == 1 || steps[1] > 0 && steps[1] <= steps[0])
	})
}

// beginsMessage tells the characters of a message by its type, at the start or behind a header of digits or of the letters
// ISO, and what there is of a bitmap.
func beginsMessage(text string) bool {
	text, _ = strings.CutPrefix(text, "ISO")
	for at := 0; at+4 <= len(text) && at <= 14; at++ {
		if isType(text[at:at+4]) && allDigits(text[at+4:min(len(text), at+4+16)]) {
			return true
		}
		if text[at] < '0' || text[at] > '9' {
			return false
		}
	}
	return false
}

// isType tells four digits of a message type whose version, class, function and origin ISO 8583 knows.
func isType(t string) bool {
	return t[0] >= '0' && t[0] <= '2' && t[1] >= '1' && t[1] <= '8' && t[2] >= '0' && t[2] <= '7' && t[3] >= '0' && t[3] <= '5'
}

func allDigits(text string) bool {
	for i := range len(text) {
		if _, ok := hexDigit(text[i]); !ok {
			return false
		}
	}
	return len(text) > 0
}
