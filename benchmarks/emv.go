package main

import (
	"encoding/hex"
	"errors"
	"unicode/utf8"

	moovemv "github.com/moov-io/iso8583/exp/emv"
	moovfield "github.com/moov-io/iso8583/field"

	"github.com/posline/posline/emv"
	"github.com/posline/posline/emv/qr"
)

// emvField55 is 147 bytes of field 55 of a chip sale: 21 objects.
const emvField55 = "5F2A0208405F340101820259008407A0000000031010950580000480009A032501319C01009F02060000000123459F03060000000000009F0902008C" +
	"9F10120110A04003223000000000001126980002FF9F1A0208409F1E0831323334353637389F2608769577B5ABE9FE629F2701809F3303E0F8C8" +
	"9F34031E03009F3501229F36020FFF9F370452BF45859F410400000123"

// emvQR is the sample code of the EMVCo specification for merchant-presented codes.
const emvQR = "00020101021229300012D156000000000510A93FO3230Q31280012D15600000001030812345678520441115802CN5914BEST TRANSPORT6007BEIJING" +
	"64200002ZH0104最佳运输0202北京540523.7253031565502016233030412340603***0708A60086670902ME91320016A0112233449988770708123456786304A13A"

// emvSink keeps what the variants compute.
var emvSink int

func emvCases() []Case {
	return []Case{
		{"emv/iterate", emvIterate},
		{"emv/decoder", emvDecoder},
		{"emv/validate", emvValidate},
		{"emv/last-tag", emvLastTag},
		{"emv/build", emvBuild},
		{"emv/qr-view", emvQRView},
		{"emv/qr-crc", emvQRCRC},
	}
}

var errFloor = errors.New("benchmarks: the floor does not read the sample")

// emvFloor reads one- and two-octet tags with short lengths and calls visit's work in place: the least a correct reader
// of this message does.
func emvFloor(b []byte) int {
	sum := 0
	for i := 0; i < len(b); {
		tag := int(b[i])
		i++
		if tag&0x1F == 0x1F {
			if i >= len(b) {
				return -1
			}
			tag = tag<<8 | int(b[i])
			i++
		}
		if i >= len(b) {
			return -1
		}
		n := int(b[i])
		i++
		if n >= 0x80 || n > len(b)-i {
			return -1
		}
		value := b[i : i+n : i+n]
		sum += tag + len(value)
		i += n
	}
	return sum
}

// emvFloorFind reads in the same way up to a tag.
func emvFloorFind(b []byte, want int) []byte {
	for i := 0; i < len(b); {
		tag := int(b[i])
		i++
		if tag&0x1F == 0x1F {
			if i >= len(b) {
				return nil
			}
			tag = tag<<8 | int(b[i])
			i++
		}
		if i >= len(b) {
			return nil
		}
		n := int(b[i])
		i++
		if n >= 0x80 || n > len(b)-i {
			return nil
		}
		if tag == want {
			return b[i : i+n : i+n]
		}
		i += n
	}
	return nil
}

// emvMessage returns the sample and moov's composite for it with the sample unpacked.
func emvMessage() (data []byte, framed []byte, composite *moovfield.Composite, err error) {
	if data, err = hex.DecodeString(emvField55); err != nil {
		return nil, nil, nil, err
	}
	if emvFloor(data) < 0 {
		return nil, nil, nil, errFloor
	}
	framed = append([]byte("147"), data...)
	composite = moovfield.NewComposite(moovemv.Spec)
	_, err = composite.Unpack(framed)
	return data, framed, composite, err
}

func emvUnpackPeer(composite *moovfield.Composite, framed []byte) Work {
	return func(n int) {
		for range n {
			read, err := composite.Unpack(framed)
			if err != nil {
				panic(err)
			}
			emvSink += read
		}
	}
}

