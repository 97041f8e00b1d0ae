package gm

import (
	"github.com/emmansun/gmsm/sm4"

	"github.com/posline/posline/crypto"
)

// SM4 is the option that lets a key of algorithm crypto.SM4 be made: clearkey.Import(attributes, bytes, gm.SM4). The
// key, and every key derived from it, then works in all packages that work over a block cipher.
func SM4(o *crypto.KeyOptions) { o.UseSM4(sm4.NewCipher) }
