package saf

import "time"

// Alert is something a person should know.
type Alert struct {
	Kind        AlertKind
	Destination string
	ID          uint64
	Tries       int
	Age         time.Duration
	Err         error // the last failure; may be nil
}

// AlertKind says what happened.
type AlertKind uint8

// The kinds of alerts.
const (
	Refused      AlertKind = iota + 1 // the host refused the message: it will not be sent again
	TooOld                            // given up because of MaxAge
	TooManyTries                      // given up because of MaxTries
	Failing                           // a destination's oldest entry has failed often: told at the 3rd failure, the 4th, the 8th, the 16th and so on
	StoreError                        // the store could not record a try or an outcome; the entry may be sent again after a restart
)

func (k AlertKind) String() string {
	switch k {
	case Refused:
		return "refused by the host"
	case TooOld:
		return "given up: too old"
	case TooManyTries:
		return "given up: too many tries"
	case Failing:
		return "failing"
	case StoreError:
		return "store error"
	}
	return "unknown alert"
}
