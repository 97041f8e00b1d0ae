package routing

import (
	"context"
	"errors"

	"github.com/posline/posline/connection"
)

// Health is what the end of an exchange says about the way it took.
type Health uint8

// The zero value says nothing.
const (
	Neutral     Health = iota // nothing: the caller gave up, a limit of our own, a request that could not be sent now
	Good                      // the host answered for the issuer: approved, or declined for the payer's reasons
	LineFault                 // connecting, writing, framing or the end of a connection: the way to the host
	HostFault                 // no answer in time, or the host says that it cannot (96, 68, 92 ...)
	IssuerFault               // the host works and says that it cannot reach this issuer (91 for one BIN range)
)

var healthNames = [...]string{"neutral", "good", "line fault", "host fault", "issuer fault"}

// String returns the name in words.
func (h Health) String() string {
	if int(h) < len(healthNames) {
		return healthNames[h]
	}
	return "unknown health"
}

// OfError is the Health of a failed exchange, and Good without an error: what Config.Classify begins with.
//
// Time that ran out counts against the host; a request that certainly did not leave because of contention, draining or
// the caller counts against nobody; all other errors of a connection count against the line.
func OfError(err error) Health {
	switch {
	case err == nil:
		return Good
	case errors.Is(err, context.Canceled), errors.Is(err, connection.ErrBusy), errors.Is(err, connection.ErrDuplicateKey),
		errors.Is(err, connection.ErrNotRequest), errors.Is(err, connection.ErrDraining):
		return Neutral
	case errors.Is(err, connection.ErrTimeout), errors.Is(err, context.DeadlineExceeded):
		if connection.SafeToRetry(err) {
			return LineFault // it waited for a line all the time
		}
		return HostFault
	case errors.Is(err, connection.ErrRejected):
		return HostFault
	}
	return LineFault
}
