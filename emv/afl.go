package emv

import "iter"

// AFL is the Application File Locator, tag 94: which records the terminal is to read, four octets an entry. EMV Book 3
// section 10.2.
type AFL []byte

// AFLEntry is a run of records of one file.
type AFLEntry struct {
	SFI   int // short file identifier, 1 to 30
	First int // first record, from 1
	Last  int // last record
	ODA   int // how many of them, from the first on, take part in offline data authentication
}

// RecordRef names one record.
type RecordRef struct {
	SFI    int
	Record int
	ODA    bool // takes part in offline data authentication
}

// ParseAFL checks that b is a whole list of sound entries and returns it as an AFL, without copying.
func ParseAFL(b []byte) (AFL, error) {
	if len(b) == 0 || len(b)%4 != 0 {
		return nil, &ValueError{Tag: 0x94, Err: ErrLength}
	}
	for i := 0; i < len(b); i += 4 {
		if _, err := parseAFLEntry(b[i : i+4]); err != nil {
			return nil, &ValueError{Tag: 0x94, Offset: i, Err: err}
		}
	}
	return AFL(b), nil
}

func parseAFLEntry(b []byte) (AFLEntry, error) {
	e := AFLEntry{SFI: int(b[0] >> 3), First: int(b[1]), Last: int(b[2]), ODA: int(b[3])}
	switch {
	case b[0]&7 != 0 || e.SFI < 1 || e.SFI > 30:
		return e, ErrSFI
	case e.First < 1 || e.Last < e.First || e.ODA > e.Last-e.First+1:
		return e, ErrRecordRange
	}
	return e, nil
}

// Entries iterates over the entries. It stops before one that is not sound; ParseAFL leaves none.
func (a AFL) Entries() iter.Seq[AFLEntry] {
	return func(yield func(AFLEntry) bool) {
		for b := a; len(b) >= 4; b = b[4:] {
			e, err := parseAFLEntry(b)
			if err != nil || !yield(e) {
				return
			}
		}
	}
}

// Records iterates over every record in the order in which the terminal reads them.
func (a AFL) Records() iter.Seq[RecordRef] {
	return func(yield func(RecordRef) bool) {
		for e := range a.Entries() {
			for n := e.First; n <= e.Last; n++ {
				if !yield(RecordRef{SFI: e.SFI, Record: n, ODA: n-e.First < e.ODA}) {
					return
				}
			}
		}
	}
}
