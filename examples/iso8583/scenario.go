package main

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/posline/posline/message"
)

// part is a message of a load with its share of it.
type part struct {
	name    string
	weight  int
	request *message.Message
	expect  fieldValues

	credit int // of the choice: that with the most is next
}

// partForm is a part as it stands in a file.
type partForm struct {
	Name   string          `json:"name"`
	Weight *int            `json:"weight"`
	Send   json.RawMessage `json:"send"`
	Expect fieldValues     `json:"expect"`
}

// readPart reads a part of a scenario.
func readPart(text []byte, codec *message.Codec, form message.TextForm) (*part, error) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	var read partForm
	if err := in.Decode(&read); err != nil {
		return nil, err
	}
	p := &part{name: read.Name, weight: 1, request: codec.New(), expect: read.Expect}
	if read.Weight != nil {
		p.weight = *read.Weight
	}
	if p.weight < 1 || p.weight > maxWeight {
		return nil, errors.New("weight: from 1 to a million")
	}
	err := form.ReadJSON(p.request, read.Send)
	for _, v := range p.expect {
		err = errors.Join(err, v.known(codec))
	}
	return p, err
}

const maxWeight = 1_000_000

// choose returns the part whose turn it is: each has its share in every stretch, spread as evenly as can be.
func choose(parts []*part) *part {
	total := 0
	var best *part
	for _, p := range parts {
		total += p.weight
		if p.credit += p.weight; best == nil || p.credit > best.credit {
			best = p
		}
	}
	best.credit -= total
	return best
}
