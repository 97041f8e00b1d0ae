package gm

import (
	"hash"

	"github.com/emmansun/gmsm/sm3"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// SM3 is the option that lets an HMAC key compute HMAC-SM3 (GB/T 15852.2, crypto.HMACSM3 in package mac).
func SM3(o *crypto.KeyOptions) { o.UseSM3(keymaterial.Grant(), sm3.New) }

// NewSM3 returns the SM3 hash (GB/T 32905): 32 bytes.
func NewSM3() hash.Hash { return sm3.New() }

// SumSM3 returns the SM3 hash of data. GB/T 32905.
func SumSM3(data []byte) [32]byte { return sm3.Sum(data) }
