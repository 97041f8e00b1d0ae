package emv

// moreOctets in the first octet of a tag says that more octets follow; the high bit of each of them that yet another
// does.
const moreOctets = 0x1F

// short reads the object at b[i] when it is in the form that nearly all are: one or two octets of tag, one of length. It
// returns n < 0 for padding, for other forms and for faults. It is just small enough for the compiler to put it into
// the loops that call it, which is what makes them fast: that is why its results are named and its returns bare.
func short(b []byte, i int) (t Tag, from, n int) {
	n = -1
	if len(b)-i < 3 {
		return
	}
	t, n, from = Tag(b[i]), int(b[i+1]), i+2
	if t&moreOctets == moreOctets {
		t, n, from = t<<8|Tag(n), int(b[i+2]), i+3
	}
	if t == 0 || t&0x1F80 == 0x1F80 || n >= 0x80 || n > len(b)-from {
		n = -1
	}
	return
}

// scan finds the first object at or behind b[i], in whatever form: its tag and where its value starts and ends. At the
// end of the data it returns from == len(b) and to < 0; at a fault, where the faulty object starts and to < 0:
// readObject then says what is wrong.
func scan(b []byte, i int) (t Tag, from, to int) {
	for i < len(b) && b[i] == 0 {
		i++
	}
	if t, from, n := short(b, i); n >= 0 {
		return t, from, from + n
	}
	if i == len(b) {
		return 0, i, -1
	}
	t, from, to, fault := readObject(b, i, quirks{})
	if fault != nil {
		return 0, i, -1
	}
	return t, from, to
}

// quirks are the options that change how one object is read.
type quirks struct {
	literalLength bool
	twoByte9F8    bool
}

// readObject reads the object that starts at b[start], which is not padding.
func readObject(b []byte, start int, q quirks) (t Tag, from, to int, fault *SyntaxError) {
	t, i, err := readTag(b, start, q)
	if err != nil {
		return 0, 0, 0, &SyntaxError{Offset: start, Part: "tag", Err: err}
	}
	n, from, at, err := readLength(b, i, q)
	if err != nil {
		return 0, 0, 0, &SyntaxError{Offset: at, Part: "length", Tag: t, Err: err}
	}
	if n > len(b)-from {
		return 0, 0, 0, &SyntaxError{Offset: from, Part: "value", Tag: t, Err: ErrTruncated}
	}
	return t, from, from + n, nil
}

// readTag reads the tag at b[i] and returns where its length starts.
func readTag(b []byte, i int, q quirks) (t Tag, next int, err error) {
	t = Tag(b[i])
	if t&moreOctets != moreOctets {
		return t, i + 1, nil
	}
	for octets := 2; ; octets++ {
		i++
		if octets > MaxTagOctets {
			return 0, 0, ErrTagTooLong
		}
		if i >= len(b) {
			return 0, 0, ErrTruncated
		}
		t = t<<8 | Tag(b[i])
		if b[i]&0x80 == 0 || (q.twoByte9F8 && t >= 0x9F80 && t <= 0x9F8F) {
			return t, i + 1, nil
		}
	}
}

// readLength reads the length octets at b[i]: the length, where the value starts, and where a fault lies.
func readLength(b []byte, i int, q quirks) (n, from, at int, err error) {
	if i >= len(b) {
		return 0, 0, i, ErrTruncated
	}
	first := b[i]
	if first < 0x80 || q.literalLength {
		return int(first), i + 1, 0, nil
	}
	octets := int(first & 0x7F)
	switch {
	case first == 0x80:
		return 0, 0, i, ErrIndefiniteLength
	case octets > 3 && first&0x1F >= 1 && first&0x1F <= 3: // a length of one to three octets, with flags
		return 0, 0, i, ErrMaskedLength
	case octets > 3:
		return 0, 0, i, ErrLengthOfLength
	case octets > len(b)-i-1:
		return 0, 0, i + 1, ErrTruncated
	}
	for _, c := range b[i+1 : i+1+octets] {
		n = n<<8 | int(c)
	}
	return n, i + 1 + octets, 0, nil
}
