package main

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/examples/iso8583/internal/dump"
	"github.com/posline/posline/message/clearing"
	"github.com/posline/posline/spec"
)

// division is a way to cut an input into messages.
type division struct {
	flags    string // of decode: "-frame binary2", "-lines"
	form     dump.Form
	named    bool // the form is not the one that decode takes by itself
	messages []sampled
	idle     int     // frames without a message
	whole    bool    // all bytes of the input are in messages and what is around them
	alphabet float64 // bits that a byte may have: what is written in digits has four
	cutOff   bool    // the last message is one of which the end is missing
	unclosed bool    // a clearing file, unless it is frames: its closing length is missing
}

// sampled is a message of the input.
type sampled struct {
	place string
	wire  []byte
}

// maxMessages is how many messages of an input are looked at.
const maxMessages = 256

// readParts reads a sample in one form.
func readParts(sample []byte, form dump.Form) (parts []dump.Part, err error) {
	in := dump.NewReader(bytes.NewReader(sample), form)
	for {
		part, err := in.Next()
		var fault *dump.Error
		switch {
		case err == io.EOF:
			return parts, nil
		case errors.As(err, &fault) && len(sample) == maxSample && len(parts) > 0:
			return parts, nil // a line that the sample ends in
		case err != nil:
			return nil, err
		}
		part.Bytes = bytes.Clone(part.Bytes)
		parts = append(parts, part)
	}
}

// divisionsOf cuts an input in every way, or in the one that the flags name. Of those that give the same messages only
// the first is there, of those with the fewest frames in between.
func divisionsOf(parts []dump.Part, form dump.Form, o *options) (all []division) {
	streams := inStreams(parts)
	switch {
	case o.isFile:
		all = append(all, inRecords(streams, o.frame, o.records))
	case o.lines:
		all = append(all, inPackets(parts))
	case o.framing != nil:
		all = append(all, inFrames(streams, o.frame, o.framing))
	default:
		all = append(all, streams, inPackets(parts), asClearing(streams))
		for _, name := range slices.Concat([]string{withHeader}, connection.FramingNames()) {
			if name == "whole-read" {
				continue
			}
			if framing, err := connection.FramingByName(name); err == nil {
				all = append(all, inFrames(streams, name, framing))
			}
		}
	}
	alphabet := alphabetOf(streams, form)
	for i := range all {
		all[i].form, all[i].alphabet = form, alphabet
	}
	slices.SortStableFunc(all, func(a, b division) int { return a.idle - b.idle })
	seen := map[uint64]bool{}
	seed := maphash.MakeSeed()
	return slices.DeleteFunc(all, func(d division) bool {
		key := d.key(seed)
		had := seen[key] || len(d.messages) == 0
		seen[key] = seen[key] || !d.unclosed
		return had
	})
}

// withHeader is the framing that knows the header of its messages. Others read the same ones by the same lengths, and are
// not worth a mention beside it.
const withHeader = "vap"

// alphabetOf tells how many bits a byte of an input may have: of text that is nothing but hexadecimal digits four, which are
// no sign of a message in characters.
func alphabetOf(streams division, form dump.Form) float64 {
	if form != dump.Text {
		return 8
	}
	for _, stream := range streams.messages {
		if len(bytes.Trim(stream.wire, "0123456789abcdefABCDEF")) > 0 {
			return bitsPerCharacter(spec.ContentANS)
		}
	}
	return 4
}

// blockSize is how many bytes a block of a clearing file has.
const blockSize = 1014

// asClearing takes each record of a clearing file as a message. What might as well be frames of four length bytes has no
// closing length, and fewer records than are looked at.
func asClearing(streams division) division {
	closed := true
	form := clearing.VBS
	for _, stream := range streams.messages {
		form = clearingFormOf(stream.wire)
		data := bytes.TrimRight(stream.wire, "@")
		marked := bytes.HasSuffix(data, []byte{0, 0, 0, 0})
		if marked && len(data) < len(stream.wire) && len(stream.wire) < blockSize {
			form = clearing.Blocked // and cut short
		}
		closed = closed && (form == clearing.Blocked || marked)
	}
	d := inRecords(streams, clearingNames()[form], form)
	d.unclosed = !closed && len(d.messages) < maxMessages
	return d
}

// clearingFormOf is the form in which a reader takes a file.
func clearingFormOf(wire []byte) clearing.Form {
	r := clearing.NewReader(bytes.NewReader(wire), clearing.Auto)
	r.Next() // whatever is there
	return r.Form()
}

// key is the same for divisions that give the same messages.
func (d division) key(seed maphash.Seed) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for _, m := range d.messages {
		fmt.Fprintf(&h, "%d:", len(m.wire))
		h.Write(m.wire)
	}
	return h.Sum64()
}

// inStreams takes all of each stream as a message.
func inStreams(parts []dump.Part) division {
	d := division{whole: true}
	at := map[string]int{}
	for _, p := range parts {
		i, ok := at[p.Stream]
		if !ok {
			i = len(d.messages)
			at[p.Stream] = i
			d.messages = append(d.messages, sampled{place: streamName(p.Stream)})
		}
		d.messages[i].wire = append(d.messages[i].wire, p.Bytes...)
	}
	return d
}

// inPackets takes each line, or each packet of a listing, as a message.
func inPackets(parts []dump.Part) division {
	d := division{flags: "-lines", whole: true}
	for _, p := range parts {
		if p.Start || len(d.messages) == 0 {
			if len(d.messages) == maxMessages {
				break
			}
			d.messages = append(d.messages, sampled{place: fmt.Sprintf("line %d", p.Line)})
		}
		last := &d.messages[len(d.messages)-1]
		last.wire = append(last.wire, p.Bytes...)
	}
	return d
}

// inFrames takes the content of each frame as a message.
func inFrames(streams division, name string, framing connection.Framing) division {
	d := division{flags: "-frame " + name, whole: true}
	for _, stream := range streams.messages {
		for at := 0; at < len(stream.wire) && len(d.messages) < maxMessages; {
			cut, err := framing.Next(stream.wire[at:])
			if err != nil || cut.Size == 0 {
				d.whole = false
				if part := startOfFrame(framing, stream.wire[at:]); err == nil && len(part) > 0 {
					d.cutOff = true
					d.messages = append(d.messages, sampled{fmt.Sprintf("message %d", len(d.messages)+1), part})
				}
				break
			}
			at += cut.Size
			if cut.Frame == nil {
				d.idle++
			} else {
				d.messages = append(d.messages, sampled{fmt.Sprintf("message %d", len(d.messages)+1), cut.Frame})
			}
		}
	}
	return d
}

// inRecords takes each record of a clearing file as a message.
func inRecords(streams division, name string, form clearing.Form) division {
	d := division{flags: "-frame " + name, whole: true}
	for _, stream := range streams.messages {
		r := clearing.NewReader(bytes.NewReader(stream.wire), form)
		for record, err := range r.All() {
			if err != nil || len(d.messages) == maxMessages {
				d.whole = err == nil || errors.Is(err, clearing.ErrNoEnd)
				break
			}
			d.messages = append(d.messages, sampled{fmt.Sprintf("record %d", r.Count()), bytes.Clone(record)})
		}
	}
	return d
}
