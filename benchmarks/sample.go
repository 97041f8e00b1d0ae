package main

import (
	"encoding/hex"

	"github.com/posline/posline/spec"
)

// element is one data element of a sample: digits and characters as they read, binary data as bytes.
type element struct {
	number int
	value  string
}

// sample is a message that the codec cases work on.
type sample struct {
	name   string
	spec   *spec.Spec
	header string // before the message type, as bytes
	mti    string
	fields []element
}

// read are the fields that "unpack+read" reads, in every sample.
var read = []int{2, 3, 4, 11, 41, 49}

// scanned are the fields that "scan" reads.
var scanned = []int{4, 11, 41}

// What "edit" sets: a switch gives the message a STAN and a terminal of its own.
const (
	editedSTAN     = "900001"
	editedTerminal = "SWITCH01"
)

// sale1987 is a purchase by magnetic stripe as an acquirer passes it on. The card number is a test number.
var sale1987 = []element{
	{2, "4761739001010119"},
	{3, "000000"},
	{4, "000000012345"},
	{7, "1123063000"},
	{11, "000123"},
	{12, "143000"},
	{13, "1123"},
	{14, "2912"},
	{18, "5411"},
	{22, "021"},
	{25, "00"},
	{32, "12345678901"},
	{35, "4761739001010119D29122011234567890123"},
	{37, "632706000123"},
	{41, "TERM0001"},
	{42, "MERCHANT0000001"},
	{43, "ACME SUPERMARKET 7       SHANGHAI     CN"},
	{49, "156"},
}

func ascii0200() *sample {
	return &sample{name: "ascii-0200", spec: spec.ISO8583v1987ASCII(), mti: "0200", fields: sale1987}
}

func binary0200() *sample {
	s := ascii0200()
	s.name, s.spec = "binary-0200", spec.ISO8583v1987Binary()
	return s
}

// unionPayChip is a sale by chip card as a terminal sent it, its card number replaced by a test number. Field 59 is
// not made of the standard's entries, hence the variant.
func unionPayChip() *sample {
	return &sample{
		name:   "unionpay-chip",
		spec:   spec.UnionPayPOS().With(spec.UnionPayField59Opaque()),
		header: fromHex("6000030000" + "60310031FFF1"),
		mti:    "0200",
		fields: []element{
			{2, "6217970000000000422"},
			{3, "000000"},
			{4, "000000005588"},
			{11, "000023"},
			{14, "2312"},
			{22, "051"},
			{23, "001"},
			{25, "00"},
			{26, "06"},
			{41, "29800013"},
			{42, "848290441116000"},
			{49, "156"},
			{52, fromHex("086BDB118D7AC25E")},
			{53, "2600000000000000"},
			{55, chipData()},
			{59, "000001000178"},
			{60, "2200000000060"},
			{64, macText},
		},
	}
}

// macText is field 64 of unionPayChip.
const macText = "FCB2E7D2"

// chipObjects are the data objects of field 55 in the order the terminal sent them.
var chipObjects = [][2]string{
	{"9F26", "DEAE676D1C473411"}, {"9F27", "80"}, {"9F10", "07020103A0A806010A01000000000098F01F52"},
	{"9F37", "AA0FBE65"}, {"9F36", "0349"}, {"95", "008004E000"}, {"9A", "161115"}, {"9C", "00"},
	{"9F02", "000000005588"}, {"5F2A", "0156"}, {"82", "7C00"}, {"9F1A", "0156"}, {"9F03", "000000000000"},
	{"9F33", "E0E1C8"}, {"9F34", "420300"}, {"9F35", "22"}, {"9F1E", "3132333435363738"},
	{"84", "A000000333010101"}, {"9F09", "0030"}, {"9F41", "00000003"},
}

func chipData() string {
	var data string
	for _, object := range chipObjects {
		value := fromHex(object[1])
		data += fromHex(object[0]) + string([]byte{byte(len(value))}) + value
	}
	return data
}

// unionPayFrame is the frame that unionPayChip was read from.
const unionPayFrame = "600003000060310031FFF10200702406C000C09A3119621797000000000042200000000000000055880000232312051000010006323938" +
	"3030303133383438323930343431313136303030313536086BDB118D7AC25E260000000000000001459F2608DEAE676D1C4734119F2701" +
	"809F101307020103A0A806010A01000000000098F01F529F3704AA0FBE659F360203499505008004E0009A031611159C01009F02060000" +
	"000055885F2A02015682027C009F1A0201569F03060000000000009F3303E0E1C89F34034203009F3501229F1E08313233343536373884" +
	"08A0000003330101019F090200309F41040000000300123030303030313030303137380013220000000006004643423245374432"

func fromHex(digits string) string {
	b, err := hex.DecodeString(digits)
	if err != nil {
		panic("benchmarks: " + err.Error())
	}
	return string(b)
}

// values returns what the fields are set to, by number.
func (s *sample) values() (v [65][]byte) {
	for _, f := range s.fields {
		v[f.number] = []byte(f.value)
	}
	return v
}
