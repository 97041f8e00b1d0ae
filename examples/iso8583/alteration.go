package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/posline/posline/message"
)

// alteration says what proxy does to the messages that match it.
type alteration struct {
	from  string // fromClient or fromHost; "" for both
	match fieldValues
	set   fieldValues
	drop  bool
	delay time.Duration // what follows in that direction waits too
	twice bool          // it goes out a second time
	times int           // that it counts; 0 for no limit
}

// alterationForm is an alteration as it stands in a file.
type alterationForm struct {
	From  string      `json:"from"`
	Match fieldValues `json:"match"`
	Set   fieldValues `json:"set"`
	Drop  bool        `json:"drop"`
	Delay string      `json:"delay"`
	Twice bool        `json:"twice"`
	Times int         `json:"times"`
}

func parseAlteration(text []byte, codec *message.Codec) (alteration, error) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	var form alterationForm
	if err := in.Decode(&form); err != nil {
		return alteration{}, err
	}
	a := alteration{from: form.From, match: form.Match, set: form.Set, drop: form.Drop, twice: form.Twice, times: form.Times}
	switch {
	case a.from != "" && a.from != fromClient && a.from != fromHost:
		return a, fmt.Errorf("from: %s or %s", fromClient, fromHost)
	case a.drop && (len(a.set) > 0 || a.twice):
		return a, errors.New("what is dropped can neither be set nor go out twice")
	case a.times < 0:
		return a, errors.New("times: below zero")
	}
	if form.Delay != "" {
		if err := parseDuration("delay", form.Delay, &a.delay); err != nil {
			return a, err
		}
	}
	for _, v := range a.match {
		if err := v.known(codec); err != nil {
			return a, fmt.Errorf("match: %w", err)
		}
	}
	if err := checkReply(a.set, codec); err != nil {
		return a, fmt.Errorf("set: %w", err)
	}
	return a, nil
}

// alterations are the rules of a proxy with how often each has counted. Its methods may be called concurrently.
type alterations struct {
	rules []alteration
	mu    sync.Mutex
	used  []int
}

// find returns the first rule that matches, below zero for none.
func (a *alterations) find(from string, m *message.Message) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, r := range a.rules {
		if r.from != "" && r.from != from || r.times > 0 && a.used[i] == r.times || !matchesAll(r.match, m) {
			continue
		}
		a.used[i]++
		return i
	}
	return -1
}
