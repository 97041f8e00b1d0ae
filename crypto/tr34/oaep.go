package tr34

import (
	"bytes"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// oaepForms are the ways to write the parameters of RSAES-OAEP with SHA-256 for hash and mask and no label (RFC 4055 section
// 4.1), first the one that is written. NULL may stand behind SHA-256 or not (section 2.1), the empty label is the default
// and may be left out, and the samples of TR-34 have the three parts without their tags.
var oaepForms = func() (forms [][]byte) {
	for form := range 16 {
		forms = append(forms, oaepForm(form&1 == 0, form&2 == 0, form&4 == 0, form&8 == 0))
	}
	return forms
}()

func isOAEP(parameters []byte) bool {
	for _, form := range oaepForms {
		if bytes.Equal(parameters, form) {
			return true
		}
	}
	return false
}

func oaepForm(tagged, hashNull, maskNull, label bool) []byte {
	return wrap(der.SEQUENCE, func(b *cryptobyte.Builder) {
		part := func(n int, oid []int, parameters cryptobyte.BuilderContinuation) {
			if !tagged {
				addAlgorithm(b, oid, parameters)
				return
			}
			b.AddASN1(der.Tag(n).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { addAlgorithm(b, oid, parameters) })
		}
		part(0, oidSHA256, nullIf(hashNull))
		part(1, oidMGF1, func(b *cryptobyte.Builder) { addAlgorithm(b, oidSHA256, nullIf(maskNull)) })
		if label {
			part(2, oidPSpecified, func(b *cryptobyte.Builder) { b.AddASN1OctetString(nil) })
		}
	})
}

func nullIf(present bool) cryptobyte.BuilderContinuation {
	if present {
		return null
	}
	return nil
}
