package gm

import (
	"hash"

	"github.com/emmansun/gmsm/sm3"
)

// NewSM3 returns the SM3 hash (GB/T 32905): 32 bytes.
func NewSM3() hash.Hash { return sm3.New() }

// SumSM3 returns the SM3 hash of data.
func SumSM3(data []byte) [32]byte { return sm3.Sum(data) }
