package lessons

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// names are what an expression mentions.
type names struct {
	variables map[string]bool
	fields    map[string]bool // "Node.role"
	kinds     map[event.Kind]bool
	nodes     event.NodeID // the greatest that it names
}

// look finds the names in an expression, and what CEL lets pass although it cannot be meant.
func look(checked *cel.Ast) (names, []fault) {
	g := gaze{ast: checked.NativeRep(), names: names{variables: map[string]bool{}, fields: map[string]bool{}, kinds: map[event.Kind]bool{}}}
	ast.PreOrderVisit(g.ast.Expr(), ast.NewExprVisitor(g.visit))
	if d := depth(g.ast.Expr()); d > maxDepth {
		g.faults = append(g.faults, fault{1, fmt.Sprintf("it has %d loops inside each other, and %d are the most", d, maxDepth)})
	}
	return g.names, g.faults
}

// gaze is one look at an expression.
type gaze struct {
	ast    *ast.AST
	names  names
	faults []fault
}

func (g *gaze) fail(at ast.Expr, format string, args ...any) {
	where := g.ast.SourceInfo().GetStartLocation(at.ID())
	g.faults = append(g.faults, fault{max(1, where.Line()), fmt.Sprintf(format, args...)})
}

func (g *gaze) visit(e ast.Expr) {
	// the others hold no names
	switch e.Kind() {
	case ast.IdentKind:
		if slices.ContainsFunc(variables, func(v variable) bool { return v.name == e.AsIdent() }) {
			g.names.variables[e.AsIdent()] = true
		}
	case ast.SelectKind:
		g.selects(e)
	case ast.LiteralKind:
		var k event.Kind
		if word, ok := e.AsLiteral().(types.String); ok && k.UnmarshalText([]byte(word)) == nil {
			g.names.kinds[k] = true
		}
	case ast.CallKind:
		g.compares(e)
	case ast.StructKind:
		g.fail(e, "it makes a %s of its own, but facts are only told", e.AsStruct().TypeName())
	}
}

// selects notes a field.
func (g *gaze) selects(e ast.Expr) {
	s := e.AsSelect()
	kind := g.ast.GetType(s.Operand().ID())
	if owner, ok := strings.CutPrefix(kind.TypeName(), "lessons."); ok {
		g.names.fields[owner+"."+s.FieldName()] = true
		return
	}
	if kind.Kind() == types.MapKind {
		g.node(e, s.FieldName())
	}
	if kind.Kind() == types.DynKind {
		g.fail(e, "nobody can tell before it runs what .%s is of", s.FieldName())
	}
}

// compares looks at comparisons.
func (g *gaze) compares(e ast.Expr) {
	call := e.AsCall()
	name, args := call.FunctionName(), call.Args()
	if name == operators.Index && len(args) == 2 && g.ast.GetType(args[0].ID()).Kind() == types.MapKind {
		if word, ok := literal(args[1]); ok {
			g.node(e, word)
		}
	}
	if len(args) != 2 || name != operators.Equals && name != operators.NotEquals && name != operators.In {
		return
	}
	for _, a := range args {
		if composed(g.ast.GetType(a.ID())) && name != operators.In || name == operators.In && composed(g.ast.GetType(args[0].ID())) {
			g.fail(e, "it compares whole things: compare a field of them, such as id")
			return
		}
	}
	g.known(args[0], args[1])
	g.known(args[1], args[0])
}

// composed says whether values of the type have fields.
func composed(kind *types.Type) bool {
	if kind.Kind() == types.StructKind {
		return true
	}
	return slices.ContainsFunc(kind.Parameters(), composed)
}

// known looks whether words that a field with a closed vocabulary is compared with exist.
func (g *gaze) known(field, with ast.Expr) {
	if field.Kind() != ast.SelectKind {
		return
	}
	s := field.AsSelect()
	owner, _ := strings.CutPrefix(g.ast.GetType(s.Operand().ID()).TypeName(), "lessons.")
	name := owner + "." + s.FieldName()
	list, isClosed := closed[name]
	for _, e := range elements(with) {
		word, ok := literal(e)
		switch {
		case !ok:
		case identities[name] && word != "":
			g.node(e, word)
		case isClosed && !slices.Contains(list.words, word):
			g.fail(e, "%q is no %s%s", word, list.what, meant(word, list.words))
		}
	}
}

func elements(e ast.Expr) []ast.Expr {
	if e.Kind() == ast.ListKind {
		return e.AsList().Elements()
	}
	return []ast.Expr{e}
}

func literal(e ast.Expr) (string, bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false
	}
	word, ok := e.AsLiteral().(types.String)
	return string(word), ok
}

// node notes a node that is called by its name.
func (g *gaze) node(at ast.Expr, word string) {
	id, err := event.ParseNodeID(word)
	if err != nil || id == 0 {
		g.fail(at, "%q is not a node: nodes are called n1, n2 and so on", word)
	}
	g.names.nodes = max(g.names.nodes, id)
}

// depth is how many loops stand inside each other.
func depth(e ast.Expr) int {
	deepest := 0
	switch e.Kind() {
	case ast.CallKind:
		c := e.AsCall()
		if c.IsMemberFunction() {
			deepest = depth(c.Target())
		}
		for _, a := range c.Args() {
			deepest = max(deepest, depth(a))
		}
	case ast.ComprehensionKind:
		c := e.AsComprehension()
		inside := max(depth(c.LoopCondition()), depth(c.LoopStep()), depth(c.Result()))
		deepest = depth(c.IterRange()) + 1 + inside // one over another's outcome counts too
	case ast.ListKind:
		for _, a := range e.AsList().Elements() {
			deepest = max(deepest, depth(a))
		}
	case ast.MapKind:
		for _, a := range e.AsMap().Entries() {
			deepest = max(deepest, depth(a.AsMapEntry().Key()), depth(a.AsMapEntry().Value()))
		}
	case ast.SelectKind:
		deepest = depth(e.AsSelect().Operand())
	case ast.IdentKind, ast.LiteralKind, ast.StructKind, ast.UnspecifiedExprKind:
	}
	return deepest
}
