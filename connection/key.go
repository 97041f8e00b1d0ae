package connection

// KeyFunc reads from the bytes of a frame what matches an answer with its request: the class and function of the
// MTI, the STAN, the terminal, whatever the two have in common. Equal keys mean that the two belong together. The
// key is the exact value, not a hash; an absent field must be part of it as absent. The second result is one of the
// Kind constants. message.KeyFunc makes such a function from a codec and field numbers.
//
// A KeyFunc is called concurrently, on frames from outside: it must not keep or change the frame.
type KeyFunc = func(frame []byte) (key [32]byte, kind uint8, err error)

// What a frame is, as a KeyFunc tells.
const (
	KindOther    uint8 = 0 // neither: it goes to the Handler
	KindRequest  uint8 = 1 // expects an answer: MTIs with an even function digit (0100, 0420, 0800)
	KindResponse uint8 = 2 // answers a request: MTIs with an odd function digit (0110, 0430, 0810)
)
