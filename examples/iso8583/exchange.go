package main

import (
	"fmt"

	"github.com/posline/posline/message"
)

// exchange is a request of a recording, and its answer.
type exchange struct {
	place           string
	request, answer *message.Message
	used            bool // it has answered a request
}

// echoes tells whether the answer has a field, or a part of one, that it has from its request.
func (e *exchange) echoes(path string) bool {
	asked, answered := e.request.Get(path), e.answer.Get(path)
	return asked.Present() && answered.Present() && answered.Equal(asked.Text())
}

// exchanges finds the requests of a recording that have an answer. What else is in it is told.
func (r *replayer) exchanges(all []recorded) (found []*exchange) {
	for i, one := range all {
		place := fmt.Sprintf("line %d", i+1)
		_, kind, err := r.key(one.wire)
		switch {
		case err != nil:
			r.note("%s: no message, left out: %v", place, err)
			continue
		case kind != message.KeyRequest:
			continue
		case one.From == fromHost:
			r.note("%s: what the host has sent of itself is left out", place)
			continue
		}
		e := &exchange{place: place, request: r.codec.New(), answer: r.codec.New()}
		answer := r.answerTo(one, all[i+1:])
		if answer == nil {
			r.note("%s: no answer in the recording, left out", place)
			continue
		}
		if err := e.request.Unpack(one.wire); err != nil {
			r.fault(place, err)
			continue
		}
		if err := e.answer.Unpack(answer); err != nil {
			r.fault(place, fmt.Errorf("its answer: %w", err))
			continue
		}
		found = append(found, e)
	}
	return found
}

// answerTo finds the answer to a request: the first message of the host's in that session with the same key.
func (r *replayer) answerTo(request recorded, later []recorded) []byte {
	key, _, err := r.key(request.wire)
	if err != nil {
		return nil
	}
	for _, one := range later {
		other, kind, err := r.key(one.wire)
		if err == nil && one.From == fromHost && one.Session == request.Session && kind == message.KeyResponse && other == key {
			return one.wire
		}
	}
	return nil
}
