//go:build amd64 || arm64

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A spec file of moov's is taken as it is, and converts to one of ours that reads the same.
func TestMoovSpecFile(t *testing.T) {
	theirs := writeFile(t, "moov.json", `{"name":"Acquirer","fields":{
		"0":{"type":"String","length":4,"description":"Message type","enc":"ASCII","prefix":"ASCII.Fixed"},
		"1":{"type":"Bitmap","length":16,"description":"Bitmap","enc":"HexToASCII","prefix":"Hex.Fixed"},
		"11":{"type":"String","length":6,"description":"STAN","enc":"ASCII","prefix":"ASCII.Fixed"}}}`)
	const message = "30323030" + "3030323030303030303030303030303030303030303030303030303030303030" + "303030313233"
	const want = `{"0":"0200","11":"000123"}` + "\n"
	r := try(message, "decode", "-spec", theirs, "-clear", "-json")
	require.Equal(t, exitGood, r.status, r.errors)
	require.Equal(t, want, r.out)

	converted := try("", "spec", "convert", theirs)
	require.Equal(t, exitGood, converted.status, converted.errors)
	again := try(message, "decode", "-spec", writeFile(t, "ours.json", converted.out), "-clear", "-json")
	require.Equal(t, result{exitGood, want, ""}, again)
}
