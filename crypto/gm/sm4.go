package gm

import (
	"github.com/emmansun/gmsm/sm4"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// SM4 is the option that lets a key of algorithm crypto.SM4 be made: clearkey.Import(attributes, bytes, gm.SM4). The
// key, and every key derived from it, then works in all packages that work over a block cipher. GB/T 32907.
func SM4(o *crypto.KeyOptions) { o.UseSM4(keymaterial.Grant(), sm4.NewCipher) }
