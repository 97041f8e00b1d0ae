// Package gm brings the Chinese national algorithms SM2, SM3 and SM4 to the keys of package crypto.
//
// Begin with [SM4], the option under which SM4 keys are made; everything else in the module then works with them as
// with any other key: MACs, key check values, key blocks, PIN blocks, data encryption. [NewPrivateKey] makes an SM2 key
// pair out of a crypto.Key, to sign, to decrypt and to unwrap keys; [PublicKey] verifies, encrypts and wraps. [NewSM3] is the
// hash, and [SM3] the option that lets HMAC keys use it.
//
// It is the only package of the module that links the gmsm library; programs without SM keys do not pay for it. It does
// no certificates, no key agreement and no TLCP.
//
// # Security
//
// The algorithms are gmsm's, with whatever protection against side channels gmsm has on the platform. SM4 keys are
// refused under GODEBUG=fips140=only (crypto.ErrFIPS), and so are the functions of SM2. Failed verification and failed
// decryption are crypto.ErrVerify and say no more.
package gm
