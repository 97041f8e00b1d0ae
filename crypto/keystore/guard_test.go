package keystore_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto"
	"github.com/posline/posline/crypto/clearkey"
	"github.com/posline/posline/crypto/keystore"
)

// The file's secret may be the caller's own, so a key goes in only where its maker said so.
func TestWhatMayBeStored(t *testing.T) {
	store, err := keystore.New(vault, keystore.Options{Home: home})
	require.NoError(t, err)
	bytes := []byte("\x01\x23\x45\x67\x89\xab\xcd\xef\xfe\xdc\xba\x98\x76\x54\x32\x10")
	for attributes, want := range map[string]error{"K0TB00N": crypto.ErrExport, "K0TB00E": crypto.ErrExport, "K0TB00S": nil} {
		k, err := clearkey.Import(crypto.MustAttributes(attributes), bytes)
		require.NoError(t, err)
		require.ErrorIs(t, store.Put("k", k), want)
		k, err = clearkey.Import(crypto.MustAttributes(attributes), bytes, home.Storable)
		require.NoError(t, err)
		require.NoError(t, store.Put(attributes, k))
	}
	file, err := store.Append(nil)
	require.NoError(t, err)
	again, err := keystore.Decode(file, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	k, err := again.Get("K0TB00N")
	require.NoError(t, err)
	require.NoError(t, again.Put("moved", k), "what was stored may be stored")
	_, err = clearkey.Export(k)
	require.ErrorIs(t, err, crypto.ErrExport)
}

func TestSaveFollowsTheLink(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(folder, "disk"), 0o700))
	file, link := filepath.Join(folder, "disk", "keys"), filepath.Join(folder, "keys")
	store, err := keystore.Create(file, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	require.NoError(t, store.Close())
	if err := os.Symlink(file, link); err != nil {
		require.Equal(t, "windows", runtime.GOOS, "%v", err)
		return
	}
	store, err = keystore.Open(link, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	require.NoError(t, store.Put("k", importKey(t, "K0TB00N")))
	require.NoError(t, store.Save())
	info, err := os.Lstat(link)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeSymlink, "the link is a link still")
	again, err := keystore.Open(file, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	require.Equal(t, []string{"k"}, again.Names())
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	require.NoError(t, os.Remove(file))
	require.Error(t, store.Save())
}

func TestExposedFiles(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "wasip1" {
		return // no permissions to look at
	}
	path := filepath.Join(t.TempDir(), "keys")
	store, err := keystore.Create(path, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	require.NoError(t, store.Save())
	for mode, want := range map[os.FileMode]error{
		0o600: nil, 0o400: nil, 0o700: nil, 0o666: keystore.ErrExposed, 0o644: keystore.ErrExposed, 0o640: keystore.ErrExposed,
		0o620: keystore.ErrExposed, 0o610: keystore.ErrExposed, 0o601: keystore.ErrExposed,
	} {
		require.NoError(t, os.Chmod(path, mode))
		_, err = keystore.Open(path, vault, keystore.Options{Home: home})
		require.ErrorIs(t, err, want, mode)
		_, err = keystore.Open(path, vault, keystore.Options{Home: home, AllowShared: true})
		require.NoError(t, err)
	}
	_, err = keystore.Open(path+"x", vault, keystore.Options{Home: home, AllowShared: true})
	require.ErrorIs(t, err, os.ErrNotExist)
}

// Opening what is no file does not wait for it.
func TestOpenNeedsAFile(t *testing.T) {
	folder := t.TempDir()
	_, err := keystore.Open(folder, vault, keystore.Options{Home: home, AllowShared: true})
	require.ErrorIs(t, err, fs.ErrInvalid)
	pipe := filepath.Join(folder, "pipe")
	if !makePipe(t, pipe) {
		return
	}
	_, err = keystore.Open(pipe, vault, keystore.Options{Home: home})
	require.ErrorIs(t, err, fs.ErrInvalid)
	path := filepath.Join(folder, "keys")
	store, err := keystore.Create(path, vault, keystore.Options{Home: home})
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Rename(pipe, path))
	require.ErrorIs(t, store.Save(), fs.ErrInvalid)
}

// In a folder that everybody may write, anybody may put an old copy in the place of the file.
func TestFolderOfEverybody(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "wasip1" {
		return // no permissions to look at
	}
	for mode, want := range map[os.FileMode]error{
		0o700: nil, 0o775: nil, 0o777: keystore.ErrExposed, 0o702: keystore.ErrExposed, 0o777 | os.ModeSticky: nil,
	} {
		folder := t.TempDir()
		path := filepath.Join(folder, "keys")
		require.NoError(t, os.Chmod(folder, mode))
		_, err := keystore.Create(path, vault, keystore.Options{Home: home})
		require.ErrorIs(t, err, want, mode)
		if want != nil {
			require.NoFileExists(t, path)
			_, err = keystore.Create(path, vault, keystore.Options{Home: home, AllowShared: true})
			require.NoError(t, err)
		}
		_, err = keystore.Open(path, vault, keystore.Options{Home: home})
		require.ErrorIs(t, err, want, mode)
		_, err = keystore.Open(path, vault, keystore.Options{Home: home, AllowShared: true})
		require.NoError(t, err)
	}
	_, err := keystore.Create(filepath.Join(t.TempDir(), "no", "folder"), vault, keystore.Options{Home: home})
	require.ErrorIs(t, err, os.ErrNotExist)
}

// Save keeps the permissions that the store was opened with, and takes away those that it would not have been.
func TestSaveKeepsPermissions(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "wasip1" {
		return // no permissions to look at
	}
	for _, c := range []struct {
		before, since, after os.FileMode
		shared               bool
	}{
		{0o640, 0o640, 0o640, true}, {0o664, 0o664, 0o664, true}, {0o600, 0o600, 0o600, false}, {0o700, 0o700, 0o700, false},
		{0o600, 0o666, 0o600, false}, {0o400, 0o400, 0o600, false}, {0o440, 0o440, 0o640, true},
	} {
		path := filepath.Join(t.TempDir(), "keys")
		_, err := keystore.Create(path, vault, keystore.Options{Home: home})
		require.NoError(t, err)
		require.NoError(t, os.Chmod(path, c.before))
		store, err := keystore.Open(path, vault, keystore.Options{Home: home, AllowShared: c.shared})
		require.NoError(t, err)
		require.NoError(t, os.Chmod(path, c.since))
		require.NoError(t, store.Save())
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, c.after, info.Mode().Perm(), c)
	}
}

