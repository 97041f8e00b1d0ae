package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/posline/posline/message"
)

// rule says what the host does with the messages that match it.
type rule struct {
	match   []fieldValue // all of them; none matches everything
	reply   []fieldValue // what the answer has besides what the spec echoes
	delay   time.Duration
	drop    bool   // no answer
	garbage []byte // in place of an answer, in a frame

	times         int    // that it counts; 0 for no limit
	state, become string // of the terminal, before and after; "" for any, and for no change
	connected     bool   // it counts for a connection that opens, not for a message
	then          []step // what the host sends of itself afterwards
}

// fieldValue is a field, by its path, with its value as decode -clear -json shows it; path 0 is the message type.
type fieldValue struct{ path, value string }

// defaultRules approve everything.
var defaultRules = []rule{{reply: []fieldValue{{"39", "00"}}}}

func (v fieldValue) in(m *message.Message) bool {
	if v.path == "0" {
		return m.MTI() == v.value
	}
	field := m.Get(v.path)
	return field.Present() && field.Equal(v.value)
}

func (v fieldValue) set(m *message.Message) error {
	if v.path == "0" {
		return m.SetMTI(v.value)
	}
	return m.SetPath(v.path, v.value)
}

// known tells a path that leads to a field of the spec from one that never can. It does not look at parts, which may
// depend on other fields.
func (v fieldValue) known(codec *message.Codec) error {
	first, _, _ := strings.Cut(v.path, ".")
	if first == "header" {
		return nil
	}
	number, err := strconv.Atoi(first)
	if err != nil || number != 0 && errors.Is(codec.New().Set(number, ""), message.ErrUnknown) {
		return fmt.Errorf("the spec has no field %s", v.path)
	}
	return nil
}

// readRules reads a rules file: a JSON array of rules. Its errors name file, line and rule.
func readRules[R any](c *console, name string, codec *message.Codec, parse func(text []byte, codec *message.Codec) (R, error)) ([]R, error) {
	text, err := c.readFile(name)
	if err != nil {
		return nil, err
	}
	name = inputName(name)
	in := json.NewDecoder(bytes.NewReader(text))
	line := func() int { return 1 + bytes.Count(text[:in.InputOffset()], []byte("\n")) }
	if start, err := in.Token(); err != nil || start != json.Delim('[') {
		return nil, fmt.Errorf("%s: not a JSON array of rules", name)
	}
	var rules []R
	for in.More() {
		var one json.RawMessage
		if err := in.Decode(&one); err != nil {
			return nil, fmt.Errorf("%s, line %d: JSON: %w", name, line(), err)
		}
		r, err := parse(one, codec)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: rule %d: %w", name, line()-bytes.Count(one, []byte("\n")), len(rules)+1, err)
		}
		rules = append(rules, r)
	}
	if _, err := in.Token(); err == io.EOF {
		return nil, fmt.Errorf("%s, line %d: JSON: %w", name, line(), io.ErrUnexpectedEOF)
	} else if err != nil {
		return nil, fmt.Errorf("%s, line %d: JSON: %w", name, line(), err)
	}
	if _, err := in.Token(); err != io.EOF {
		return nil, fmt.Errorf("%s, line %d: something behind the rules", name, line())
	}
	return rules, nil
}

// ruleForm is a rule as it stands in a file.
type ruleForm struct {
	Match   fieldValues `json:"match"`
	Reply   fieldValues `json:"reply"`
	Delay   string      `json:"delay"`
	Drop    bool        `json:"drop"`
	Garbage string      `json:"garbage"`

	Times     int        `json:"times"`
	State     string     `json:"state"`
	Become    string     `json:"become"`
	Connected bool       `json:"connected"`
	Then      []stepForm `json:"then"`
}

func parseRule(text []byte, codec *message.Codec) (rule, error) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	var form ruleForm
	if err := in.Decode(&form); err != nil {
		return rule{}, err
	}
	r := rule{match: form.Match, reply: form.Reply, drop: form.Drop, times: form.Times, state: form.State, become: form.Become, connected: form.Connected}
	var err error
	if form.Delay != "" {
		if r.delay, err = time.ParseDuration(form.Delay); err != nil || r.delay < 0 {
			return rule{}, errors.New(`delay: not a duration such as "200ms"`)
		}
	}
	if r.garbage, err = hex.DecodeString(form.Garbage); err != nil {
		return rule{}, errors.New("garbage: not hexadecimal")
	}
	if r.drop && (len(r.reply) > 0 || len(r.garbage) > 0) || len(r.reply) > 0 && len(r.garbage) > 0 {
		return rule{}, errors.New("only one of reply, drop and garbage can be")
	}
	for i, one := range form.Then {
		if one.Await != nil {
			return rule{}, fmt.Errorf("then: step %d: what the peer sends is for the rules", i+1)
		}
		s, err := parseStep(one, codec, message.TextForm{GBK: gbk{}})
		if err != nil {
			return rule{}, fmt.Errorf("then: step %d: %w", i+1, err)
		}
		r.then = append(r.then, s)
	}
	return r, r.check(codec)
}

// check finds what cannot be, fields that the spec does not have, and values that can never be in a reply.
func (r rule) check(codec *message.Codec) error {
	switch {
	case r.times < 0:
		return errors.New("times: below zero")
	case r.connected && (len(r.match) > 0 || len(r.reply) > 0 || r.drop || len(r.garbage) > 0 || len(r.then) == 0):
		return errors.New("connected goes with then alone")
	}
	for _, v := range r.match {
		if err := v.known(codec); err != nil {
			return fmt.Errorf("match: %w", err)
		}
	}
	if err := checkReply(r.reply, codec); err != nil {
		return fmt.Errorf("reply: %w", err)
	}
	return nil
}

// checkReply finds values that can never be in a reply.
func checkReply(reply fieldValues, codec *message.Codec) error {
	for _, v := range reply {
		err := v.known(codec)
		if err == nil && !strings.Contains(v.path, ".") { // parts may need others before them
			err = v.set(codec.New())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fieldValues is an object of paths and values, in the order of the file: that in which parts may have to be set.
type fieldValues []fieldValue

func (v *fieldValues) UnmarshalJSON(text []byte) error {
	in := json.NewDecoder(bytes.NewReader(text))
	if start, err := in.Token(); err != nil || start != json.Delim('{') {
		return errors.New("match and reply are objects of fields and their values")
	}
	*v = fieldValues{}
	seen := make(map[string]bool)
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return err
		}
		value, err := in.Token()
		if err != nil {
			return err
		}
		path := key.(string) // a decoder in an object gives nothing else
		text, ok := value.(string)
		if !ok {
			return fmt.Errorf("field %s: the value is not a string", path)
		}
		if seen[path] {
			return fmt.Errorf("field %s is there twice", path)
		}
		seen[path] = true
		*v = append(*v, fieldValue{path, text})
	}
	return nil
}
