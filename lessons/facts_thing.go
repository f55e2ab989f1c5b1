package lessons

import (
	"fmt"
	"reflect"
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// thing is a fact with fields, as CEL sees it: nothing of it is made before an expression looks at it.
type thing[T any] struct {
	schema *schema
	of     T
}

func (t *thing[T]) Type() ref.Type              { return t.schema.kind }
func (t *thing[T]) Value() any                  { return t }
func (t *thing[T]) Equal(other ref.Val) ref.Val { return types.Bool(ref.Val(t) == other) }

func (t *thing[T]) ConvertToNative(to reflect.Type) (any, error) {
	return nil, fmt.Errorf("a %s cannot be made into a %v", t.schema.name, to)
}

func (t *thing[T]) ConvertToType(to ref.Type) ref.Val {
	if to == types.TypeType {
		return t.schema.kind
	}
	return types.NewErr("a %s cannot be made into a %v", t.schema.name, to)
}

// schema are the fields of one kind of thing.
type schema struct {
	name   string
	kind   *types.Type
	order  []string
	fields map[string]*types.FieldType
}

// describe makes the schema of things that hold a T. Names and types of the fields are those of a struct in facts.go, to
// which tell gives the values.
func describe[T any](like any, tell map[string]func(T) ref.Val) *schema {
	of := reflect.TypeOf(like)
	s := &schema{name: of.Name(), kind: types.NewObjectType("lessons." + of.Name()), fields: make(map[string]*types.FieldType)}
	for i := range of.NumField() {
		name := of.Field(i).Tag.Get("cel")
		get := tell[name]
		if get == nil {
			panic("nothing tells " + s.name + "." + name)
		}
		s.order = append(s.order, name)
		s.fields[name] = &types.FieldType{Type: typeOf(of.Field(i).Type), GetFrom: getter(get), IsSet: tester(get)}
	}
	if len(tell) != len(s.order) {
		panic(s.name + " tells of fields that it does not have")
	}
	return s
}

func getter[T any](get func(T) ref.Val) ref.FieldGetter {
	return func(of any) (any, error) {
		if t, ok := of.(*thing[T]); ok {
			return get(t.of), nil
		}
		return nil, fmt.Errorf("a %T has no such field", of)
	}
}

func tester[T any](get func(T) ref.Val) ref.FieldTester {
	return func(of any) bool {
		t, ok := of.(*thing[T])
		if !ok {
			return false
		}
		zeroer, can := get(t.of).(traits.Zeroer)
		return !can || !zeroer.IsZeroValue()
	}
}

// typeOf is how CEL sees a type of facts.go.
func typeOf(t reflect.Type) *types.Type {
	// the vocabulary has no others
	switch t.Kind() {
	case reflect.String:
		return types.StringType
	case reflect.Bool:
		return types.BoolType
	case reflect.Int64:
		return types.IntType
	case reflect.Float64:
		return types.DoubleType
	case reflect.Slice:
		return types.NewListType(typeOf(t.Elem()))
	case reflect.Map:
		return types.NewMapType(typeOf(t.Key()), typeOf(t.Elem()))
	case reflect.Struct:
		return types.NewObjectType("lessons." + t.Name())
	}
	panic("CEL is not told how to see a " + t.String())
}

// provider tells CEL the schemas.
type provider struct{ types.Provider }

func schemaOf(name string) *schema {
	for _, s := range schemas {
		if s.kind.TypeName() == name {
			return s
		}
	}
	return nil
}

func (p provider) FindStructType(name string) (*types.Type, bool) {
	if s := schemaOf(name); s != nil {
		return types.NewTypeTypeWithParam(s.kind), true
	}
	return p.Provider.FindStructType(name)
}

func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	if s := schemaOf(name); s != nil {
		return slices.Clone(s.order), true
	}
	return p.Provider.FindStructFieldNames(name)
}

func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if s := schemaOf(name); s != nil {
		f, ok := s.fields[field]
		return f, ok
	}
	return p.Provider.FindStructFieldType(name, field)
}

func (p provider) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if schemaOf(name) != nil {
		return types.NewErr("facts are told, not made")
	}
	return p.Provider.NewValue(name, fields)
}

// list is a list of n things.
func list[T any](s *schema, n int, at func(i int) T) ref.Val {
	all := make([]thing[T], n)
	values := make([]ref.Val, n)
	for i := range all {
		all[i] = thing[T]{s, at(i)}
		values[i] = &all[i]
	}
	return types.NewRefValList(types.DefaultTypeAdapter, values)
}

// some are those of a list's n things that count.
func some[T any](s *schema, n int, at func(i int) (T, bool)) ref.Val {
	all := make([]thing[T], 0, n) // it never grows, so its elements stay where they are
	values := make([]ref.Val, 0, n)
	for i := range n {
		if t, ok := at(i); ok {
			all = append(all, thing[T]{s, t})
			values = append(values, &all[len(all)-1])
		}
	}
	return types.NewRefValList(types.DefaultTypeAdapter, values)
}
