package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/posline/posline/message"
)

const (
	pinField        = 52
	macField        = 64
	secondMACField  = 128
	gmtField        = 7
	anewDescription = "`fields` that every message sent gets anew where it has them, such as 7,11,12,13,64: dates and times by the clock, " +
		"numbers by counting, 52 and 64 or 128 with -keys"
)

// renewal makes fields of messages anew. Its methods may be called concurrently, but for load.
type renewal struct {
	list, file string
	first      int

	fields []int
	times  []int // those of fields that are dates and times
	keys   *workKeys

	mu      sync.Mutex
	counted int
}

func (n *renewal) register(flags *flag.FlagSet) {
	flags.StringVar(&n.list, "new", "", anewDescription)
	flags.StringVar(&n.file, "keys", "", "`file` with keys for -new, as iso8583 help run has it")
	flags.IntVar(&n.first, "stan", 0, "first `number` of those that -new counts (default by the clock)")
}

// load reads what the flags name.
func (n *renewal) load(c *console, codec *message.Codec) (err error) {
	if n.first < 0 {
		return usageError{errors.New("-stan cannot be negative")}
	}
	if n.fields, err = fieldNumbers("-new", n.list, codec); err != nil {
		return err
	}
	for _, f := range codec.Spec().Config().Fields {
		if f.Time != "" && slices.Contains(n.fields, f.Number) {
			n.times = append(n.times, f.Number)
		}
	}
	if n.counted = n.first; n.first == 0 {
		now := time.Now()
		n.counted = now.Hour()*10000 + now.Minute()*100 + now.Second()
	}
	if n.file == "" {
		if slices.ContainsFunc(n.fields, sealed) {
			return usageError{errors.New("-new with 52, 64 or 128 needs -keys")}
		}
		return nil
	}
	n.keys, err = readKeys(c, n.file)
	return err
}

// fieldNumbers reads the list of a flag.
func fieldNumbers(name, list string, codec *message.Codec) (numbers []int, err error) {
	if list == "" {
		return nil, nil
	}
	for text := range strings.SplitSeq(list, ",") {
		number, err := strconv.Atoi(text)
		if err != nil {
			return nil, usageError{fmt.Errorf("%s: %q is not the number of a field", name, text)}
		}
		if err := (fieldValue{path: text}).known(codec); err != nil {
			return nil, usageError{fmt.Errorf("%s: %w", name, err)}
		}
		numbers = append(numbers, number)
	}
	return numbers, nil
}

// sealed tells the fields that take keys.
func sealed(number int) bool {
	return number == pinField || number == macField || number == secondMACField
}

// makes tells whether a field, or one that it is a part of, is made anew.
func (n *renewal) makes(path string) bool {
	first, _, _ := strings.Cut(path, ".")
	number, err := strconv.Atoi(first)
	return err == nil && slices.Contains(n.fields, number)
}

// pack makes fields of a message anew, and packs it.
func (n *renewal) pack(m *message.Message) ([]byte, error) { return n.packAnswer(m, nil) }

// packAnswer does so with an answer. What it has in common with its request stays.
func (n *renewal) packAnswer(m, request *message.Message) ([]byte, error) {
	now := time.Now()
	count := 0
	for _, number := range n.fields {
		if !m.Has(number) || sealed(number) || request != nil && request.Has(number) && m.Field(number).Equal(request.Field(number).Text()) {
			continue
		}
		var err error
		switch {
		case number == gmtField:
			err = m.SetTime(number, now.UTC())
		case slices.Contains(n.times, number):
			err = m.SetTime(number, now)
		default:
			if count == 0 {
				count = n.next()
			}
			err = setCount(m, number, count)
		}
		if err != nil {
			return nil, err
		}
	}
	if m.Has(pinField) && slices.Contains(n.fields, pinField) {
		if err := n.keys.setPIN(m); err != nil {
			return nil, err
		}
	}
	return n.sign(m)
}

// sign packs a message, with its authentication code where that is made anew.
func (n *renewal) sign(m *message.Message) ([]byte, error) {
	for _, number := range []int{macField, secondMACField} {
		if m.Has(number) && slices.Contains(n.fields, number) {
			return n.keys.sign(m)
		}
	}
	return m.Pack()
}

func (n *renewal) next() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.counted++
	return n.counted - 1
}

// setCount writes a number with as many digits as the field has. Behind all nines follows one.
func setCount(m *message.Message, number, count int) error {
	width := m.Field(number).Len()
	last := 1
	for range min(width, 9) {
		last *= 10
	}
	last--
	return m.Set(number, fmt.Sprintf("%0*d", width, (max(count, 1)-1)%last+1))
}
