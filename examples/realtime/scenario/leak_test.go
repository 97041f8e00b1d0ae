package scenario

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/pinblock"
)

// secret is something that must not be found in what a run wrote, in any of its forms.
type secret struct {
	what  string
	forms [][]byte
}

// text is a secret of digits: as characters, packed two to a byte from either nibble, and as hexadecimal of the characters.
func text(what, digits string) secret {
	s := secret{what, [][]byte{[]byte(digits), []byte(hex.EncodeToString([]byte(digits)))}}
	packable := strings.NewReplacer("=", "D").Replace(digits)
	for _, shifted := range []string{packable, packable[1:]} {
		packed, err := hex.DecodeString(shifted[:len(shifted)/2*2])
		if err == nil {
			s.forms = append(s.forms, packed)
		}
	}
	return s
}

// bytesOf is a secret of bytes: as they are, as hexadecimal and in base64.
func bytesOf(what string, b []byte) secret {
	s := secret{what, [][]byte{b, []byte(hex.EncodeToString(b)), []byte(strings.ToUpper(hex.EncodeToString(b)))}}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		s.forms = append(s.forms, []byte(encoding.EncodeToString(b)))
	}
	return s
}

func (s secret) in(data []byte) bool {
	for _, form := range s.forms {
		if bytes.Contains(data, form) {
			return true
		}
	}
	return false
}

// secrets lists all that a world knows and nobody may read: cards, PINs, pay codes, keys.
func (w *World) secrets(t *testing.T) []secret {
	var list []secret
	for _, c := range w.cards {
		list = append(list, text("a card number", c.pan), text("a track", c.track2), text("a track", strings.Replace(c.track2, "D", "=", 1)))
		digits := c.pin.AppendClear(nil)
		// The bare digits of a PIN are found by accident, so what is looked for is what holds them: the blocks.
		block := append([]byte{byte(len(digits))}, unhex(t, string(digits)+"FFFFFFFF")...)
		list = append(list, bytesOf("a PIN", block[:5]))
		encoded, err := pinblock.Encode(nil, pinblock.ISO0, c.pin, c.pan)
		require.NoError(t, err)
		list = append(list, bytesOf("a clear PIN block", encoded))
	}
	for _, code := range w.payers.codes {
		list = append(list, text("a pay code", code))
	}
	for name, key := range w.keys {
		clear, err := clearkey.Export(key)
		if name == verificationKey {
			require.ErrorIs(t, err, crypto.ErrExport, "its rules keep it from leaving bare, also for this test")
			continue
		}
		require.NoError(t, err, name)
		list = append(list, bytesOf("key "+name, clear))
	}
	for _, key := range append(w.secretKeys, w.config.Secret) {
		list = append(list, bytesOf("the secret of a key store", key[:]))
	}
	return append(list, w.workKeys(t)...)
}

// workKeys are the keys that the switch made: under the terminals' master keys in the database.
func (w *World) workKeys(t *testing.T) []secret {
	sessions := w.sessions(t)
	require.Len(t, sessions, len(w.config.Terminals))
	var list []secret
	for id, block := range sessions {
		master, err := clearkey.Export(w.keys[terminalKey(id)])
		require.NoError(t, err)
		key, err := clearkey.Import(crypto.MustAttributes("D0TB00N"), master)
		require.NoError(t, err)
		data, err := crypto.NewDataKey(key)
		require.NoError(t, err)
		for _, wrapped := range [][]byte{block[:16], block[20:28], block[20:36]} {
			clear, err := data.AppendDecrypt(nil, crypto.ECB, nil, wrapped)
			require.NoError(t, err)
			list = append(list, bytesOf("a work key of terminal "+id, clear))
		}
	}
	return list
}

func unhex(t *testing.T, text string) []byte {
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

// findings looks for the secrets in every file under the folder, and in the other texts of the run.
func findings(t *testing.T, secrets []secret, folder string, others map[string][]byte) (found []string) {
	files := 0
	search := func(name string, data []byte) {
		for _, s := range secrets {
			if s.in(data) {
				found = append(found, s.what+" in "+name)
			}
		}
	}
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files++
		search(filepath.Base(path), data)
		return err
	}))
	require.GreaterOrEqual(t, files, 10, "database, log, key stores, journals")
	for name, data := range others {
		require.NotEmpty(t, data, name)
		search(name, data)
	}
	return found
}
