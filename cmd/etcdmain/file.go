package etcdmain

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"

	"sigs.k8s.io/yaml"
)

// fromFile reads a configuration file: YAML or JSON with etcd's keys. Everything that it does not say is at its default.
func fromFile(path string) (*settings, []string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("the configuration file cannot be read: %w", err)
	}
	s, keys, err := fromYAML(text)
	if err != nil {
		return nil, nil, fmt.Errorf("the configuration file %q: %w", path, err)
	}
	return s, keys, nil
}

// fromYAML also gives the names of the keys that are there.
func fromYAML(text []byte) (*settings, []string, error) {
	asJSON, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, nil, err
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(asJSON, &all); err != nil {
		return nil, nil, fmt.Errorf("it must have keys and values: %w", err)
	}
	maps.DeleteFunc(all, func(_ string, v json.RawMessage) bool { return string(v) == "null" }) // nothing is said
	keys := slices.Sorted(maps.Keys(all))
	s := defaults()
	if err := takeOut(all, keys, s); err != nil {
		return nil, nil, err
	}
	rest, err := json.Marshal(all)
	if err != nil {
		return nil, nil, err
	}
	// Strictly: etcd would ignore what it does not know, and a key with a slip would do nothing.
	if err := yaml.UnmarshalStrict(rest, s); err != nil {
		return nil, nil, said(err)
	}
	if s.InitialClusterState == "" {
		s.InitialClusterState = stateNew
	}
	if s.SelfSignedValidity == 0 {
		s.SelfSignedValidity = 1
	}
	return s, keys, nil
}

// takeOut judges the keys that have no field in settings.
func takeOut(all map[string]json.RawMessage, keys []string, s *settings) error {
	var refused []error
	for _, key := range keys {
		value := plain(all[key])
		a, is := absentFlag(key)
		switch {
		case key == "feature-gates":
			if err := s.Gates.Set(value); err != nil {
				return fmt.Errorf("feature-gates: %w", err)
			}
		case is:
			refused = append(refused, a.refuse(value))
		case key != "v2-deprecation":
			continue
		}
		delete(all, key)
	}
	return errors.Join(refused...)
}

// plain is a value as a flag would have it.
func plain(value json.RawMessage) string {
	if text, err := strconv.Unquote(string(value)); err == nil {
		return text
	}
	return string(value)
}

// said adds to the decoder's error what a reader of the flags' help would not expect of the file.
func said(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%q is a %s where a %s belongs (durations are numbers of nanoseconds here, lists have items of their own)", wrong.Field, wrong.Value, wrong.Type)
	}
	return err
}
