package message

import (
	"errors"
	"slices"
	"strconv"

	"github.com/posline/posline/message/internal/fault"
	"github.com/posline/posline/message/internal/layout"
	"github.com/posline/posline/spec"
)

// Validate reports everything about the message that its spec forbids and Unpack and Set let pass: fields that are
// mandatory or forbidden for the message type, values that are not among the legal ones, parts that do not fit their
// field. The error joins one *Error for each fault; offsets are -1.
func (m *Message) Validate() error {
	if m.codec == nil {
		return errNoCodec
	}
	var faults []error
	if m.err != nil {
		faults = append(faults, m.err)
	}
	if !m.hasMTI {
		faults = append(faults, asError(fault.Of(fault.Missing, "0", nil)))
	}
	if len(m.header) == 0 && len(m.layout.Header) > 0 {
		faults = append(faults, asError(fault.Of(fault.Missing, "header", nil)))
	}
	if m.hasMTI && len(m.layout.MTI.Field.Values) > 0 && !slices.Contains(m.layout.MTI.Field.Values, m.MTI()) {
		faults = append(faults, asError(fault.Of(fault.Value, "0", nil)))
	}
	for number := range m.fields {
		if err := m.presenceFault(number); err != nil {
			faults = append(faults, err)
		}
	}
	for number := range m.Numbers() {
		v := m.Field(number)
		if v.part.Node == nil {
			continue // the field that carries the third bitmap
		}
		if err := v.part.Check(v.siblings(), 0); err != nil {
			faults = append(faults, errorOf(err.Elsewhere()))
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
	for _, p := range n.Field.Presence {
		if !layout.Pattern(p.MTI).Matches(m.typeDigits()) {
			continue
		}
		switch {
		case p.Is == spec.Mandatory && !m.Has(number):
			return errorOf(fault.Of(fault.Missing, n.Path, nil))
		case p.Is == spec.Forbidden && m.Has(number):
			return errorOf(fault.Of(fault.Forbidden, n.Path, nil))
		}
		return nil
	}
	return nil
}

// appendValueFaults checks legal values of v and everything inside it.
func (v Value) appendValueFaults(faults []error, path string) []error {
	if legal := v.part.Node.Field.Values; len(legal) > 0 && !slices.ContainsFunc(legal, v.Equal) {
		faults = append(faults, asError(fault.Of(fault.Value, path, nil)))
	}
	for key, part := range v.Parts() {
		faults = part.appendValueFaults(faults, path+"."+key)
	}
	return faults
}
