package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// junitSuite is a report as JUnit and what reads its files have it.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	File    string        `xml:"classname,attr"`
	Seconds string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure,omitempty"`
	Error   *junitFailure `xml:"error,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
}

// report writes the file for JUnit's readers, all of it or nothing.
func (r *suite) report(verdicts []verdict) error {
	if r.junit == "" {
		return nil
	}
	out := junitSuite{Name: "iso8583", Tests: len(verdicts)}
	for _, v := range verdicts {
		c := junitCase{Name: v.Name, File: v.File, Seconds: fmt.Sprintf("%.3f", v.Seconds)}
		switch {
		case v.Error != "":
			out.Errors++
			c.Error = &junitFailure{v.Error}
		case !v.Passed:
			out.Failures++
			c.Failure = &junitFailure{v.Failure}
		}
		out.Cases = append(out.Cases, c)
	}
	text, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	text = append([]byte(xml.Header), append(text, '\n')...)
	if !replaceable(r.junit) {
		return os.WriteFile(r.junit, text, 0o666)
	}
	file, err := unfinished(r.junit)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), r.junit)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// unfinished makes the file, beside that of a report, in which it is written. It takes no file that there is.
func unfinished(name string) (file *os.File, err error) {
	for i := range 100 {
		if file, err = os.OpenFile(fmt.Sprintf("%s.%d.part", name, i), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return file, err
}

// replaceable tells a file, or a name for one, from a device or pipe, which is written to as it is.
func replaceable(name string) bool {
	info, err := os.Stat(name)
	return err != nil || info.Mode().IsRegular()
}

// writable tells why a report cannot be written, before anything is sent; "" is none.
func writable(name string) error {
	if name == "" {
		return nil
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return fmt.Errorf("%s: a folder, where the report is to be", name)
	}
	if !replaceable(name) {
		return nil
	}
	file, err := unfinished(name)
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}
