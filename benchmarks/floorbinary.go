package main

// floorBinary0200 is the hand-written code for binary-0200. Values that were read stay packed.
var floorBinary0200 = byHand{
	unpack: unpackBinary0200,
	pack:   packBinary0200,
	build:  buildBinary0200,
	set: func(f *floor, stan, terminal []byte) error {
		switch {
		case len(stan) != 6 || !digits(stan):
			return floorError(11)
		case len(terminal) != 8 || !printable(terminal):
			return floorError(41)
		}
		f.fields[11], f.fields[41] = appendPacked(f.edit[:0], stan), terminal
		return nil
	},
	read: func(f *floor, dst []byte) []byte {
		dst = appendUnpacked(dst, f.fields[2])[:len(dst)+f.count[2]]
		dst = appendUnpacked(dst, f.fields[3])
		dst = appendUnpacked(dst, f.fields[4])
		dst = appendUnpacked(dst, f.fields[11])
		dst = append(dst, f.fields[41]...)
		return append(dst, f.fields[49]...)
	},
	scan: scanBinary0200,
}

const frontBinary0200 = "\x02\x00\x72\x3C\x44\x81\x28\xE0\x80\x00" // message type and bitmap

func unpackBinary0200(f *floor, wire []byte) error {
	f.image = append(f.image[:0], wire...)
	b := f.image
	if len(b) < 10 || string(b[:10]) != frontBinary0200 {
		return floorError(0)
	}
	b = b[10:]
	n := twoPacked(b)
	size := (n + 1) / 2
	if n < 0 || n > 19 || len(b) < 1+size {
		return floorError(2)
	}
	f.fields[2], f.count[2], b = b[1:1+size], n, b[1+size:]
	if len(b) < 29 {
		return floorError(3)
	}
	f.fields[3], f.fields[4], f.fields[7], f.fields[11], f.fields[12] = b[:3], b[3:9], b[9:14], b[14:17], b[17:20]
	f.fields[13], f.fields[14], f.fields[18], f.fields[22], f.fields[25] = b[20:22], b[22:24], b[24:26], b[26:28], b[28:29]
	b = b[29:]
	n = twoPacked(b)
	size = (n + 1) / 2
	if n < 0 || n > 11 || len(b) < 1+size {
		return floorError(32)
	}
	f.fields[32], f.count[32], b = b[1:1+size], n, b[1+size:]
	n = twoPacked(b)
	size = (n + 1) / 2
	if n < 0 || n > 37 || len(b) < 1+size {
		return floorError(35)
	}
	f.fields[35], f.count[35], b = b[1:1+size], n, b[1+size:]
	if len(b) != 78 {
		return floorError(37)
	}
	f.fields[37], f.fields[41], f.fields[42], f.fields[43], f.fields[49] = b[:12], b[12:20], b[20:35], b[35:75], b[75:]
	return checkBinary0200(f)
}

func checkBinary0200(f *floor) error {
	v := &f.fields
	switch {
	case !leftDigits(v[2], f.count[2]):
		return floorError(2)
	case !packed(v[3]):
		return floorError(3)
	case !packed(v[4]):
		return floorError(4)
	case !packed(v[7]):
		return floorError(7)
	case !packed(v[11]):
		return floorError(11)
	case !packed(v[12]):
		return floorError(12)
	case !packed(v[13]):
		return floorError(13)
	case !packed(v[14]):
		return floorError(14)
	case !packed(v[18]):
		return floorError(18)
	case v[22][0] > 9 || !packed(v[22]):
		return floorError(22)
	case !packed(v[25]):
		return floorError(25)
	case !leftDigits(v[32], f.count[32]):
		return floorError(32)
	case f.count[35]%2 == 1 && v[35][len(v[35])-1]&15 != 0: // any nibble is a track character
		return floorError(35)
	case !printable(v[37]):
		return floorError(37)
	case !printable(v[41]):
		return floorError(41)
	case !printable(v[42]):
		return floorError(42)
	case !printable(v[43]):
		return floorError(43)
	case !printable(v[49]):
		return floorError(49)
	}
	return nil
}

