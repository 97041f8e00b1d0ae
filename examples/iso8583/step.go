package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/posline/posline/message"
)

// step is a request and what its answer must have, or a message that the peer is to send of itself.
type step struct {
	request *message.Message // nil where one is awaited
	take    fieldValues      // fields of the request, by path, with the path in the messages before that they come from
	expect  fieldValues
	silent  time.Duration // no answer may come within it; 0 for one that must come

	await  fieldValues // what the awaited message has
	within time.Duration
	reply  fieldValues // of the answer to it, besides what is echoed; nil for no answer

	pause time.Duration // before the step
}

const stepsHelp = `send is a message as encode reads it. take sets fields of it to what fields of the message before hold: of the answer,
or with "sent." before the field of the request. expect is what the answer must have; {"send":{...},"no_answer":"500ms"}
wants none. {"await":{"0":"0800"},"within":"5s","reply":{"39":"00"}} waits for a message that the host sends of itself,
and answers it where there is a reply. "pause":"1s" waits before the step.`

// sentBefore stands before a path in take that is one of the request before, not of its answer.
const sentBefore = "sent."

// defaultWithin is how long a message is awaited.
const defaultWithin = 10 * time.Second

// stepForm is a step as it stands in a file.
type stepForm struct {
	Send     json.RawMessage `json:"send"`
	Take     fieldValues     `json:"take"`
	Expect   fieldValues     `json:"expect"`
	NoAnswer string          `json:"no_answer"`
	Await    fieldValues     `json:"await"`
	Within   string          `json:"within"`
	Reply    fieldValues     `json:"reply"`
	Pause    string          `json:"pause"`
}

// isStep tells a step from a message: the names of the one are words, those of the other numbers and "header".
func isStep(object []byte) bool {
	var names map[string]json.RawMessage
	if json.Unmarshal(object, &names) != nil {
		return false
	}
	return names["send"] != nil || names["await"] != nil
}

// readStep reads a step that stands alone.
func readStep(text []byte, codec *message.Codec, form message.TextForm) (step, error) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	var read stepForm
	if err := in.Decode(&read); err != nil {
		return step{}, err
	}
	return parseStep(read, codec, form)
}

func parseStep(read stepForm, codec *message.Codec, form message.TextForm) (s step, err error) {
	switch {
	case (len(read.Send) > 0) == (read.Await != nil):
		return s, errors.New("a step either sends or awaits")
	case read.Await == nil && (read.Within != "" || read.Reply != nil):
		return s, errors.New("within and reply are for a step that awaits")
	case read.Await != nil && (read.Take != nil || read.NoAnswer != ""):
		return s, errors.New("take and no_answer are for a step that sends")
	case read.NoAnswer != "" && read.Expect != nil:
		return s, errors.New("only one of expect and no_answer can be")
	}
	s = step{take: read.Take, expect: read.Expect, await: read.Await, reply: read.Reply, within: defaultWithin}
	if read.Await == nil {
		s.request = codec.New()
		err = form.ReadJSON(s.request, read.Send)
	}
	for _, d := range []struct {
		name, text string
		to         *time.Duration
	}{{"no_answer", read.NoAnswer, &s.silent}, {"within", read.Within, &s.within}, {"pause", read.Pause, &s.pause}} {
		if d.text != "" {
			err = errors.Join(err, parseDuration(d.name, d.text, d.to))
		}
	}
	return s, errors.Join(err, s.check(codec))
}

func parseDuration(name, text string, to *time.Duration) (err error) {
	if *to, err = time.ParseDuration(text); err != nil || *to <= 0 {
		return fmt.Errorf(`%s: not a duration such as "200ms"`, name)
	}
	return nil
}

// check finds fields that the spec does not have, and values that can never be in a reply.
func (s step) check(codec *message.Codec) (err error) {
	for _, v := range slices.Concat(s.take, s.expect, s.await) {
		err = errors.Join(err, v.known(codec))
	}
	for _, v := range s.take {
		err = errors.Join(err, fieldValue{path: strings.TrimPrefix(v.value, sentBefore)}.known(codec))
	}
	if wrong := checkReply(s.reply, codec); wrong != nil {
		err = errors.Join(err, fmt.Errorf("reply: %w", wrong))
	}
	return err
}