func TestPassphrasesTooEasy(t *testing.T) {
	for phrase, want := range map[string]error{
		"x": keystore.ErrSecret, "twelve-1234": keystore.ErrSecret, "twelve-12345": nil, "aaaaaaaaaaaaaaaaaaaaaaaa": keystore.ErrSecret,
		"abcdabcdabcdabcd": keystore.ErrSecret, "axcfaxfcxacf": keystore.ErrSecret, "axcfhaxfchxa": nil, "axcfeaxcfezz": nil, "123456789012": keystore.ErrSecret,
		"918273645546": keystore.ErrSecret, "920581746053": keystore.ErrSecret, "91827364554x": nil, "abcdefghijkl": keystore.ErrSecret, "nmlkjihgfedcba": keystore.ErrSecret,
		"abcdefgXhijk9": keystore.ErrSecret, "word!7word!7": keystore.ErrSecret, "word!7word!7wo": keystore.ErrSecret,
		"word!7wOrd!7": nil, "abcdef-x7qwm": nil, "aabcdef-x7qw": keystore.ErrSecret, "\x00\xffxyzzyq!7mw": nil,
	} {
		_, err := keystore.New(keystore.Passphrase([]byte(phrase)), cheap)
		require.ErrorIs(t, err, want, phrase)
		store, err := keystore.New(vault, cheap)
		require.NoError(t, err)
		require.ErrorIs(t, store.ChangeSecret(vault, keystore.Passphrase([]byte(phrase))), want, phrase)
	}
}

