// Package gm brings the Chinese national algorithms SM2, SM3 and SM4 to the keys of package crypto.
//
// Begin with [SM4], the option under which SM4 keys are made; everything else in the module then works with them as
// with any other key. It is the only package that links the gmsm library.
package gm
