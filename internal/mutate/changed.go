package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// lineSet holds the changed lines of each file, by its absolute path.
type lineSet map[string][]lineRange

type lineRange struct{ first, last int }

// touch tells whether a mutant lies on a changed line.
func (s lineSet) touch(m *mutant) bool {
	first, last := m.lines()
	return slices.ContainsFunc(s[m.file.path], func(r lineRange) bool { return first <= r.last && last >= r.first })
}

// changedLines asks git which lines of the module's Go files are new since the commit.
func (t *tree) changedLines(ctx context.Context, since string) (lineSet, error) {
	cmd := exec.CommandContext(ctx, "git", "diff", "--unified=0", "--no-color", "--no-ext-diff", "--relative", "--dst-prefix=b/", since, "--", "*.go")
	cmd.Dir = t.root
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git diff %s: %w: %s", since, err, &complaint)
	}
	return parseDiff(t.root, out), nil
}

// parseDiff reads the new sides of a diff without context.
func parseDiff(root string, diff []byte) lineSet {
	set := make(lineSet)
	var file string
	lines := bufio.NewScanner(bytes.NewReader(diff))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		line := lines.Text()
		if name, ok := strings.CutPrefix(line, "+++ b/"); ok {
			file = filepath.Join(root, filepath.FromSlash(name))
		}
		if !strings.HasPrefix(line, "@@ ") {
			continue
		}
		_, plus, _ := strings.Cut(line, " +")
		plus, _, _ = strings.Cut(plus, " ")
		from, count, several := strings.Cut(plus, ",")
		first, _ := strconv.Atoi(from)
		n := 1
		if several {
			n, _ = strconv.Atoi(count)
		}
		if n > 0 {
			set[file] = append(set[file], lineRange{first, first + n - 1})
		}
	}
	return set
}

// changedPackages returns the folders of the module's packages, programs and those of nested modules left out, that have
// changed lines outside tests.
func (t *tree) changedPackages(ctx context.Context, since string) ([]string, error) {
	changed, err := t.changedLines(ctx, since)
	if err != nil {
		return nil, err
	}
	all, err := t.list(ctx, "./...")
	if err != nil {
		return nil, err
	}
	var folders []string
	for _, l := range all {
		if l.Name == "main" {
			continue
		}
		for _, name := range l.GoFiles {
			if _, ok := changed[filepath.Join(l.Dir, name)]; ok {
				rel, err := filepath.Rel(t.root, l.Dir)
				if err != nil {
					return nil, err
				}
				folders = append(folders, "./"+filepath.ToSlash(rel))
				break
			}
		}
	}
	return folders, nil
}