func emvIterate() (Variants, error) {
	data, framed, composite, err := emvMessage()
	return Variants{
		Ours: func(n int) {
			for range n {
				sum := 0
				for tag, value := range emv.TLV(data).All() {
					sum += int(tag) + len(value)
				}
				emvSink += sum
			}
		},
		Peer: emvUnpackPeer(composite, framed), PeerName: "moov",
		Floor: func(n int) {
			for range n {
				emvSink += emvFloor(data)
			}
		},
	}, err
}

func emvDecoder() (Variants, error) {
	data, framed, composite, err := emvMessage()
	return Variants{
		Ours: func(n int) {
			for range n {
				sum := 0
				d := emv.NewDecoder(data, nil)
				for d.Next() {
					sum += int(d.Tag()) + len(d.Value())
				}
				if d.Err() != nil {
					panic(d.Err())
				}
				emvSink += sum
			}
		},
		Peer: emvUnpackPeer(composite, framed), PeerName: "moov",
		Floor: func(n int) {
			for range n {
				emvSink += emvFloor(data)
			}
		},
	}, err
}

func emvValidate() (Variants, error) {
	data, _, _, err := emvMessage()
	return Variants{
		Ours: func(n int) {
			for range n {
				if err := emv.TLV(data).Validate(nil); err != nil {
					panic(err)
				}
			}
		},
		Floor: func(n int) {
			for range n {
				emvSink += emvFloor(data)
			}
		},
	}, err
}

func emvLastTag() (Variants, error) {
	data, _, _, err := emvMessage()
	return Variants{
		Ours: func(n int) {
			for range n {
				value, _ := emv.TLV(data).Get(0x9F41)
				emvSink += len(value)
			}
		},
		Floor: func(n int) {
			for range n {
				emvSink += len(emvFloorFind(data, 0x9F41))
			}
		},
	}, err
}

func emvBuild() (Variants, error) {
	data, _, composite, err := emvMessage()
	type object struct {
		tag   emv.Tag
		value []byte
	}
	var objects []object
	for tag, value := range emv.TLV(data).All() {
		objects = append(objects, object{tag, value})
	}
	buf := make([]byte, 0, 256)
	return Variants{
		Ours: func(n int) {
			for range n {
				dst := buf[:0]
				for _, o := range objects {
					dst = emv.AppendTLV(dst, o.tag, o.value)
				}
				emvSink += len(dst)
			}
		},
		Peer: func(n int) {
			for range n {
				packed, err := composite.Pack()
				if err != nil {
					panic(err)
				}
				emvSink += len(packed)
			}
		},
		PeerName: "moov",
		Floor: func(n int) {
			for range n {
				dst := buf[:0]
				for _, o := range objects {
					if o.tag > 0xFF {
						dst = append(dst, byte(o.tag>>8))
					}
					dst = append(dst, byte(o.tag), byte(len(o.value)))
					dst = append(dst, o.value...)
				}
				emvSink += len(dst)
			}
		},
	}, err
}

// emvFloorQR reads ids and lengths and steps over the characters.
func emvFloorQR(s string) int {
	sum := 0
	for i := 0; i+4 <= len(s); {
		id, n := int(s[i]-'0')*10+int(s[i+1]-'0'), int(s[i+2]-'0')*10+int(s[i+3]-'0')
		from := i + 4
		for i = from; n > 0 && i < len(s); n-- {
			if s[i] < utf8.RuneSelf {
				i++
			} else {
				_, size := utf8.DecodeRuneInString(s[i:])
				i += size
			}
		}
		sum += id + len(s[from:i])
	}
	return sum
}

func emvQRView() (Variants, error) {
	return Variants{
		Ours: func(n int) {
			for range n {
				sum := 0
				for id, value := range qr.Fields(emvQR).All() {
					sum += int(id) + len(value)
				}
				emvSink += sum
			}
		},
		Floor: func(n int) {
			for range n {
				emvSink += emvFloorQR(emvQR)
			}
		},
	}, nil
}

func emvQRCRC() (Variants, error) {
	return Variants{
		Ours: func(n int) {
			for range n {
				emvSink += int(qr.CRC(emvQR[:len(emvQR)-4]))
			}
		},
	}, nil
}
