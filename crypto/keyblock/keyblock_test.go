package keyblock_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/gm"
	"github.com/posline/posline/crypto/keyblock"
)

const (
	tdesHex = "0123456789ABCDEFFEDCBA98765432101032547698BADCFE"
	aesHex  = "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6"
)

// every is a key of every kind that is carried.
func every(t *testing.T) map[string]crypto.Key {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalECPrivateKey(private)
	require.NoError(t, err)
	k := unhex(t, "A7C01D3B5E927F4486B1D8E2930C4A6F112E3D4C5B6A798897A6B5C4D3E2F101")
	return map[string]crypto.Key{
		"DES": importKey(t, "D0DB00S", k[:8]), "2TDEA": importKey(t, "P0TE12S", k[:16]), "3TDEA": importKey(t, "B0TX00S", k[:24]),
		"AES-128": importKey(t, "K0AB00S", k[:16]), "AES-192": importKey(t, "M6AC00S", k[:24]), "AES-256": importKey(t, "D0AN00S", k),
		"HMAC": importKey(t, "M7HGc1S", k[:20]), "SM4": importKey(t, "P04B00S", k[:16], gm.SM4), "EC": importKey(t, "S0ES00S", der),
	}
}

func TestRoundTrips(t *testing.T) {
	blocks := []keyblock.Block{
		keyblock.Label("retail terminal 7"), keyblock.CheckValueOfKBPK(), keyblock.Created(time.Unix(1600000000, 0)),
		{ID: "10", Data: "proprietary"}, {ID: "WP", Data: "000"},
	}
	for version := keyblock.VersionA; version <= keyblock.VersionE; version++ {
		master := kbpk(t, byte(version), unhex(t, tdesHex))
		if version >= keyblock.VersionD {
			master = kbpk(t, byte(version), unhex(t, aesHex))
		}
		for name, k := range every(t) {
			for _, showLength := range []bool{false, true} {
				for _, optional := range [][]keyblock.Block{nil, blocks, blocks[1:2], {keyblock.Label(strings.Repeat("x", 300))}} {
					w := keyblock.Wrapping{Version: version, Blocks: optional, ShowLength: showLength, AllowLegacy: true}
					dst, err := keyblock.Wrap([]byte("prefix"), master, k, w)
					require.NoError(t, err, name)
					block := bytes.TrimPrefix(dst, []byte("prefix"))
					o := lenient
					o.Key = append(o.Key, gm.SM4)
					got, header, err := keyblock.Unwrap(master, block, o)
					require.NoError(t, err, "%s %s", version, name)
					require.True(t, k.Equal(got))
					require.Equal(t, version, header.Version)
					requireBlocks(t, optional, header, version)
					parsed, err := keyblock.Parse(block, keyblock.Options{})
					require.NoError(t, err)
					require.Equal(t, header, parsed)
				}
			}
		}
	}
}

// requireBlocks checks that the optional blocks came through in their order, a padding block perhaps behind them.
func requireBlocks(t *testing.T, want []keyblock.Block, h keyblock.Header, version keyblock.Version) {
	t.Helper()
	got := h.Blocks
	if n := len(got); n > 0 && got[n-1].ID == "PB" {
		got = got[:n-1]
	}
	require.Len(t, got, len(want))
	for i, b := range want {
		require.Equal(t, b.ID, got[i].ID)
		if b.Data != "" {
			require.Equal(t, b.Data, got[i].Data)
		}
	}
}

// No block with one character changed is accepted, whatever the version.
func TestEveryCharacter(t *testing.T) {
	for version := keyblock.VersionA; version <= keyblock.VersionE; version++ {
		master := kbpk(t, byte(version), unhex(t, tdesHex)[:16], crypto.TableDES)
		if version >= keyblock.VersionD {
			master = kbpk(t, byte(version), unhex(t, aesHex)[:16])
		}
		w := keyblock.Wrapping{Version: version, Blocks: []keyblock.Block{keyblock.CheckValue()}, AllowLegacy: true}
		block, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], w)
		require.NoError(t, err)
		require.Zero(t, acceptedMutants(t, master, block), "version %s", version)
		for n := range len(block) {
			_, _, err := keyblock.Unwrap(master, block[:n], lenient)
			require.ErrorIs(t, err, keyblock.ErrBlock)
		}
		other := kbpk(t, byte(version), unhex(t, "404142434445464748494A4B4C4D4E4F"))
		_, _, err = keyblock.Unwrap(other, block, lenient)
		require.Equal(t, keyblock.ErrBlock, err)
	}
}

func TestConcurrentUse(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	k := every(t)["2TDEA"]
	shared, err := keyblock.Wrap(nil, master, k, keyblock.Wrapping{})
	require.NoError(t, err)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 20 {
				got, _, err := keyblock.Unwrap(master, shared, keyblock.Options{})
				if err != nil || !got.Equal(k) {
					t.Error("another key", err)
				}
				if _, err := keyblock.Wrap(nil, master, k, keyblock.Wrapping{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

func TestErrorsShowNothing(t *testing.T) {
	master := kbpk(t, 'D', unhex(t, aesHex))
	block, err := keyblock.Wrap(nil, master, every(t)["2TDEA"], keyblock.Wrapping{Blocks: []keyblock.Block{keyblock.Label("secret label")}})
	require.NoError(t, err)
	for i := range block {
		changed := bytes.Clone(block)
		changed[i] ^= 1
		_, _, err := keyblock.Unwrap(master, changed, keyblock.Options{})
		text := fmt.Sprintf("%v %+v", err, err)
		require.NotContains(t, text, "secret")
		require.NotContains(t, text, strings.ToUpper(tdesHex[:8]))
	}
}
