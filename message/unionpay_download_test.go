package message_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/posline/posline/message"
	"github.com/posline/posline/spec"
)

// aidDownload is a published answer to the download of an application's parameters (60.3 380), without its length.
const aidDownload = "60000000026031003100300810001800000ac000141443160909313530393039383336343632303030303030313134303132333435363738" +
	"3930313233343500110000000138000112319f0607a0000000031010df0101009f08020140df1105d84000a800df1205d84004f800df130500100000009f1b" +
	"0400000000df150400000000df160199df170199df14039f3704df1801019f7b06000000010000df1906000000000001df2006000000010000df2106000000" +
	"010000"

// TestUnionPayDownloads holds that the parameters of applications and of taps are told apart by their tags.
func TestUnionPayDownloads(t *testing.T) {
	codec, err := message.Compile(spec.UnionPayPOS())
	require.NoError(t, err)
	m := codec.New()
	frame, err := hex.DecodeString(aidDownload)
	require.NoError(t, err)
	require.NoError(t, m.Unpack(frame))
	for path, want := range map[string]string{
		"62.0": "1", "62.DF01": "00", "62.9F08": "0140", "62.DF11": "D84000A800", "62.DF12": "D84004F800", "62.DF13": "0010000000",
		"62.9F1B": "00000000", "62.DF15": "00000000", "62.DF16": "99", "62.DF17": "99", "62.DF14": "9F3704", "62.DF18": "01",
		"62.9F7B": "000000010000", "62.DF19": "000000000001", "62.DF20": "000000010000", "62.DF21": "000000010000",
	} {
		require.Equal(t, want, strings.ToUpper(m.Get(path).String()), path)
	}
	again, err := m.AppendPack(nil)
	require.NoError(t, err)
	require.Equal(t, frame, again)

	// The form of the contactless parameters is that of a published terminal program.
	require.NoError(t, m.Set(60, "00000001394"))
	require.NoError(t, m.SetBytes(62, []byte("FF8054001"+"1FF8058012000000100000FF805A001"+"1FF80EE0021A")))
	require.Equal(t, "1", m.Get("62.FF8054").String())
	require.Equal(t, "000000100000", m.Get("62.FF8058").String())
	require.Equal(t, "1", m.Get("62.FF805A").String())
}
