package qr

import (
	"encoding/base64"
	"errors"
	"iter"

	"github.com/posline/posline/emv"
)

// What can be wrong with a consumer-presented code, besides the faults of emv.SyntaxError.
var (
	ErrBase64        = errors.New("qr: not base64")
	ErrNotConsumer   = errors.New("qr: does not start with the payload format indicator CPV01")
	ErrNoApplication = errors.New("qr: no application template")
)

const (
	tagPayloadFormat   emv.Tag = 0x85
	tagApplication     emv.Tag = 0x61
	tagCommon          emv.Tag = 0x62
	tagTransparent     emv.Tag = 0x63 // inside an application
	tagCommonTransfers emv.Tag = 0x64 // inside the common data
)

// Consumer is a consumer-presented code: card data as a payer's device shows it. EMVCo QR Code Specification for
// Payment Systems, Consumer-Presented Mode.
type Consumer struct {
	Data emv.TLV // the whole payload, the payload format indicator first
}

// ParseConsumer reads a consumer-presented code: base64 of data objects, tag 85 with "CPV01" first.
func ParseConsumer(s string) (Consumer, error) {
	data, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil {
		return Consumer{}, ErrBase64 // the cause would quote the code
	}
	tag, version, rest, err := emv.Next(data)
	if err != nil {
		return Consumer{}, err
	}
	if tag != tagPayloadFormat || string(version) != "CPV01" {
		return Consumer{}, ErrNotConsumer
	}
	if err := emv.TLV(data).Validate(nil); err != nil {
		return Consumer{}, err
	}
	if _, ok := emv.TLV(rest).Get(tagApplication); !ok {
		return Consumer{}, ErrNoApplication
	}
	return Consumer{Data: data}, nil
}

// AppendConsumer appends the code for the templates given, 61 and perhaps 62, to dst; it puts the payload format
// indicator before them.
func AppendConsumer(dst []byte, templates emv.TLV) []byte {
	data := emv.AppendTLV(nil, tagPayloadFormat, []byte("CPV01"))
	return base64.StdEncoding.AppendEncode(dst, append(data, templates...))
}

// ConsumerApplication is one application of a consumer's code with the data common to all of them.
type ConsumerApplication struct {
	Own    emv.TLV
	Common emv.TLV
}

// Applications iterates over the applications in the payer's order of preference.
func (c Consumer) Applications() iter.Seq[ConsumerApplication] {
	return func(yield func(ConsumerApplication) bool) {
		common, _ := c.Data.Get(tagCommon)
		for own := range c.Data.GetAll(tagApplication) {
			if !yield(ConsumerApplication{own.TLV(), common.TLV()}) {
				return
			}
		}
	}
}

// Get returns the value of a tag: from the application, its transparent template, the common data, or the transparent
// template of that, whichever has it first.
func (a ConsumerApplication) Get(t emv.Tag) (emv.Value, bool) {
	for _, level := range []struct {
		data        emv.TLV
		transparent emv.Tag
	}{{a.Own, tagTransparent}, {a.Common, tagCommonTransfers}} {
		if v, ok := level.data.Get(t); ok {
			return v, true
		}
		if v, ok := level.data.Find(level.transparent, t); ok {
			return v, true
		}
	}
	return nil, false
}
