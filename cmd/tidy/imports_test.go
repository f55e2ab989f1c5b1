package tidy

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

// imports is who may import whom inside this module. A package that is not here fails the test: add a row
// and think about what it should not know. Rows of packages that are still to come do no harm.
var imports = map[string][]string{
	"cluster/event":     {},
	"cluster/words":     {}, // languages; for all that people read
	"cluster/view":      {"cluster/event"},
	"cluster/journal":   {"cluster/event", "cluster/view"},
	"cluster/world":     {"cluster/event"},
	"cluster/conductor": {"cluster/event", "cluster/world"},
	"cluster/disk":      {"cluster/event"},
	"cluster/store":     {"cluster/event"},
	"cluster/node":      {"cluster/event", "cluster/disk", "cluster/store"},
	"cluster/etcdapi":   {"cluster/event", "cluster/node", "cluster/store"},
	"cluster/peer":      {"cluster/event", "cluster/node", "cluster/store"},
	"cluster/server":    {"cluster/event", "cluster/view", "cluster/journal", "cluster/disk", "cluster/store", "cluster/node", "cluster/peer", "cluster/etcdapi"},
	"cluster/ctl":       {}, // etcdctl's verbs, on clients that others make
	"cluster/check":     {"cluster/event", "cluster/view"},
	"cluster": {"cluster/event", "cluster/view", "cluster/journal", "cluster/words", "cluster/world", "cluster/conductor", "cluster/disk",
		"cluster/store", "cluster/node", "cluster/check", "cluster/fault", "cluster/preset"},
	"cluster/preset":  {"cluster/words"}, // names of situations
	"cluster/fault":   {"cluster/event", "cluster/view"},
	"cluster/verb":    {"cluster/event", "cluster/preset"},
	"cluster/chaos":   {"cluster", "cluster/event", "cluster/view", "cluster/check", "cluster/fault"},
	"lessons":         {"cluster/words", "cluster/event", "cluster/view", "wasm/ui"},
	"lessons/play":    {"lessons", "cluster", "cluster/event", "cluster/journal", "cluster/view", "wasm/ui"},
	"wasm/ui":         {"cluster/words", "cluster/event", "cluster/view"},
	"wasm/browser":    {"cluster/words", "cluster/event", "wasm/ui"},
	"wasm":            {"wasm/ui", "wasm/browser"},
	"web/languages":   {"cluster/words"},                                                                                                                                    // the catalogues
	"web/export":      {"web/languages", "cluster/words", "cluster/event", "cluster/journal", "static", "web/desk", "web/page"},                                             // pages without a server
	"web/desk":        {"cluster/fault", "cluster/preset", "web/languages", "cluster/words", "cluster/event", "cluster/view", "cluster/journal", "cluster/tale", "wasm/ui"}, // also in the browser that replays without a server
	"web/tape":        {"web/languages", "cluster/words", "cluster/event", "cluster/view", "cluster/journal", "web/desk"},                                                   // likewise
	"wasm/tape":       {"web/languages", "cluster/words", "cluster/event", "cluster/journal", "web/tape"},
	"cluster/tale":    {"cluster/words", "cluster/event", "cluster/view", "cluster/journal"},
	"web/page":        {"web/languages", "cluster/words", "lessons", "cluster/event", "cluster/view", "wasm/ui"},
	"web":             {"web/languages", "cluster/words", "web/tape", "web/desk", "cluster", "cluster/event", "cluster/view", "cluster/journal", "lessons", "static", "web/page"},
	"web/lobby":       {"web/languages", "cluster/words", "cluster/event", "cluster/view", "lessons", "web", "web/page"},
	"web/browsertest": {},
	"static":          {},
	"cmd/etcdmain":    {"cluster/server"}, // flags of etcd, for quorumlab node and etcd
	"cmd/quorumlab":   {"cluster/journal", "cluster/tale", "web/languages", "cluster/words", "cmd/etcdmain", "cluster/server", "cluster", "cluster/chaos", "cluster/event", "cluster/view", "cluster/check", "cluster/ctl", "cluster/verb", "cluster/etcdapi", "cluster/node", "cmd/bench", "lessons", "lessons/play", "static", "web", "web/lobby", "web/export"},
	"cmd/etcd":        {"cmd/etcdmain"},
	"cmd/bench":       {"cluster/event", "cmd/reference"}, // loads and comparisons, for quorumlab bench
	"cmd/build-app":   {},
	"cmd/reference":   {}, // builds the real etcd, for tests and bench
	"cmd/tidy":        {"web/languages"},

	"cmd/reference/conform": {}, // plays scripts of etcdctl to etcd and to us, for tests
}

