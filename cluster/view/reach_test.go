package view

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

// TestRandomEventsReachEveryField keeps the property tests honest: a field of State that no random event sets
// is a field that they do not test.
func TestRandomEventsReachEveryField(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	reached := make(map[string]bool)
	for range 500 {
		s := fold(anyEvents(random, 300))
		reach(reached, "State", reflect.ValueOf(s))
	}
	for _, field := range fields("State", reflect.TypeFor[State]()) {
		if !reached[field] {
			t.Errorf("%s is never set: teach Apply, or anyEvent", field)
		}
	}
}

// reach notes the fields in v that are not zero.
func reach(reached map[string]bool, name string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			reach(reached, name+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			reach(reached, name, v.Index(i))
		}
	default:
		if !v.IsZero() {
			reached[name] = true
		}
	}
}

func fields(name string, t reflect.Type) (names []string) {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			names = append(names, fields(name+"."+t.Field(i).Name, t.Field(i).Type)...)
		}
		return names
	case reflect.Slice:
		return fields(name, t.Elem())
	}
	return []string{name}
}
