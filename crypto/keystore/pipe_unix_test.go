//go:build unix

package keystore_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/crypto/keystore"
)

func makePipe(t *testing.T, path string) bool {
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	return true
}

// A shared file keeps its group with the group's permissions, and its owner.
func TestSaveKeepsTheGroup(t *testing.T) {
	if os.Getuid() != 0 {
		return // nobody else may give a file to a group that is not his
	}
	const group = 54321
	path := filepath.Join(t.TempDir(), "keys")
	_, err := keystore.Create(path, vault, keystore.Options{})
	require.NoError(t, err)
	require.NoError(t, os.Chown(path, -1, group))
	require.NoError(t, os.Chmod(path, 0o640))
	store, err := keystore.Open(path, vault, keystore.Options{AllowShared: true})
	require.NoError(t, err)
	require.NoError(t, store.Save())
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	require.EqualValues(t, group, info.Sys().(*syscall.Stat_t).Gid)
	require.Zero(t, info.Sys().(*syscall.Stat_t).Uid)
}