// A higher cost given to Open counts from the next Save on; a lower one never does.
func TestCostIsRaised(t *testing.T) {
	path, secret := filepath.Join(t.TempDir(), "keys"), keystore.Passphrase([]byte("correct horse battery"))
	store, err := keystore.Create(path, secret, cheap)
	require.NoError(t, err)
	require.NoError(t, store.Put("k", importKey(t, "K0TB00N")))
	require.NoError(t, store.Save())
	cost := func() []byte {
		file, err := os.ReadFile(path)
		require.NoError(t, err)
		return file[9:18]
	}
	low := cost()
	higher := keystore.Options{Home: home, Cost: keystore.Cost{Passes: 3, MemoryKiB: 19 << 10, Lanes: 1}}
	store, err = keystore.Open(path, secret, higher)
	require.NoError(t, err)
	require.Equal(t, low, cost())
	require.NoError(t, store.Save())
	require.NotEqual(t, low, cost())
	high := cost()
	for _, o := range []keystore.Options{cheap, higher, {}} {
		store, err = keystore.Open(path, secret, o)
		require.NoError(t, err)
		require.Equal(t, []string{"k"}, store.Names())
		require.NoError(t, store.Save())
		require.Equal(t, high, cost())
	}
	store, err = keystore.Open(path, secret, cheap)
	require.NoError(t, err)
	require.NoError(t, store.ChangeSecret(secret, secret))
	require.NoError(t, store.Save())
	require.Equal(t, high, cost(), "nor with another secret")
	_, err = keystore.Open(path, secret, keystore.Options{Home: home, Cost: keystore.Cost{Passes: 17, MemoryKiB: 19 << 10, Lanes: 1}})
	require.ErrorIs(t, err, keystore.ErrCost)
	_, err = keystore.Open(path, vault, higher)
	require.ErrorIs(t, err, keystore.ErrSealed)
}

// A symbolic link is as good as the folder that what it leads to lies in, and those of the links on the way.
func TestFolderOfEverybodyBehindALink(t *testing.T) {
	if runtime.GOOS == "windows" || runtime.GOOS == "wasip1" {
		return // no permissions to look at
	}
	safe, between, open := t.TempDir(), t.TempDir(), t.TempDir()
	for folder, mode := range map[string]os.FileMode{safe: 0o700, between: 0o777, open: 0o777} {
		require.NoError(t, os.Chmod(folder, mode))
	}
	_, err := keystore.Create(filepath.Join(safe, "keys"), vault, keystore.Options{Home: home})
	require.NoError(t, err)
	link := func(target, folder, name string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.Symlink(target, path))
		return path
	}
	try := func(path string, want error) {
		t.Helper()
		_, err := keystore.Open(path, vault, keystore.Options{Home: home})
		require.ErrorIs(t, err, want, path)
		_, err = keystore.Open(path, vault, keystore.Options{Home: home, AllowShared: true})
		require.NoError(t, err, path)
	}
	near := link("keys", safe, "near")
	try(near, nil)
	hop := link(filepath.Join(safe, "keys"), between, "hop")
	try(link(hop, safe, "far and back"), keystore.ErrExposed)
	require.NoError(t, os.Chmod(between, 0o700))
	try(hop, nil)
	aside := link(safe, between, "aside") // a folder by another name: what is beside the link is beside its real place
	relative, err := filepath.Rel(safe, filepath.Join(open, "moved"))
	require.NoError(t, err)
	require.NoError(t, os.Rename(filepath.Join(safe, "keys"), filepath.Join(open, "moved")))
	link(relative, safe, "out")
	try(filepath.Join(safe, "out"), keystore.ErrExposed)
	try(filepath.Join(aside, "out"), keystore.ErrExposed)
	_, err = keystore.Open(link(filepath.Join(safe, "loop"), safe, "loop"), vault, keystore.Options{Home: home})
	require.Error(t, err)
}
