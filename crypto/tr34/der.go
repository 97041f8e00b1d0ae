package tr34

import (
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	der "golang.org/x/crypto/cryptobyte/asn1"
)

// Context-specific tags: [0] and [1], constructed.
var (
	tag0 = der.Tag(0).ContextSpecific().Constructed()
	tag1 = der.Tag(1).ContextSpecific().Constructed()
)

// readAlgorithm reads an AlgorithmIdentifier and returns its parameters, of any type; nil for none.
func readAlgorithm(s *cryptobyte.String) (oid asn1.ObjectIdentifier, parameters cryptobyte.String, ok bool) {
	var algorithm cryptobyte.String
	if !s.ReadASN1(&algorithm, der.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) {
		return nil, nil, false
	}
	if algorithm.Empty() {
		return oid, nil, true
	}
	var tag der.Tag
	ok = algorithm.ReadAnyASN1Element(&parameters, &tag) && algorithm.Empty()
	return oid, parameters, ok
}

// isNull reports whether parameters are absent or NULL, which means the same to the algorithms that have none.
func isNull(parameters cryptobyte.String) bool {
	return len(parameters) == 0 || len(parameters) == 2 && parameters[0] == byte(der.NULL) && parameters[1] == 0
}

// addAlgorithm writes an AlgorithmIdentifier; parameters may be nil.
func addAlgorithm(b *cryptobyte.Builder, oid asn1.ObjectIdentifier, parameters cryptobyte.BuilderContinuation) {
	b.AddASN1(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		if parameters != nil {
			parameters(b)
		}
	})
}

func null(b *cryptobyte.Builder) { b.AddASN1NULL() }

// wrap writes one element and gives its bytes. The builder only fails on misuse, and no length here comes near its limit.
func wrap(tag der.Tag, content cryptobyte.BuilderContinuation) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag, content)
	return b.BytesOrPanic()
}

// contentInfo is the outermost layer of a token (RFC 5652 section 3).
func contentInfo(signed []byte) []byte {
	return wrap(der.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSignedData)
		b.AddASN1(tag0, func(b *cryptobyte.Builder) { b.AddBytes(signed) })
	})
}

// parseContentInfo returns the SignedData that a token is.
func parseContentInfo(token []byte) ([]byte, error) {
	s := cryptobyte.String(token)
	var info, content cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !s.ReadASN1(&info, der.SEQUENCE) || !s.Empty() || !info.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(oidSignedData) ||
		!info.ReadASN1(&content, tag0) || !info.Empty() {
		return nil, malformed("content info")
	}
	return content, nil
}
