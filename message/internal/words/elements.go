package words

// Response puts field 39 into words: the answer to a request, or the reason of a reversal in one.
func Response(mti []byte, code string) string {
	if len(mti) == 4 && mti[1] == '4' && (mti[2]-'0')%2 == 0 {
		if reason, ok := reversalReasons[code]; ok {
			return reason
		}
	}
	return responses[code]
}

// AppendProcessing puts field 3 into words.
func AppendProcessing(dst []byte, code string) []byte {
	kind, ok := transactions[code[:2]]
	if !ok {
		return dst
	}
	dst = append(dst, kind...)
	if from := accounts[code[2:4]]; from != "" {
		dst = append(append(dst, ", from "...), from...)
	}
	if to := accounts[code[4:]]; to != "" {
		dst = append(append(dst, ", to "...), to...)
	}
	return dst
}

// AppendEntry puts field 22 into words.
func AppendEntry(dst []byte, code string) []byte {
	how, ok := entries[code[:2]]
	if !ok {
		return dst
	}
	dst = append(dst, how...)
	switch code[2] {
	case '1':
		return append(dst, ", with PIN"...)
	case '2':
		return append(dst, ", without PIN"...)
	}
	return dst
}
