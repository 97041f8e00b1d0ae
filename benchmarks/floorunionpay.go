package main

// floorUnionPayChip is the hand-written code for unionpay-chip. Values that were read stay packed.
var floorUnionPayChip = byHand{
	unpack: unpackUnionPay,
	pack:   packUnionPay,
	build:  buildUnionPay,
	set:    floorBinary0200.set,
	read:   floorBinary0200.read,
	scan:   scanUnionPay,
}

const (
	headUnionPay  = "\x60\x00\x03\x00\x00\x60\x31\x00\x31\xFF\xF1" // TPDU and header
	frontUnionPay = "\x02\x00\x70\x24\x06\xC0\x00\xC0\x9A\x31"     // message type and bitmap
	sizeUnionPay  = len(headUnionPay) + len(frontUnionPay)         // what precedes field 2
	fixedTo26     = 3 + 6 + 3 + 2 + 2 + 2 + 1 + 1                  // fields 3, 4, 11, 14, 22, 23, 25 and 26
	fixedTo53     = 8 + 15 + 3 + 8 + 8                             // fields 41, 42, 49, 52 and 53
)

func unpackUnionPay(f *floor, wire []byte) error {
	f.image = append(f.image[:0], wire...)
	b := f.image
	if len(b) < sizeUnionPay || string(b[len(headUnionPay):sizeUnionPay]) != frontUnionPay {
		return floorError(0)
	}
	f.fields[0], b = b[:len(headUnionPay)], b[sizeUnionPay:]
	n := twoPacked(b)
	size := (n + 1) / 2
	if n < 0 || n > 19 || len(b) < 1+size {
		return floorError(2)
	}
	f.fields[2], f.count[2], b = b[1:1+size], n, b[1+size:]
	if len(b) < fixedTo26+fixedTo53 {
		return floorError(3)
	}
	f.fields[3], f.fields[4], f.fields[11], f.fields[14] = b[:3], b[3:9], b[9:12], b[12:14]
	f.fields[22], f.fields[23], f.fields[25], f.fields[26] = b[14:16], b[16:18], b[18:19], b[19:20]
	b = b[fixedTo26:]
	f.fields[41], f.fields[42], f.fields[49], f.fields[52], f.fields[53] = b[:8], b[8:23], b[23:26], b[26:34], b[34:42]
	b = b[fixedTo53:]
	n = threePacked(b)
	if n < 0 || n > 255 || len(b) < 2+n {
		return floorError(55)
	}
	f.fields[55], b = b[2:2+n], b[2+n:]
	n = threePacked(b)
	if n < 0 || len(b) < 2+n {
		return floorError(59)
	}
	f.fields[59], b = b[2:2+n], b[2+n:]
	n = threePacked(b)
	size = (n + 1) / 2
	if n < 0 || !partsOf60(n) || len(b) < 2+size {
		return floorError(60)
	}
	f.fields[60], f.count[60], b = b[2:2+size], n, b[2+size:]
	if len(b) != 8 {
		return floorError(64)
	}
	f.fields[64] = b
	return checkUnionPay(f)
}

// partsOf60 tells whether so many digits are a whole number of the parts of field 60.
func partsOf60(digits int) bool {
	switch digits {
	case 8, 11, 12, 13, 14:
		return true
	}
	return digits >= 17 && digits <= 30
}

func checkUnionPay(f *floor) error {
	v := &f.fields
	switch {
	case !anyFiller(v[2], f.count[2]):
		return floorError(2)
	case !packed(v[3]):
		return floorError(3)
	case !packed(v[4]):
		return floorError(4)
	case !packed(v[11]):
		return floorError(11)
	case !packed(v[14]):
		return floorError(14)
	case !anyFiller(v[22], 3):
		return floorError(22)
	case v[23][0]&15 > 9 || !packed(v[23][1:]): // any filler in front
		return floorError(23)
	case !packed(v[25]):
		return floorError(25)
	case !packed(v[26]):
		return floorError(26)
	case !printable(v[41]):
		return floorError(41)
	case !printable(v[42]):
		return floorError(42)
	case !alphanumeric(v[49]):
		return floorError(49)
	case !packed(v[53]):
		return floorError(53)
	case !objects(v[55]):
		return floorError(55)
	case !anyFiller(v[60], f.count[60]):
		return floorError(60)
	case !alphanumeric(v[64]):
		return floorError(64)
	}
	return nil
}

// anyFiller checks packed digits of which an odd number leaves some nibble behind.
func anyFiller(b []byte, count int) bool {
	if count%2 == 0 {
		return packed(b)
	}
	last := len(b) - 1
	return packed(b[:last]) && b[last]>>4 <= 9
}

func alphanumeric(b []byte) bool {
	for _, c := range b {
		if c-'0' > 9 && c&^0x20-'A' > 25 && c != ' ' {
			return false
		}
	}
	return true
}

// objects tells whether b is whole BER-TLV data objects. Zero bytes may stand between them.
func objects(b []byte) bool {
	for len(b) > 0 {
		if b[0] == 0 {
			b = b[1:]
			continue
		}
		tag := 1
		if b[0]&0x1F == 0x1F {
			for tag = 2; tag < 4 && tag <= len(b) && b[tag-1] >= 0x80; {
				tag++
			}
		}
		if tag >= len(b) || tag > 1 && b[tag-1] >= 0x80 {
			return false
		}
		n, value := int(b[tag]), b[tag+1:]
		if n >= 0x80 {
			if n, value = longLength(n, value); n < 0 {
				return false
			}
		}
		if n > len(value) || !object(b[:tag], value[:n]) {
			return false
		}
		b = value[n:]
	}
	return true
}

