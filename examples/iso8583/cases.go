package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/posline/posline/message"
)

// testCase is a flow of messages with what the answers must have.
type testCase struct {
	file  string
	name  string
	steps []step
}

// caseForm is a case as it stands in a file.
type caseForm struct {
	Name  string     `json:"name"`
	Steps []stepForm `json:"steps"`
}

// caseFiles lists the files that names stand for: files, "-" for the standard input, and of folders those that end in .json.
func caseFiles(names []string) (files []string, err error) {
	for _, name := range names {
		if name == "-" {
			files = append(files, name)
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, name)
			continue
		}
		inside, err := os.ReadDir(name)
		if err != nil {
			return nil, err
		}
		for _, one := range inside {
			if filepath.Ext(one.Name()) == ".json" {
				files = append(files, filepath.Join(name, one.Name()))
			}
		}
	}
	if len(files) == 0 {
		return nil, errors.New("no case files")
	}
	slices.Sort(files)
	return files, nil
}

// parseCase reads a case. The errors of messages and fields have the number of the step.
func parseCase(file string, text []byte, codec *message.Codec, form message.TextForm) (testCase, error) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	var read caseForm
	if err := in.Decode(&read); err == io.EOF {
		return testCase{}, fmt.Errorf("%s: no case", file)
	} else if err != nil {
		return testCase{}, fmt.Errorf("%s: line %d: %w", file, 1+bytes.Count(text[:in.InputOffset()], []byte("\n")), err)
	}
	if _, err := in.Token(); err != io.EOF {
		return testCase{}, fmt.Errorf("%s: something behind the case", file)
	}
	if len(read.Steps) == 0 {
		return testCase{}, fmt.Errorf("%s: no steps", file)
	}
	c := testCase{file: file, name: read.Name}
	if c.name == "" {
		c.name = specName(file)
	}
	for i, written := range read.Steps {
		one, err := parseStep(written, codec, form)
		if i == 0 && len(one.take) > 0 {
			err = errors.Join(err, errors.New("take: there is no answer before the first step"))
		}
		if err != nil {
			return testCase{}, fmt.Errorf("%s: step %d: %w", file, i+1, err)
		}
		c.steps = append(c.steps, one)
	}
	return c, nil
}
