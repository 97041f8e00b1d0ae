package main

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/posline/posline/message"
)

var diffCommand = command{
	name: "diff", args: "FILE FILE", about: "compare messages field by field",
	more: `  iso8583 diff -spec acquirer.xml sent.hex received.hex

The files hold messages as decode reads them, or JSON as decode -clear -json writes it. Exit status 0 for equal messages,
1 for others, 3 where they cannot be read.`,
	setup: setupDiff,
}

func setupDiff(c *console, flags *flag.FlagSet) func([]string) error {
	o := &options{}
	o.registerSpec(flags)
	o.registerFrame(flags, true)
	o.registerInput(flags)
	o.registerClear(flags)
	return func(files []string) error { return c.diff(o, files) }
}

// diff compares the messages of two files field by field.
func (c *console) diff(o *options, files []string) error {
	if len(files) != 2 {
		return usageError{errors.New("diff takes two files; - is the standard input")}
	}
	if files[0] == "-" && files[1] == "-" {
		return usageError{errors.New("only one can be -")}
	}
	if err := o.load(c); err != nil {
		return err
	}
	left, err := c.messages(o, files[0])
	if err != nil {
		return err
	}
	right, err := c.messages(o, files[1])
	switch {
	case err != nil:
		return err
	case c.faults > 0:
		return errors.New("they cannot be compared")
	}
	same, err := c.compare(o, left, right)
	if !same {
		c.faults++
	}
	return err
}

// messages reads all messages of a file: dumps, or JSON as decode -clear -json writes it.
func (c *console) messages(o *options, file string) (all []*message.Message, err error) {
	refused := func(p piece, err error) error {
		c.fault(placeOf(p, err), err)
		return nil
	}
	wires := wireReader{console: c, options: o, refused: refused, use: func(p piece, wire []byte) error {
		m := o.codec.New()
		if err := m.Unpack(wire); err != nil {
			return refused(p, err)
		}
		all = append(all, m)
		return nil
	}}
	return all, c.input(file, func(name string, r io.Reader) error {
		in := bufio.NewReader(r)
		if head, _ := in.Peek(16); !isJSON(head) {
			return wires.read(name, in)
		}
		text, err := whole(name, in)
		if err != nil {
			return err
		}
		return c.objects(piece{file: name, text: text}, func(one piece) error {
			m := o.codec.New()
			if err := o.text().ReadJSON(m, one.text); err != nil {
				return refused(one, err)
			}
			all = append(all, m)
			return nil
		})
	})
}

func (c *console) compare(o *options, left, right []*message.Message) (same bool, err error) {
	same = true
	for i := range min(len(left), len(right)) {
		rows := differences(o.text(), left[i], right[i])
		if len(rows) == 0 {
			continue
		}
		same = false
		if len(left) > 1 {
			fmt.Fprintf(c.stdout, "message %d\n", i+1)
		}
		if err := c.differenceTable(rows); err != nil {
			return false, err
		}
	}
	if len(left) != len(right) {
		same = false
		_, err = fmt.Fprintf(c.stdout, "%d messages and %d\n", len(left), len(right))
	}
	return same, err
}

func (c *console) differenceTable(rows []difference) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "field\tname\tfirst\tsecond\t")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.path, r.name, r.left, r.right, r.remark)
	}
	return w.Flush()
}

// difference is a field, or a part of one, that is not the same in two messages.
type difference struct {
	path, name  string
	left, right string // as they may be shown
	remark      string
	absent      bool // one of the two has none
}

// differences compares two messages.
func differences(form message.TextForm, left, right *message.Message) []difference {
	var rows []difference
	if left.MTI() != right.MTI() {
		rows = append(rows, difference{path: "0", name: "Message type", left: left.MTI(), right: right.MTI()})
	}
	for i := 1; left.HeaderPart(i).Present() || right.HeaderPart(i).Present(); i++ {
		rows = append(rows, valueDifferences(form, "header."+strconv.Itoa(i), left.HeaderPart(i), right.HeaderPart(i))...)
	}
	numbers := slices.Concat(slices.Collect(left.Numbers()), slices.Collect(right.Numbers()))
	slices.Sort(numbers)
	for _, number := range slices.Compact(numbers) {
		rows = append(rows, valueDifferences(form, strconv.Itoa(number), left.Field(number), right.Field(number))...)
	}
	if len(rows) > 0 {
		return rows
	}
	a, errA := left.Pack()
	b, errB := right.Pack()
	if errA != nil || errB != nil || !bytes.Equal(a, b) {
		rows = append(rows, difference{path: "1", name: "Bitmap", remark: "the same fields announced with other bytes"})
	}
	return rows
}

// valueDifferences compares two values with all that is inside them.
func valueDifferences(form message.TextForm, path string, left, right message.Value) []difference {
	if left.Present() && right.Present() && bytes.Equal(left.Wire(), right.Wire()) && left.HasParts() == right.HasParts() {
		return nil
	}
	if !left.HasParts() || !right.HasParts() {
		return leafDifference(form, path, left, right)
	}
	var rows []difference
	a, b := partsOf(left), partsOf(right)
	for _, p := range a.inOrderWith(b) {
		rows = append(rows, valueDifferences(form, path+"."+p, a.value[p], b.value[p])...)
	}
	if len(rows) == 0 {
		rows = append(rows, difference{path: path, name: left.Name(), remark: "the same values in other bytes"})
	}
	return rows
}

func leafDifference(form message.TextForm, path string, left, right message.Value) []difference {
	name := left.Name()
	if name == "" {
		name = right.Name()
	}
	row := difference{path: path, name: name, left: shown(form, left), right: shown(form, right), absent: left.Present() != right.Present()}
	switch {
	case row.left != row.right:
	case left.Text() == right.Text():
		row.remark = "the same value in other bytes"
	default:
		row.remark = "other where it is masked"
	}
	return []difference{row}
}

func shown(form message.TextForm, v message.Value) string {
	if !v.Present() {
		return "absent"
	}
	return string(form.AppendValue(nil, v))
}

// valueParts are the parts of a value by their path in it, the second of equal keys being "72[2]".
type valueParts struct {
	paths []string
	value map[string]message.Value
}

func partsOf(v message.Value) valueParts {
	p := valueParts{value: map[string]message.Value{}}
	seen := map[string]int{}
	for key, part := range v.Parts() {
		if seen[key]++; seen[key] > 1 {
			key += "[" + strconv.Itoa(seen[key]) + "]"
		}
		p.paths = append(p.paths, key)
		p.value[key] = part
	}
	return p
}

// inOrderWith lists the paths of p, each followed by those that only other has behind it.
func (p valueParts) inOrderWith(other valueParts) []string {
	all := slices.Clone(p.paths)
	at := 0
	for _, path := range other.paths {
		if i := slices.Index(all, path); i >= 0 {
			at = i + 1
			continue
		}
		all = slices.Insert(all, at, path)
		at++
	}
	return all
}