// taboo is one package that only some may import, themselves or through others.
type taboo struct {
	pkg   string   // and everything below it
	but   []string // packages of this module that may import it directly
	clean []string // packages of this module that may not reach it even through others
	why   string
}

// client is what the browser carries.
var client = []string{"wasm", "wasm/ui", "wasm/browser", "cluster/event", "cluster/view", "cluster/words"}

const heavy = "would add a hundred kilobytes or more to what the browser loads"

var taboos = []taboo{
	{pkg: "fmt", clean: client, why: heavy},
	{pkg: "encoding/json", clean: client, why: heavy + "; JSON is written in web"},
	{pkg: "regexp", clean: client, why: heavy},
	{pkg: "time", clean: client, why: heavy + "; event.Micros counts time"},
	{pkg: "net", clean: client, why: heavy + "; the browser has a websocket of its own"},
	{pkg: "google.golang.org/protobuf", clean: client, why: heavy},
	{pkg: "github.com/a-h/templ", clean: client, why: "writes HTML on the server; the browser patches what ui.Scene says"},
	{pkg: "github.com/hashicorp/raft", clean: client, but: []string{"cluster", "cluster/conductor", "cluster/disk", "cluster/store", "cluster/node", "cluster/peer", "cluster/server"},
		why: "the engine stays behind the facade: everyone else sees events"},
	{pkg: "go.etcd.io/bbolt", clean: client, but: []string{"cluster/disk", "cluster/store", "cluster/node"}, why: "files belong to disk and store"},
	{pkg: "go.etcd.io/etcd", clean: client, but: []string{"cluster", "cluster/ctl", "cluster/disk", "cluster/store", "cluster/node", "cluster/etcdapi", "cluster/peer", "cluster/server", "cmd/etcdmain", "cmd/quorumlab", "cmd/bench", "cmd/reference", "cmd/reference/conform"},
		why: "etcd's code is the state machine and the log, and promises no stable interface"},
	{pkg: "google.golang.org/grpc", clean: client, but: []string{"cluster/etcdapi", "cmd/reference/conform"}, why: "only etcd's interface speaks it"},
	{pkg: "github.com/gorilla/websocket", clean: client, but: []string{"web", "web/lobby", "cmd/quorumlab", "cmd/bench"}, why: "sockets end in web (and bench is a viewer); a cluster knows no viewers"},
	{pkg: "cel.dev/cel-go", clean: client, but: []string{"lessons"}, why: "checks are judged on the server, by one package"},
	{pkg: "github.com/yuin/goldmark", clean: client, but: []string{"lessons"}, why: "lessons are made into HTML on the server, by one package"},
	{pkg: "github.com/goccy/go-yaml", clean: client, but: []string{"lessons"}, why: "lesson files are read in one place"},
	{pkg: "testing/synctest", clean: client, but: []string{"cluster/world"}, why: "one package knows how a world's time is made"},
	{pkg: "syscall/js", but: []string{"wasm/browser", "wasm/tape"}, why: "the rest of the front end is plain Go under plain tests"},
	{pkg: "os/exec", clean: client, but: []string{"web/lobby", "cmd/build-app", "cmd/quorumlab", "cmd/bench", "cmd/reference", "cmd/reference/conform"}, why: "only the lobby starts processes, and programs that build and measure"},
}