func packBinary0200(f *floor, dst []byte) []byte {
	v := &f.fields
	dst = append(dst, frontBinary0200...)
	dst = append(append(dst, packedCount(f.count[2])), v[2]...)
	dst = append(dst, v[3]...)
	dst = append(dst, v[4]...)
	dst = append(dst, v[7]...)
	dst = append(dst, v[11]...)
	dst = append(dst, v[12]...)
	dst = append(dst, v[13]...)
	dst = append(dst, v[14]...)
	dst = append(dst, v[18]...)
	dst = append(dst, v[22]...)
	dst = append(dst, v[25]...)
	dst = append(append(dst, packedCount(f.count[32])), v[32]...)
	dst = append(append(dst, packedCount(f.count[35])), v[35]...)
	dst = append(dst, v[37]...)
	dst = append(dst, v[41]...)
	dst = append(dst, v[42]...)
	dst = append(dst, v[43]...)
	return append(dst, v[49]...)
}

// packedCount is a length below 100 as two packed digits.
func packedCount(n int) byte { return byte(n/10<<4 | n%10) }

func buildBinary0200(dst []byte, v *[65][]byte) ([]byte, error) {
	if err := lengths1987(v); err != nil {
		return dst, err
	}
	if err := checkASCII0200(v); err != nil {
		return dst, err
	}
	dst = append(dst, frontBinary0200...)
	dst = appendPacked(append(dst, packedCount(len(v[2]))), v[2])
	dst = appendPacked(dst, v[3])
	dst = appendPacked(dst, v[4])
	dst = appendPacked(dst, v[7])
	dst = appendPacked(dst, v[11])
	dst = appendPacked(dst, v[12])
	dst = appendPacked(dst, v[13])
	dst = appendPacked(dst, v[14])
	dst = appendPacked(dst, v[18])
	dst = appendPacked(append(dst, v[22][0]&15), v[22][1:])
	dst = appendPacked(dst, v[25])
	dst = appendPacked(append(dst, packedCount(len(v[32]))), v[32])
	dst = appendPacked(append(dst, packedCount(len(v[35]))), v[35])
	dst = append(dst, v[37]...)
	dst = append(dst, v[41]...)
	dst = append(dst, v[42]...)
	dst = append(dst, v[43]...)
	return append(dst, v[49]...), nil
}

func scanBinary0200(dst, b []byte) ([]byte, error) {
	if len(b) < 11 || string(b[:10]) != frontBinary0200 {
		return dst, floorError(0)
	}
	n := twoPacked(b[10:])
	if n < 0 || n > 19 || len(b) < 11+(n+1)/2+29 {
		return dst, floorError(2)
	}
	b = b[11+(n+1)/2:]
	amount, stan, b := b[3:9], b[14:17], b[29:]
	n = twoPacked(b)
	if n < 0 || n > 11 || len(b) < 1+(n+1)/2 {
		return dst, floorError(32)
	}
	b = b[1+(n+1)/2:]
	n = twoPacked(b)
	if n < 0 || n > 37 || len(b) < 1+(n+1)/2+20 {
		return dst, floorError(35)
	}
	b = b[1+(n+1)/2:]
	return appendScanned(dst, amount, stan, b[12:20])
}

// appendScanned checks and appends what "scan" reads of a packed message.
func appendScanned(dst, amount, stan, terminal []byte) ([]byte, error) {
	switch {
	case !packed(amount):
		return dst, floorError(4)
	case !packed(stan):
		return dst, floorError(11)
	case !printable(terminal):
		return dst, floorError(41)
	}
	dst = appendUnpacked(dst, amount)
	dst = appendUnpacked(dst, stan)
	return append(dst, terminal...), nil
}
