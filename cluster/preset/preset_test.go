package preset

import (
	"os"
	"strings"
	"testing"
)

func TestEverySituationIsNamedOnceAndDocumented(t *testing.T) {
	api, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, s := range All {
		if seen[s.Name] || s.Title == "" || s.About == "" || s.Voters < 1 || Find(s.Name) == nil || Find(s.Name).Title != s.Title {
			t.Errorf("%+v", s)
		}
		seen[s.Name] = true
		if !strings.Contains(string(api), "`"+s.Name+"`") {
			t.Errorf("docs/api.md does not name %s", s.Name)
		}
	}
	if Find("teapot") != nil {
		t.Error("there is a teapot")
	}
}