// listed is what go list tells of a package.
type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

var onServer = sync.OnceValues(func() ([]listed, error) { return list(nil, "./...") })
var inBrowser = sync.OnceValues(func() ([]listed, error) { return list([]string{"GOOS=js", "GOARCH=wasm"}, "./wasm/...") })

func list(env []string, pattern string) ([]listed, error) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,Deps", pattern)
	cmd.Dir, cmd.Env, cmd.Stderr = root, append(os.Environ(), env...), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var all []listed
	decoder := json.NewDecoder(out)
	for {
		var one listed
		if err := decoder.Decode(&one); errors.Is(err, io.EOF) {
			return all, cmd.Wait()
		} else if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
}

// inside cuts the module's name off; ok is false for packages of others.
func inside(path string) (string, bool) { return strings.CutPrefix(path, module+"/") }

// below says whether path is pkg or a package under it.
func below(path, pkg string) bool {
	return path == pkg || strings.HasPrefix(path, pkg+"/")
}

func platforms(t *testing.T, check func(t *testing.T, packages []listed)) {
	for name, packages := range map[string]func() ([]listed, error){"server": onServer, "browser": inBrowser} {
		t.Run(name, func(t *testing.T) {
			all, err := packages()
			if err != nil {
				t.Fatalf("go list: %v", err)
			}
			check(t, all)
		})
	}
}

func TestPackagesImportWhatTheTableAllows(t *testing.T) {
	platforms(t, func(t *testing.T, packages []listed) {
		for _, p := range packages {
			name, _ := inside(p.ImportPath)
			allowed, known := imports[name]
			if !known {
				t.Errorf("package %s is not in the import table of cmd/tidy: give it a row that says whom it may import", name)
				continue
			}
			for _, path := range p.Imports {
				if other, ours := inside(path); ours && !slices.Contains(allowed, other) {
					t.Errorf("%s imports %s, which the import table of cmd/tidy does not allow", name, other)
				}
			}
		}
	})
}

func TestPackagesKeepAwayFromWhatIsNotTheirs(t *testing.T) {
	platforms(t, func(t *testing.T, packages []listed) {
		for _, p := range packages {
			for _, rule := range taboos {
				rule.judge(t, p)
			}
		}
	})
}

func (rule taboo) judge(t *testing.T, p listed) {
	t.Helper()
	name, _ := inside(p.ImportPath)
	is := func(path string) bool { return below(path, rule.pkg) }
	if rule.but != nil && !slices.Contains(rule.but, name) && slices.ContainsFunc(p.Imports, is) {
		t.Errorf("%s imports %s: %s", name, rule.pkg, rule.why)
	}
	if slices.Contains(rule.clean, name) {
		if i := slices.IndexFunc(p.Deps, is); i >= 0 {
			t.Errorf("%s reaches %s: it %s (go list -deps shows the way)", name, p.Deps[i], rule.why)
		}
	}
}

func TestJudgeSeesTabooImports(t *testing.T) {
	rule := taboo{pkg: "example.org/engine", but: []string{"cluster/node"}, clean: []string{"wasm/ui"}, why: "of a reason"}
	for _, c := range []struct {
		p    listed
		want bool
	}{
		{listed{ImportPath: module + "/cluster/node", Imports: []string{"example.org/engine/sub"}}, true},
		{listed{ImportPath: module + "/web", Imports: []string{"example.org/engine"}}, false},
		{listed{ImportPath: module + "/web", Imports: []string{"example.org/engines"}}, true},
		{listed{ImportPath: module + "/wasm/ui", Deps: []string{"errors", "example.org/engine"}}, false},
		{listed{ImportPath: module + "/wasm/ui", Deps: []string{"errors"}}, true},
	} {
		inner := &testing.T{}
		rule.judge(inner, c.p)
		if got := !inner.Failed(); got != c.want {
			t.Errorf("%+v is allowed: %v, should be %v", c.p, got, c.want)
		}
	}
}
