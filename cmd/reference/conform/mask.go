package conform

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// Mask is a rule that hides what may differ between two programs that do the same.
type Mask struct {
	Name    string
	Reason  string
	Pattern *regexp.Regexp // groups are kept
	Put     string
}

func mask(name, reason, pattern, put string) Mask {
	return Mask{name, reason, regexp.MustCompile(pattern), put}
}

// Masks that hold for all commands.
var everywhere = []Mask{
	mask("term", "how many elections there were is chance; there was one", `(raft_term":|raftTerm":|RaftTerm" : |^1\.4: )[1-9]\d*`, "${1}<term>"),
	mask("time of day", "a line of etcdctl's own log", `("ts":")[^"]*"`, `${1}<time>"`),
	mask("pointer", "a line of etcdctl's own log", `etcd-endpoints://0x[0-9a-f]+`, "etcd-endpoints://<pointer>"),
	mask("blank", "a message printed as text has one blank or two between its fields, by a hash of the program", `(memberID:[^ ]+) +(alarm:)`, "${1} ${2}"),
	mask("local port", "a line of etcdctl's own log", `LocalAddr: '[^']*'`, "LocalAddr: '<port>'"),
}

// Masks for some commands.
var (
	Took = mask("took", "time passes differently", `(took[": =]*|Took" : |(?:true|false) +│ +)"?[0-9.]+(?:ns|µs|ms|s)\b"?`, "${1}<time>")
	// Indices are those of the log: other programs write other entries of their own.
	Indices = mask("indices", "a program writes entries of its own", `(raft(?:Applied)?Index":|Raft(?:Applied)?Index" : )[1-9]\d*`, "${1}<index>")
	Sizes   = mask("sizes", "a database file grows in steps and holds a program's own records", `(dbSize(?:InUse)?":|DBSize(?:InUse)?" : )[1-9]\d*`, "${1}<size>")
	// Rows of endpoint status, simple and table, have both.
	Rows = mask("rows of status", "sizes, terms and indices as in the other formats", `(3\.7\.3[ ,│]+3\.7\.0[ ,│]+)[\d.]+ [kM]?B([ ,│]+)[\d.]+ [kM]?B([ ,│]+)\d+%(.*?(?:true|false)[ ,│]+(?:true|false)[ ,│]+)[1-9]\d*([ ,│]+)[1-9]\d*([ ,│]+)[1-9]\d*`, "${1}<size>${2}<size>${3}<%>${4}<term>${5}<index>${6}<index>")
	// Revision is for scripts that write as often as there is space.
	Revision = mask("revision", "a file grows in steps of a program's own, so more or fewer writes fit", `(revision":|revision )\d+`, "${1}<revision>")
	// Header is all that etcdctl makes of a lease's answers as protocol buffers: fields 1 to 4 are those of the header.
	Header = mask("header alone", "terms are chance, and pointers", `(^4: |raft_term:)[1-9]\d*|0x[0-9a-f]+`, "${1}<term>")
	// Left is what is left of a lease.
	Left = mask("left", "a lease runs out while commands run", `(remaining\(|"ttl":|"TTL" : )\d+`, "${1}<left>")
	// Saved is what is told of a snapshot's file.
	Saved = mask("saved", "sizes differ as those of the database do", `("size":")[^"]*"`, `${1}<size>"`)
)

// A table is as wide as the widest name, address or number in it.
var (
	lines  = regexp.MustCompile(`─+`)
	blanks = regexp.MustCompile(` +`)
)

func narrow(s string) string {
	return blanks.ReplaceAllString(lines.ReplaceAllString(s, "─"), " ")
}

// known are values that have a name.
type known struct{ names map[string]string }

// add names a value, longer ones are found first.
func (k *known) add(value, name string) {
	if k.names == nil {
		k.names = map[string]string{}
	}
	k.names[value] = name
}

var word = regexp.MustCompile(`[0-9A-Za-z]+`)

// apply puts names in place of values: whole words, or addresses.
func (k *known) apply(s string) string {
	values := make([]string, 0, len(k.names))
	for v := range k.names {
		if !word.MatchString(v) || word.FindString(v) != v {
			values = append(values, v)
		}
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	for _, v := range values {
		s = strings.ReplaceAll(s, v, k.names[v])
	}
	return word.ReplaceAllStringFunc(s, func(w string) string {
		if name, ok := k.names[w]; ok {
			return name
		}
		return w
	})
}
