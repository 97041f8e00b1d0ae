// Package notify tells merchants what arrived. It reads the ledger's outbox, whose notices were written together with
// their postings, and brings each to its merchant in two ways: as a webhook, repeated until the merchant confirms it, and as
// server-sent events, which a client can resume after any of them.
//
// An event has one idempotency key however often it is delivered: a receiver that keeps the keys it has seen counts
// each payment once. Start with Relay and Events; Verify is the receiver's side.
package notify

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/posline/posline/crypto/mac"
)

// The headers of a webhook. Its body is a ledger.Tell in JSON.
const (
	// KeyHeader has the event's idempotency key, the same as in the body.
	KeyHeader = "Idempotency-Key"

	// SignatureHeader has "t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA256>" over those seconds, a full stop and the
	// body.
	SignatureHeader = "Posline-Signature"
)

// Tolerance is how far a signature's time may be from the receiver's: an old request cannot be sent again later.
const Tolerance = 5 * time.Minute

// ErrSignature is the one answer to a webhook that is not the acquirer's, or too old.
var ErrSignature = errors.New("notify: wrong signature")

// Sign returns the value of the signature header.
func Sign(m *mac.MAC, at time.Time, body []byte) (string, error) {
	seconds := strconv.FormatInt(at.Unix(), 10)
	code, err := m.Append(nil, signed(seconds, body))
	return fmt.Sprintf("t=%s,v1=%s", seconds, hex.EncodeToString(code)), err
}

// Verify returns ErrSignature unless the header is the body's, made within Tolerance of the given time.
func Verify(m *mac.MAC, at time.Time, header string, body []byte) error {
	seconds, code, _ := strings.Cut(strings.TrimPrefix(header, "t="), ",v1=")
	number, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || at.Sub(time.Unix(number, 0)).Abs() > Tolerance {
		return ErrSignature
	}
	given, err := hex.DecodeString(code)
	if err != nil || m.Verify(signed(seconds, body), given) != nil {
		return ErrSignature
	}
	return nil
}

func signed(seconds string, body []byte) []byte {
	return append([]byte(seconds+"."), body...)
}

// Merchant is who is told.
type Merchant struct {
	ID    string
	URL   string   // of the webhook
	MAC   *mac.MAC // HMAC-SHA256, for the webhook's signature
	Token string   // that opens the stream of events
}
