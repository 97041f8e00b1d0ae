package main

import "golang.org/x/text/encoding/simplifiedchinese"

// gbk is the message.Charset of Chinese text. The package message leaves its table out for the sake of terminals.
type gbk struct{}

func (gbk) Decode(text []byte) (string, error) {
	out, err := simplifiedchinese.GBK.NewDecoder().Bytes(text)
	return string(out), err
}

func (gbk) Encode(text string) ([]byte, error) {
	return simplifiedchinese.GBK.NewEncoder().Bytes([]byte(text))
}
