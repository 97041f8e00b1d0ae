package main

// floorASCII0200 is the hand-written code for ascii-0200.
var floorASCII0200 = byHand{
	unpack: unpackASCII0200,
	pack:   packASCII0200,
	build:  buildASCII0200,
	set: func(f *floor, stan, terminal []byte) error {
		switch {
		case len(stan) != 6 || !digits(stan):
			return floorError(11)
		case len(terminal) != 8 || !printable(terminal):
			return floorError(41)
		}
		f.fields[11], f.fields[41] = stan, terminal
		return nil
	},
	read: func(f *floor, dst []byte) []byte {
		dst = append(dst, f.fields[2]...)
		dst = append(dst, f.fields[3]...)
		dst = append(dst, f.fields[4]...)
		dst = append(dst, f.fields[11]...)
		dst = append(dst, f.fields[41]...)
		return append(dst, f.fields[49]...)
	},
	scan: scanASCII0200,
}

const frontASCII0200 = "0200723C448128E08000" // message type and bitmap

func unpackASCII0200(f *floor, wire []byte) error {
	f.image = append(f.image[:0], wire...)
	b := f.image
	if len(b) < 20 || string(b[:20]) != frontASCII0200 {
		return floorError(0)
	}
	b = b[20:]
	n := twoDigits(b)
	if n < 0 || n > 19 || len(b) < 2+n {
		return floorError(2)
	}
	f.fields[2], b = b[2:2+n], b[2+n:]
	if len(b) < 57 {
		return floorError(3)
	}
	f.fields[3], f.fields[4], f.fields[7], f.fields[11], f.fields[12] = b[:6], b[6:18], b[18:28], b[28:34], b[34:40]
	f.fields[13], f.fields[14], f.fields[18], f.fields[22], f.fields[25] = b[40:44], b[44:48], b[48:52], b[52:55], b[55:57]
	b = b[57:]
	n = twoDigits(b)
	if n < 0 || n > 11 || len(b) < 2+n {
		return floorError(32)
	}
	f.fields[32], b = b[2:2+n], b[2+n:]
	n = twoDigits(b)
	if n < 0 || n > 37 || len(b) < 2+n {
		return floorError(35)
	}
	f.fields[35], b = b[2:2+n], b[2+n:]
	if len(b) != 78 {
		return floorError(37)
	}
	f.fields[37], f.fields[41], f.fields[42], f.fields[43], f.fields[49] = b[:12], b[12:20], b[20:35], b[35:75], b[75:]
	return checkASCII0200(&f.fields)
}

func checkASCII0200(v *[65][]byte) error {
	switch {
	case !digits(v[2]):
		return floorError(2)
	case !digits(v[3]):
		return floorError(3)
	case !digits(v[4]):
		return floorError(4)
	case !digits(v[7]):
		return floorError(7)
	case !digits(v[11]):
		return floorError(11)
	case !digits(v[12]):
		return floorError(12)
	case !digits(v[13]):
		return floorError(13)
	case !digits(v[14]):
		return floorError(14)
	case !digits(v[18]):
		return floorError(18)
	case !digits(v[22]):
		return floorError(22)
	case !digits(v[25]):
		return floorError(25)
	case !digits(v[32]):
		return floorError(32)
	case !track(v[35]):
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

func packASCII0200(f *floor, dst []byte) []byte { return appendASCII0200(dst, &f.fields) }

func appendASCII0200(dst []byte, v *[65][]byte) []byte {
	dst = append(dst, frontASCII0200...)
	dst = append(dst, '0'+byte(len(v[2])/10), '0'+byte(len(v[2])%10))
	dst = append(dst, v[2]...)
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
	dst = append(dst, '0'+byte(len(v[32])/10), '0'+byte(len(v[32])%10))
	dst = append(dst, v[32]...)
	dst = append(dst, '0'+byte(len(v[35])/10), '0'+byte(len(v[35])%10))
	dst = append(dst, v[35]...)
	dst = append(dst, v[37]...)
	dst = append(dst, v[41]...)
	dst = append(dst, v[42]...)
	dst = append(dst, v[43]...)
	return append(dst, v[49]...)
}

func buildASCII0200(dst []byte, v *[65][]byte) ([]byte, error) {
	if err := lengths1987(v); err != nil {
		return dst, err
	}
	if err := checkASCII0200(v); err != nil {
		return dst, err
	}
	return appendASCII0200(dst, v), nil
}

// lengths1987 checks the lengths of the values of a 1987 sample.
func lengths1987(v *[65][]byte) error {
	switch {
	case len(v[2]) > 19:
		return floorError(2)
	case len(v[3]) != 6:
		return floorError(3)
	case len(v[4]) != 12:
		return floorError(4)
	case len(v[7]) != 10:
		return floorError(7)
	case len(v[11]) != 6:
		return floorError(11)
	case len(v[12]) != 6:
		return floorError(12)
	case len(v[13]) != 4:
		return floorError(13)
	case len(v[14]) != 4:
		return floorError(14)
	case len(v[18]) != 4:
		return floorError(18)
	case len(v[22]) != 3:
		return floorError(22)
	case len(v[25]) != 2:
		return floorError(25)
	case len(v[32]) > 11:
		return floorError(32)
	case len(v[35]) > 37:
		return floorError(35)
	case len(v[37]) != 12:
		return floorError(37)
	case len(v[41]) != 8:
		return floorError(41)
	case len(v[42]) != 15:
		return floorError(42)
	case len(v[43]) != 40:
		return floorError(43)
	case len(v[49]) != 3:
		return floorError(49)
	}
	return nil
}

func scanASCII0200(dst, b []byte) ([]byte, error) {
	if len(b) < 22 || string(b[:20]) != frontASCII0200 {
		return dst, floorError(0)
	}
	n := twoDigits(b[20:])
	if n < 0 || n > 19 || len(b) < 22+n+57 {
		return dst, floorError(2)
	}
	b = b[22+n:]
	amount, stan, b := b[6:18], b[28:34], b[57:]
	n = twoDigits(b)
	if n < 0 || n > 11 || len(b) < 2+n {
		return dst, floorError(32)
	}
	b = b[2+n:]
	n = twoDigits(b)
	if n < 0 || n > 37 || len(b) < 2+n+20 {
		return dst, floorError(35)
	}
	terminal := b[2+n+12 : 2+n+20]
	switch {
	case !digits(amount):
		return dst, floorError(4)
	case !digits(stan):
		return dst, floorError(11)
	case !printable(terminal):
		return dst, floorError(41)
	}
	dst = append(dst, amount...)
	dst = append(dst, stan...)
	return append(dst, terminal...), nil
}
