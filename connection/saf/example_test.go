package saf_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"os"
	"path/filepath"

	"github.com/posline/posline/connection"
	"github.com/posline/posline/connection/saf"
)

type host struct{}

func (host) Exchange(_ context.Context, frame, dst []byte) ([]byte, error) {
	fmt.Printf("host got %s\n", frame)
	return append(dst, "0430"...), nil
}

func Example() {
	dir, err := os.MkdirTemp("", "saf")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	block, _ := aes.NewCipher(make([]byte, 32)) // the key comes from the key store
	seal, _ := cipher.NewGCM(block)

	store, err := saf.OpenFile(filepath.Join(dir, "reversals"), saf.FileOptions{Seal: seal})
	if err != nil {
		panic(err)
	}
	queue, err := saf.New(saf.Config{
		Store: store,
		Route: func(context.Context, string) (connection.Exchanger, error) { return host{}, nil },
		Prepare: func(_ context.Context, e saf.Entry, repeat bool) ([]byte, error) { // and here is the place for a MAC
			frame := append([]byte(nil), e.Frame...)
			if repeat {
				frame[3]++ // a repeat has the next MTI
			}
			return frame, nil
		},
		Alert: func(a saf.Alert) { fmt.Println(a.Kind, a.Destination, a.ID) },
	})
	if err != nil {
		panic(err)
	}
	defer queue.Close()
	if _, err := queue.Add("acquirer", []byte("0420 reversal")); err != nil {
		panic(err) // not recorded: nothing will be sent
	}
	queue.Flush(context.Background())
	// Output: host got 0420 reversal
}

func ExampleCounters() {
	dir, err := os.MkdirTemp("", "counters")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	counters, err := saf.OpenCounters(filepath.Join(dir, "counters"))
	if err != nil {
		panic(err)
	}
	defer counters.Close()
	stan, err := counters.Counter("stan", 1, 999_999, 100)
	if err != nil {
		panic(err)
	}
	for range 2 {
		n, err := stan.Next()
		if err != nil {
			panic(err)
		}
		fmt.Printf("%06d\n", n)
	}
	// Output:
	// 000001
	// 000002
}
