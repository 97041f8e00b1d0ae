package payshield

import (
	"errors"
	"fmt"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/keyblock"
	"github.com/posline/posline/pinblock"
)

// ErrReply is an answer that is none to the request: too short, of another command, with fields out of shape or left over.
// What the device did is not known; nothing may be decided by it.
var ErrReply = errors.New("payshield: not an answer to the request")

// ErrTestLMK is a device whose keys anybody can read: its local master key is the published test key.
var ErrTestLMK = errors.New("payshield: the device has the published test keys")

// ErrData is data of the caller's that no field of the command can hold.
var ErrData = errors.New("payshield: data out of shape")

// Class says what an error code is about, and so who can do something about it.
type Class uint8

// The classes.
const (
	Other    Class = iota // not known, or another thing for each command
	Refused               // a rule: the value is not right
	KeyFault              // the key: its parity, length, scheme, type, key block
	Input                 // what the caller sent
	Device                // the device: it cannot now, or is not licensed to; another may
)

// String returns the class's name.
func (c Class) String() string {
	names := [...]string{"other", "refused", "key", "input", "device"}
	if int(c) >= len(names) {
		return "unknown class"
	}
	return names[c]
}

// Error is a device's refusal. It holds nothing of the message but two characters.
type Error struct {
	Command string // "CA"
	Code    string // "20"
}

func (e *Error) Error() string {
	return fmt.Sprintf("payshield: %s refused with %s: %s", e.Command, e.Code, e.what())
}

// Unwrap returns the error of the library that the code stands for, nil if there is none.
func (e *Error) Unwrap() error { return e.meaning().err }

// Class returns the class of the code.
func (e *Error) Class() Class { return e.meaning().class }

func (e *Error) what() string {
	if what := e.meaning().what; what != "" {
		return what
	}
	return "unknown code"
}

// Failover reports whether another device may do what this one did not: a device that says it cannot, or a request that
// certainly never left.
func Failover(err error) bool {
	var refusal *Error
	if errors.As(err, &refusal) {
		return refusal.Class() == Device
	}
	return connection.SafeToRetry(err)
}

type meaning struct {
	class Class
	what  string
	err   error
}

// verifying are the commands whose code 01 says that a value is not right.
var verifying = map[string]bool{
	"DA": true, "DC": true, "EA": true, "EC": true, "CU": true, "CY": true, "M8": true, "KQ": true,
}

func (e *Error) meaning() meaning {
	if e.Code == "01" {
		if verifying[e.Command] {
			return meaning{Refused, "verification failed", crypto.ErrVerify}
		}
		return meaning{Refused, "verification failed or parity warning", nil}
	}
	if m, ok := meanings[e.Code]; ok {
		return m
	}
	if len(e.Code) == 2 && (e.Code[0] == 'A' || e.Code[0] == 'B') {
		return meaning{KeyFault, "key block", crypto.ErrAttributes}
	}
	return meaning{}
}

var meanings = map[string]meaning{
	"02": {KeyFault, "key length", crypto.ErrKeyLength},
	"03": {Input, "number, length or type", nil},
	"04": {Input, "key type or mode", nil},
	"05": {Input, "length flag, hash or scheme", nil},
	"10": {KeyFault, "parity of the first key", crypto.ErrParity},
	"11": {KeyFault, "parity of the second key", crypto.ErrParity},
	"12": {Device, "user storage is empty", nil},
	"13": {Device, "local master key", nil},
	"14": {Input, "PIN under the local master key", nil},
	"15": {Input, "input data", nil},
	"17": {Device, "not in the authorised state", nil},
	"19": {Input, "Diebold table", nil},
	"20": {Input, "PIN block", pinblock.ErrBlock},
	"21": {Input, "index", nil},
	"22": {Input, "account number", pinblock.ErrPAN},
	"23": {Input, "PIN block format", pinblock.ErrFormat},
	"24": {Input, "PIN length", pinblock.ErrPIN},
	"25": {Input, "decimalisation table", pinblock.ErrData},
	"26": {KeyFault, "key scheme", crypto.ErrUnsupported},
	"27": {KeyFault, "key length", crypto.ErrKeyLength},
	"28": {KeyFault, "key type", crypto.ErrUsage},
	"29": {KeyFault, "key function not permitted", crypto.ErrUsage},
	"39": {Device, "fraud detection", nil},
	"40": {Device, "checksum of the firmware", nil},
	"41": {Device, "internal fault", nil},
	"42": {Device, "DES failure", nil},
	"47": {Device, "algorithm is not licensed", nil},
	"67": {Device, "command is not licensed", nil},
	"68": {Device, "command is disabled", nil},
	"69": {Device, "PIN block format is disabled", pinblock.ErrPolicy},
	"75": {KeyFault, "single-length key as a double-length one", crypto.ErrWeakKey},
	"80": {Input, "length of the data", nil},
	"81": {Input, "length of the PIN", nil},
	"82": {KeyFault, "key block or check value", nil},
	"A4": {KeyFault, "authentication of the key block", keyblock.ErrBlock},
	"BB": {KeyFault, "key that wraps the key block", keyblock.ErrWeakKBPK},
}
