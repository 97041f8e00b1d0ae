package dukpt

import (
	"github.com/posline/posline/crypto"
	"github.com/posline/posline/internal/keymaterial"
)

// The options below are given to a base derivation key when it is made, and go over to the keys derived from it. What
// they open cannot be asked for by a call.

// InitialExportable lets the initial keys derived from the base key leave in key blocks though the base key itself may
// not: for a facility that loads devices (X9.24-1 section 8.4). Without it an initial key leaves as its base key does.
func InitialExportable(o *crypto.KeyOptions) {
	o.Permit(keymaterial.Grant(), keymaterial.InitialExports)
}

// AllowLegacyData admits TDES.LegacyData, the PIN key as a data key, for readers that encrypt track data under it against
// X9.24-1. Devices under such a base key must have no PIN pad: their host could decrypt PIN blocks as data.
func AllowLegacyData(o *crypto.KeyOptions) { o.Permit(keymaterial.Grant(), keymaterial.LegacyData) }

// AllowSingleDES admits SingleDES, the DUKPT of X9.24-1:1992, which is breakable.
func AllowSingleDES(o *crypto.KeyOptions) { o.Permit(keymaterial.Grant(), keymaterial.SingleDES) }
