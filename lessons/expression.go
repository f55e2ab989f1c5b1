package lessons

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"
)

// Bounds of an expression. The steps are rounds of its loops: nine nodes with full logs compared with each other need
// fewer, and the bound ends what an author did not mean within some milliseconds.
const (
	MaxExpression = 2000 // characters
	maxSteps      = 200_000
	maxDepth      = 4 // loops inside loops
)

// expression is CEL, compiled against the vocabulary of Facts.
type expression struct {
	source  string
	kind    *cel.Type
	program cel.Program
	names   names
}

// fault is what is wrong with an expression, as the end of a sentence, and in which of its lines (from 1).
type fault struct {
	line int
	text string
}

// environment knows the vocabulary of facts.go.
var environment = sync.OnceValues(func() (*cel.Env, error) {
	base, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	options := []cel.EnvOption{
		cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true),
		ext.Math(), ext.Sets(),
		cel.CustomTypeProvider(provider{base}),
	}
	for _, v := range variables {
		options = append(options, cel.Variable(v.name, v.kind))
	}
	return cel.NewEnv(options...)
})

// spent is a context that is over: an evaluation looks at it once, after maxSteps rounds of its loops, and ends then.
var spent = func() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}()

// express compiles an expression that gives one of the kinds.
func express(source string, kinds ...*cel.Type) (*expression, []fault) {
	x, faults := compiled(source)
	if len(faults) == 0 && !fits(x.kind, kinds) {
		return nil, []fault{{1, fmt.Sprintf("it gives %v instead of %s", x.kind, anyOf(kinds))}}
	}
	return x, faults
}

// Lessons say the same things again and again ({{ leader.id }}), and a server reads its files anew when one has changed.
// So expressions that are right are compiled once; the memory has room for those of a large library.
const maxRemembered = 8192

var memory = struct {
	sync.Mutex
	of map[string]*expression
}{of: make(map[string]*expression)}

func compiled(source string) (*expression, []fault) {
	memory.Lock()
	x := memory.of[source]
	memory.Unlock()
	if x != nil {
		return x, nil
	}
	x, faults := compile(source)
	if len(faults) > 0 {
		return nil, faults
	}
	memory.Lock()
	defer memory.Unlock()
	if len(memory.of) < maxRemembered {
		memory.of[source] = x
	}
	return x, nil
}

func compile(source string) (*expression, []fault) {
	if len(source) > MaxExpression {
		return nil, []fault{{1, fmt.Sprintf("it has %d characters, and %d are the most", len(source), MaxExpression)}}
	}
	env, err := environment()
	if err != nil {
		return nil, []fault{{1, "the vocabulary is broken: " + err.Error()}}
	}
	checked, issues := env.Compile(source)
	if issues != nil && len(issues.Errors()) > 0 {
		return nil, faultsOf(issues)
	}
	found, faults := look(checked)
	if len(faults) > 0 {
		return nil, faults
	}
	program, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize), cel.InterruptCheckFrequency(maxSteps))
	if err != nil {
		return nil, []fault{{1, oneLine(err.Error())}}
	}
	return &expression{source: source, kind: checked.OutputType(), program: program, names: found}, nil
}

func fits(kind *cel.Type, kinds []*cel.Type) bool {
	for _, k := range kinds {
		if kind.IsExactType(k) {
			return true
		}
	}
	return false
}

func anyOf(kinds []*cel.Type) string {
	var words []string
	for _, k := range kinds {
		words = append(words, k.String())
	}
	return strings.Join(words, " or ")
}

// faultsOf are CEL's own errors, one sentence each.
func faultsOf(issues *cel.Issues) []fault {
	var faults []fault
	for _, e := range issues.Errors() {
		text := oneLine(e.Message)
		text = strings.ReplaceAll(text, " (in container '')", "")
		faults = append(faults, fault{max(1, e.Location.Line()), fmt.Sprintf("%s (at character %d)", text, e.Location.Column()+1)})
	}
	return faults
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// value is what the expression says of f; ok is false if it fails.
func (x *expression) value(f *Facts) (v ref.Val, ok bool) {
	v, _, err := x.program.ContextEval(spent, &known{facts: f})
	if err != nil || v == nil || types.IsUnknownOrError(v) {
		return nil, false
	}
	return v, true
}

// words is the value as text; a list's words are joined.
func (x *expression) words(f *Facts, join string) (text string, ok bool) {
	v, ok := x.value(f)
	if !ok {
		return "", false
	}
	list, is := v.(traits.Lister)
	if !is {
		return wordOf(v), true
	}
	var words []string
	for it := list.Iterator(); it.HasNext() == types.True; {
		words = append(words, wordOf(it.Next()))
	}
	return strings.Join(words, join), true
}

func wordOf(v ref.Val) string {
	switch v := v.Value().(type) {
	case float64:
		return fmt.Sprintf("%.4g", v)
	default:
		return fmt.Sprint(v)
	}
}
