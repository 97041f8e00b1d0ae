package tr34

import (
	"context"
	"crypto/x509"

	"github.com/posline/posline/crypto"
)

// A Distributor brings keys into devices: the seam for a hardware security module, beside which Host stands. TR-34 section 4.
type Distributor interface {
	// DistributeKey returns the token that brings a key to a device that sent the challenge (KT_KDH, two passes).
	DistributeKey(ctx context.Context, device *x509.Certificate, challenge []byte, key crypto.KeyRef) ([]byte, error)
}

var _ Distributor = (*Host)(nil)

// DistributeKey is Key for a reference of this process: a crypto.Key or a typed key. One of another provider is
// crypto.ErrKeyRef. TR-34 section 4.
func (h *Host) DistributeKey(_ context.Context, device *x509.Certificate, challenge []byte, key crypto.KeyRef) ([]byte, error) {
	k, derived, err := crypto.SoftwareKey(key)
	defer derived.Destroy()
	if err != nil {
		return nil, err
	}
	return h.Key(device, challenge, k)
}