// object checks the value of a data object whose format is more than bytes.
func object(tag, value []byte) bool {
	if len(tag) == 1 {
		switch tag[0] {
		case 0x9A:
			return len(value) == 3 && packed(value)
		case 0x9C:
			return len(value) == 1 && packed(value)
		case 0x71, 0x72:
			return objects(value)
		}
		return true
	}
	if len(tag) > 2 {
		return true
	}
	switch uint16(tag[0])<<8 | uint16(tag[1]) {
	case 0x9F02, 0x9F03:
		return len(value) == 6 && packed(value)
	case 0x5F24:
		return len(value) == 3 && packed(value)
	case 0x5F2A, 0x9F1A:
		return len(value) == 2 && packed(value)
	case 0x5F34, 0x9F35:
		return len(value) == 1 && packed(value)
	}
	return true
}

// longLength reads a length of 1 to 4 bytes behind its first byte, -1 if there is none.
func longLength(first int, b []byte) (int, []byte) {
	size := first & 0x7F
	if size == 0 || size > 4 || size > len(b) {
		return -1, nil
	}
	n := 0
	for _, c := range b[:size] {
		n = n<<8 | int(c)
	}
	return n, b[size:]
}

func packUnionPay(f *floor, dst []byte) []byte {
	v := &f.fields
	dst = append(dst, v[0]...)
	dst = append(dst, frontUnionPay...)
	dst = append(append(dst, packedCount(f.count[2])), v[2]...)
	dst = append(dst, v[3]...)
	dst = append(dst, v[4]...)
	dst = append(dst, v[11]...)
	dst = append(dst, v[14]...)
	dst = append(dst, v[22]...)
	dst = append(dst, v[23]...)
	dst = append(dst, v[25]...)
	dst = append(dst, v[26]...)
	dst = append(dst, v[41]...)
	dst = append(dst, v[42]...)
	dst = append(dst, v[49]...)
	dst = append(dst, v[52]...)
	dst = append(dst, v[53]...)
	dst = append(appendCount(dst, len(v[55])), v[55]...)
	dst = append(appendCount(dst, len(v[59])), v[59]...)
	dst = append(appendCount(dst, f.count[60]), v[60]...)
	return append(dst, v[64]...)
}

// appendCount appends a length below 1000 as three packed digits in two bytes.
func appendCount(dst []byte, n int) []byte {
	return append(dst, byte(n/100), packedCount(n%100))
}

func buildUnionPay(dst []byte, v *[65][]byte) ([]byte, error) {
	if err := checkUnionPayValues(v); err != nil {
		return dst, err
	}
	dst = append(dst, headUnionPay...)
	dst = append(dst, frontUnionPay...)
	dst = appendPacked(append(dst, packedCount(len(v[2]))), v[2])
	dst = appendPacked(dst, v[3])
	dst = appendPacked(dst, v[4])
	dst = appendPacked(dst, v[11])
	dst = appendPacked(dst, v[14])
	dst = appendPacked(dst, v[22])
	dst = appendPacked(append(dst, v[23][0]&15), v[23][1:])
	dst = appendPacked(dst, v[25])
	dst = appendPacked(dst, v[26])
	dst = append(dst, v[41]...)
	dst = append(dst, v[42]...)
	dst = append(dst, v[49]...)
	dst = append(dst, v[52]...)
	dst = appendPacked(dst, v[53])
	dst = append(appendCount(dst, len(v[55])), v[55]...)
	dst = append(appendCount(dst, len(v[59])), v[59]...)
	dst = appendPacked(appendCount(dst, len(v[60])), v[60])
	return append(dst, v[64]...), nil
}

func checkUnionPayValues(v *[65][]byte) error {
	switch {
	case len(v[2]) > 19 || !digits(v[2]):
		return floorError(2)
	case len(v[3]) != 6 || !digits(v[3]):
		return floorError(3)
	case len(v[4]) != 12 || !digits(v[4]):
		return floorError(4)
	case len(v[11]) != 6 || !digits(v[11]):
		return floorError(11)
	case len(v[14]) != 4 || !digits(v[14]):
		return floorError(14)
	case len(v[22]) != 3 || !digits(v[22]):
		return floorError(22)
	case len(v[23]) != 3 || !digits(v[23]):
		return floorError(23)
	case len(v[25]) != 2 || !digits(v[25]):
		return floorError(25)
	case len(v[26]) != 2 || !digits(v[26]):
		return floorError(26)
	case len(v[41]) != 8 || !printable(v[41]):
		return floorError(41)
	case len(v[42]) != 15 || !printable(v[42]):
		return floorError(42)
	case len(v[49]) != 3 || !alphanumeric(v[49]):
		return floorError(49)
	case len(v[52]) != 8:
		return floorError(52)
	case len(v[53]) != 16 || !digits(v[53]):
		return floorError(53)
	case len(v[55]) > 255 || !objects(v[55]):
		return floorError(55)
	case len(v[59]) > 999:
		return floorError(59)
	case !partsOf60(len(v[60])) || !digits(v[60]):
		return floorError(60)
	case len(v[64]) != 8 || !alphanumeric(v[64]):
		return floorError(64)
	}
	return nil
}

func scanUnionPay(dst, b []byte) ([]byte, error) {
	if len(b) <= sizeUnionPay || string(b[len(headUnionPay):sizeUnionPay]) != frontUnionPay {
		return dst, floorError(0)
	}
	b = b[sizeUnionPay:]
	n := twoPacked(b)
	if n < 0 || n > 19 || len(b) < 1+(n+1)/2+fixedTo26+8 {
		return dst, floorError(2)
	}
	b = b[1+(n+1)/2:]
	return appendScanned(dst, b[3:9], b[9:12], b[fixedTo26:fixedTo26+8])
}
