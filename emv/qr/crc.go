package qr

import "fmt"

// crcTable holds CRC-16/CCITT-FALSE, polynomial 1021, for every octet.
var crcTable = func() (table [256]uint16) {
	for i := range table {
		crc := uint16(i) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
		table[i] = crc
	}
	return table
}()

// CRC returns the checksum of a merchant-presented code: CRC-16 with polynomial 1021 and initial value FFFF over all
// that stands before the checksum's four digits, its own id and length "6304" included.
func CRC(s string) uint16 {
	crc := uint16(0xFFFF)
	for i := range len(s) {
		crc = crc<<8 ^ crcTable[byte(crc>>8)^s[i]]
	}
	return crc
}

// AppendCRC appends the checksum object, "6304" and four hexadecimal digits, over everything from the start of dst.
func AppendCRC(dst []byte) []byte {
	dst = append(dst, "6304"...)
	return fmt.Appendf(dst, "%04X", CRC(string(dst)))
}
