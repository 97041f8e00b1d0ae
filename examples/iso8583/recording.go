package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// recorded is a message of a session, a line of a recording. It holds card data.
type recorded struct {
	At      time.Time `json:"at"`
	Session int       `json:"session"` // which connection of the client's, from 1
	From    string    `json:"from"`    // fromClient or fromHost
	Hex     string    `json:"hex"`     // without length header

	wire []byte
}

const (
	fromClient = "client"
	fromHost   = "host"
)

// recorder writes a recording. Its methods may be called concurrently; the nil recorder keeps nothing.
type recorder struct {
	mu    sync.Mutex
	file  recordingFile
	size  int64 // of the whole lines
	ended bool  // by a fault
}

// recordingFile is what a recorder needs of a file.
type recordingFile interface {
	io.WriteCloser
	Truncate(size int64) error
}

// newRecorder makes a recording that only its owner may read. It never writes over a file.
func newRecorder(name string) (*recorder, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return &recorder{file: file}, nil
}

// add writes a line. The first fault ends the recording behind the last whole line, as one with a hole in it would be taken
// for a session that never was; it is returned once.
func (r *recorder) add(session int, from string, wire []byte) error {
	if r == nil {
		return nil
	}
	line, err := json.Marshal(recorded{At: time.Now().UTC(), Session: session, From: from, Hex: hex.EncodeToString(wire)})
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return nil
	}
	n, err := r.file.Write(append(line, '\n'))
	if err == nil {
		r.size += int64(n)
		return nil
	}
	r.ended = true
	return fmt.Errorf("it ends here, and the session goes on without: %w", errors.Join(err, r.file.Truncate(r.size)))
}

func (r *recorder) close() error {
	if r == nil {
		return nil
	}
	return r.file.Close()
}

// readRecording reads a recording. Its errors name the line.
func readRecording(name string, r io.Reader) (all []recorded, err error) {
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxInput)
	line := 1
	for ; in.Scan(); line++ {
		var one recorded
		err := json.Unmarshal(in.Bytes(), &one)
		if err == nil {
			one.wire, err = hex.DecodeString(one.Hex)
		}
		if err == nil && (one.From != fromClient && one.From != fromHost || len(one.wire) == 0) {
			err = fmt.Errorf("no message from %s or %s", fromClient, fromHost)
		}
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: no recording: %w", inputName(name), line, err)
		}
		all = append(all, one)
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("%s, line %d: %w", inputName(name), line, err)
	}
	return all, nil
}
