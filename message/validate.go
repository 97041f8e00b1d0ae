package message

import (
	"errors"
	"slices"
	"strconv"

	"github.com/posline/posline/spec"
)

// Validate reports everything about the message that its spec forbids and Unpack and Set let pass: fields that are
// mandatory or forbidden for the message type, values that are not among the legal ones, parts that do not fit their
// field. The error joins one *Error for each fault; offsets are -1.
func (m *Message) Validate() error {
	var faults []error
	if m.err != nil {
		faults = append(faults, m.err)
	}
	if !m.hasMTI {
		faults = append(faults, fault(ErrMissing, "0", -1, nil))
	}
	if len(m.header) == 0 && len(m.codec.header) > 0 {
		faults = append(faults, fault(ErrMissing, "header", -1, nil))
	}
	if m.hasMTI && len(m.codec.mti.field.Values) > 0 && !slices.Contains(m.codec.mti.field.Values, m.MTI()) {
		faults = append(faults, fault(ErrValue, "0", -1, nil))
	}
	for number := range m.codec.fields {
		if err := m.presenceFault(number); err != nil {
			faults = append(faults, err)
		}
	}
	for number := range m.Numbers() {
		v := m.Field(number)
		if v.node == nil {
			continue // the field that carries the third bitmap
		}
		if err := v.checkInside(0); err != nil {
			err.Offset = -1
			faults = append(faults, err)
			continue
		}
		faults = v.appendValueFaults(faults, strconv.Itoa(number))
	}
	return errors.Join(faults...)
}

// presenceFault checks what the spec requires of a data element in this message type.
func (m *Message) presenceFault(number int) error {
	n := m.node(number)
	if n == nil {
		return nil
	}
	for _, p := range n.field.Presence {
		if !pattern(p.MTI).matches(m.typeDigits()) {
			continue
		}
		switch {
		case p.Is == spec.Mandatory && !m.Has(number):
			return fault(ErrMissing, n.path, -1, nil)
		case p.Is == spec.Forbidden && m.Has(number):
			return fault(ErrForbidden, n.path, -1, nil)
		}
		return nil
	}
	return nil
}

// appendValueFaults checks legal values of v and everything inside it.
func (v Value) appendValueFaults(faults []error, path string) []error {
	if legal := v.node.field.Values; len(legal) > 0 && !slices.ContainsFunc(legal, v.Equal) {
		faults = append(faults, fault(ErrValue, path, -1, nil))
	}
	for key, part := range v.Parts() {
		faults = part.appendValueFaults(faults, path+"."+key)
	}
	return faults
}
