//go:build amd64 || arm64

package moovspec

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"gopkg.in/yaml.v3"
)

// maxNodes bounds what the aliases of a YAML file may expand to: more than twice what maxFields fields need.
const maxNodes = 40 * maxFields

// yamlTree returns a YAML file in the form that encoding/json has for JSON.
func yamlTree(text []byte) (any, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		return nil, errors.New("there is no document")
	}
	w := &yamlWalk{left: maxNodes}
	return w.tree(document.Content[0], 0)
}

type yamlWalk struct{ left int }

func (w *yamlWalk) tree(n *yaml.Node, depth int) (any, error) {
	if w.left--; w.left < 0 || depth > 8*maxDepth {
		return nil, fmt.Errorf("line %d: more than %d values, or nested too deeply", n.Line, maxNodes)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return w.tree(n.Alias, depth+1)
	case yaml.MappingNode:
		return w.mapping(n, depth)
	case yaml.ScalarNode:
		return scalar(n)
	default:
		return nil, fmt.Errorf("line %d: a list, which no spec has", n.Line)
	}
}

func (w *yamlWalk) mapping(n *yaml.Node, depth int) (any, error) {
	out := map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return nil, fmt.Errorf("line %d: a key that is no plain text", key.Line)
		}
		name := key.Value
		if name == "subfields:omitempty" {
			name = "subfields"
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("line %d: key %.40q stands there twice", key.Line, name)
		}
		value, err := w.tree(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		out[name] = value
	}
	return out, nil
}

func scalar(n *yaml.Node) (any, error) {
	switch n.ShortTag() {
	case "!!null":
		return nil, nil
	case "!!bool":
		var b bool
		err := n.Decode(&b)
		return b, err
	case "!!int":
		var i int64
		if err := n.Decode(&i); err != nil {
			return nil, err
		}
		if strconv.FormatInt(i, 10) != n.Value {
			return n.Value, nil // 007 is text where text is meant, and refused as a length
		}
		return json.Number(n.Value), nil
	default:
		return n.Value, nil
	}
}
