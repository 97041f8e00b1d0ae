package main

import (
	"go/format"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Both ways of building judge every mutant alike, whatever form its function has.
func TestSchemaJudgesAsBuildsAloneDo(t *testing.T) {
	together, err := runOn(t, "testdata/forms", "-n", "16", "-v", "-min", "50", "-p", "2")
	require.NoError(t, err, together)
	alone, err := runOn(t, "testdata/forms", "-n", "16", "-v", "-min", "50", "-p", "2", "-alone")
	require.NoError(t, err, alone)
	require.Equal(t, alone, together)
	require.Contains(t, together, "survived")
}

// forms opens the package with functions of every form and returns its mutants that compile.
func forms(t *testing.T) (*tree, []*mutant) {
	t.Helper()
	o := &options{packages: []string{"testdata/forms"}}
	tree, err := openTree(t.Context(), o)
	require.NoError(t, err)
	d, err := newDraw(t.Context(), tree, o)
	require.NoError(t, err)
	return tree, d.take(1000)
}

// openSuites measures the package's own tests.
func openSuites(t *testing.T, tree *tree) (*suites, *suite) {
	t.Helper()
	s, err := newSuites(t.Context(), tree, &options{patience: 10 * time.Second}, t.TempDir())
	require.NoError(t, err)
	u := s.proving[tree.packages[0]][0]
	require.NoError(t, s.measure(t.Context(), u, newProgress(nil, 0)))
	u.building = time.Minute // so that a schema pays
	return s, u
}

// What judges in a schema is what passes there without a mutant; the rest is left to builds of one mutant.
func TestSchemaLeavesOutWhatFailsInIt(t *testing.T) {
	tree, mutants := forms(t)
	s, u := openSuites(t, tree)
	c, err := s.newSchema(t.Context(), u, mutants, newProgress(nil, 0))
	require.NoError(t, err)
	require.NotNil(t, c)
	require.True(t, c.fit["TestGenerics"])
	require.False(t, c.fit["TestAllocations"], "clones keep newPoint from being inlined")
	numbers := make(map[int]bool)
	for _, m := range mutants {
		n, hosted := c.numbers[m]
		switch m.function {
		case "caught":
			require.False(t, hosted, "recover in a clone finds no panic")
		case "outside", "limit", "squares":
			require.False(t, hosted, "no function to clone")
		default:
			require.True(t, hosted, m)
			require.False(t, numbers[n])
			numbers[n] = true
		}
		b, judges, rest := c.together(m, u.tests)
		require.Equal(t, n, b.awake)
		for _, test := range judges {
			require.NotEqual(t, "TestAllocations", test.name)
		}
		require.Len(t, append(judges, rest...), len(u.tests))
		require.Equal(t, hosted, len(judges) > 0)
	}
	require.Greater(t, len(numbers), 20)
}

// A mutant whose clone does not compile is left out, the others stay.
func TestSchemaLeavesOutWhatDoesNotCompile(t *testing.T) {
	tree, mutants := forms(t)
	s, u := openSuites(t, tree)
	bad := 0
	for _, m := range mutants {
		if m.function == "table" {
			m.text = "no_such_name"
			bad++
		}
	}
	require.NotZero(t, bad)
	c, err := s.newSchema(t.Context(), u, mutants, newProgress(nil, 0))
	require.NoError(t, err)
	require.NotNil(t, c)
	for _, m := range mutants {
		_, hosted := c.numbers[m]
		require.Equal(t, m.host() != nil && m.function != "table", hosted, m)
	}
}

func TestSchemaThatCostsMoreThanItSavesIsNotBuilt(t *testing.T) {
	tree, mutants := forms(t)
	s, u := openSuites(t, tree)
	u.building = 0
	c, err := s.newSchema(t.Context(), u, mutants, newProgress(nil, 0))
	require.NoError(t, err)
	require.Nil(t, c)
	_, judges, rest := c.together(mutants[0], u.tests)
	require.Empty(t, judges)
	require.Equal(t, u.tests, rest)
}

func TestGraft(t *testing.T) {
	tree, mutants := forms(t)
	file := tree.packages[0].files[0]
	require.Equal(t, "forms.go", filepath.Base(file.path))
	pick := func(function, operator string) *mutant {
		for _, m := range mutants {
			if m.function == function && m.operator == operator {
				return m
			}
		}
		t.Fatal("no mutant", function, operator)
		return nil
	}
	numbers := map[*mutant]int{pick("counter.unnamed", "constant"): 1, pick("counter.blank", "arithmetic"): 2,
		pick("first", "boolean"): 3, pick("pair.set", "comparison"): 4, pick("node.sum", "comparison"): 5, pick("node.sum", "arithmetic"): 6}
	var grafted []*mutant
	for m := range numbers {
		grafted = append(grafted, m)
	}
	source := string(file.graft(grafted, numbers))
	_, err := format.Source([]byte(source))
	require.NoError(t, err)
	for _, want := range []string{
		"func (mutantReceiver0 counter) unnamed(mutantArgument0 int, mutantArgument1 string) int { switch mutantAwake { case 1: return mutantReceiver0.mutant1(mutantArgument0, mutantArgument1); }; return 7 }\n",
		"func (c *counter) blank(mutantArgument0 int, by ...int) { switch mutantAwake { case 2: c.mutant2(mutantArgument0, by...); return; };\n",
		"(found T, ok bool) { switch mutantAwake { case 3: return mutant3[T, U](all, key, want); };\n",
		"\n//line mutant3.go:1\nfunc mutant3[T any, U comparable](all []T, key func(T) U, want U) (found T, ok bool) {\nsearch:\n",
		"\n//line mutant4.go:1\nfunc (p *pair[K, V]) mutant4(k K, v V) bool {\n\tif p.key != k {\n",
		"func (n *node) sum() int { switch mutantAwake { case ",
	} {
		require.Contains(t, source, want)
	}
	require.Equal(t, 2, len(regexp.MustCompile(`n\.mutant[56]\(\)`).FindAllString(source, -1)))
	line := func(source, text string) int {
		before, _, found := strings.Cut(source, text)
		require.True(t, found)
		return strings.Count(before, "\n")
	}
	require.Equal(t, line(string(file.source), "return &point{x, y}"), line(source, "return &point{x, y}"), "lines stay where they are")
}
