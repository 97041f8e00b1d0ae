package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/posline/posline/message"
)

var runCommand = command{
	name: "run", args: "FILE|FOLDER...", about: "run saved cases against a host",
	more: `  iso8583 run -to localhost:8583 -spec unionpay-pos -frame binary2 -junit report.xml cases/

A case is a file: {"name":"sale and its reversal","steps":[
  {"send":{"0":"0200","3":"000000","4":"000000001999","11":"000001","41":"TERM0001"},"expect":{"0":"0210","39":"00"}},
  {"send":{"0":"0400","3":"000000","4":"000000001999","11":"000002","41":"TERM0001"},"take":{"37":"37"},"expect":{"39":"00"}}]}

` + stepsHelp + `
A step that fails ends its case. Nothing is sent unless all files can be read and the report can be written. Where the host
cannot be reached, the case and those after it are in the report as errors, and the exit status is 3.

` + keysHelp,
	setup: setupRun,
}

func setupRun(c *console, flags *flag.FlagSet) func([]string) error {
	r := &suite{sender: sender{console: c, repeat: 1}}
	r.register(flags)
	r.registerSend(flags)
	flags.BoolVar(&r.json, "json", false, "write one JSON object for each case")
	flags.StringVar(&r.junit, "junit", "", "`file` for a report in JUnit's form")
	return r.runAll
}

// suite is the command run at work.
type suite struct {
	sender
	junit string
}

// verdict is what became of a case.
type verdict struct {
	Name    string  `json:"case"`
	File    string  `json:"file"`
	Passed  bool    `json:"passed"`
	Failure string  `json:"failure,omitempty"`
	Error   string  `json:"error,omitempty"` // why it was not run
	Seconds float64 `json:"seconds"`

	unreached error // why the host could not be reached
}

func (r *suite) runAll(names []string) error {
	if len(names) == 0 {
		return usageError{errors.New("run takes files or folders of cases")}
	}
	if r.junit == "-" {
		return usageError{errors.New("-junit takes the name of a file")} // the output is taken
	}
	if err := r.prepare(); err != nil {
		return err
	}
	cases, err := r.readCases(names)
	if err != nil {
		return err
	}
	if err := writable(r.junit); err != nil {
		return err
	}
	var verdicts []verdict
	var unreached error
	for _, c := range cases {
		v, err := r.one(c, unreached)
		if err != nil {
			return err
		}
		verdicts = append(verdicts, v)
		unreached = v.unreached
	}
	if !r.json {
		r.say("%s", outcome(verdicts))
	}
	return errors.Join(r.report(verdicts), unreached)
}

// outcome counts what became of the cases.
func outcome(verdicts []verdict) string {
	failed, notRun := 0, 0
	for _, v := range verdicts {
		switch {
		case v.Error != "":
			notRun++
		case !v.Passed:
			failed++
		}
	}
	text := fmt.Sprintf("%d cases, %d failed", len(verdicts), failed)
	if notRun > 0 {
		text += fmt.Sprintf(", %d not run", notRun)
	}
	return text
}

func (r *suite) readCases(names []string) (cases []testCase, err error) {
	files, err := caseFiles(names)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := r.readFile(file)
		if err != nil {
			return nil, err
		}
		c, err := parseCase(inputName(file), text, r.codec, message.TextForm{GBK: gbk{}})
		if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// one runs a case and tells what became of it; unreached is why the host of the case before could not be reached. The error
// is one of writing.
func (r *suite) one(c testCase, unreached error) (verdict, error) {
	v := verdict{Name: c.name, File: c.file, unreached: unreached}
	says := r.paint(green, "passed")
	if v.unreached == nil {
		v.unreached = r.connect()
	}
	if v.unreached != nil {
		r.faults++
		v.Error = "not run: " + v.unreached.Error()
		says = r.paint(red, "NOT RUN")
	} else if failure := r.timed(c, &v); failure != nil {
		r.faults++
		v.Failure = failure.Error()
		says = r.paint(red, "FAILED") + "  " + v.Failure
	} else {
		v.Passed = true
	}
	if !r.json {
		r.say("%-40s %s", printable(c.name), says)
		return v, nil
	}
	line, err := json.Marshal(v)
	if err == nil {
		r.say("%s", line)
	}
	return v, err
}

func (r *suite) timed(c testCase, v *verdict) error {
	start := time.Now()
	defer func() { v.Seconds = time.Since(start).Seconds() }()
	return r.flow(c)
}

// flow runs the steps of a case up to the first that fails.
func (r *suite) flow(c testCase) error {
	f := r.newFlow()
	f.conn = r.conn
	f.note = func(format string, args ...any) { r.note("%s: "+format, append([]any{printable(c.name)}, args...)...) }
	defer r.unawaited(printable(c.name) + ": ")
	for i, s := range c.steps {
		err := f.do(context.Background(), s)
		if err == nil {
			continue
		}
		return fmt.Errorf("step %d: %w", i+1, unanswered(err))
	}
	return nil
}
