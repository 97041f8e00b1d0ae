package message

import "bytes"

// Answers tells whether a message is the response to a request: version and class of the message type are the same, its
// function is the response to that of the request (0200 and 0210, 0420 and 0421 and 0430), and so are the values of the
// given data elements, such as 11 and 41, just as they stand. An element that both lack counts as the same; one
// that neither spec has is never the same. It is KeyFunc for messages that are unpacked already.
func Answers(request, response *Message, numbers ...int) bool {
	if !request.hasMTI || !response.hasMTI {
		return false
	}
	asked, answer := request.mti, response.mti
	if kindOf(asked[2]) != KeyRequest || kindOf(answer[2]) != KeyResponse || functionGroup(answer[2]) != asked[2] {
		return false
	}
	if asked[0] != answer[0] || asked[1] != answer[1] {
		return false
	}
	for _, number := range numbers {
		a, b := request.part(number), response.part(number)
		if a.Present() != b.Present() || a.Node == nil && b.Node == nil {
			return false
		}
		var bufA, bufB [1024]byte // the values of LLL fields are no longer
		if !bytes.Equal(a.Append(bufA[:0]), b.Append(bufB[:0])) {
			return false
		}
	}
	return true
}
