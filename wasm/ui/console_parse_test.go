package ui

import (
	"reflect"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
)

func TestLinesAreUnderstood(t *testing.T) {
	for line, want := range map[string]event.Command{
		`put x 1`:                          {Kind: event.Put, Key: "x", Value: "1"},
		`put x -1`:                         {Kind: event.Put, Key: "x", Value: "-1"},
		`put -- --x --y`:                   {Kind: event.Put, Key: "--x", Value: "--y"},
		`put 'a b' "c \"d\" \\ e" `:        {Kind: event.Put, Key: "a b", Value: `c "d" \ e`},
		`put a\ b c\|d`:                    {Kind: event.Put, Key: "a b", Value: "c|d"},
		`put x ''`:                         {Kind: event.Put, Key: "x"},
		`--from n4 put x 1`:                {},
		`put x --from n4 1 --timeout 1.5s`: {Kind: event.Put, Key: "x", Value: "1", Node: 4, Timeout: 1_500_000},
		`put x 1 --from=n4 --timeout=3s`:   {Kind: event.Put, Key: "x", Value: "1", Node: 4, Timeout: 3_000_000},
		`get x`:                            {Kind: event.Get, Key: "x"},
		`get a c --rev 3 --limit 2`:        {Kind: event.Get, Key: "a", End: "c", Rev: 3, Limit: 2},
		`get x --consistency s`:            {Kind: event.Get, Key: "x", Serializable: true},
		`get x --serializable`:             {Kind: event.Get, Key: "x", Serializable: true},
		`get x --consistency="l"`:          {Kind: event.Get, Key: "x"},
		`get svc/ --prefix`:                {Kind: event.Get, Key: "svc/", Prefix: true},
		`get '' --prefix`:                  {Kind: event.Get, Key: "\x00", End: "\x00"},
		`get k --from-key`:                 {Kind: event.Get, Key: "k", End: "\x00"},
		`del svc/ --prefix --from n2`:      {Kind: event.Del, Key: "svc/", Prefix: true, Node: 2},
		`kill n2 --before-fsync`:           {Kind: event.Kill, Node: 2, At: event.BeforeFsync},
		`kill n2 --after-fsync`:            {Kind: event.Kill, Node: 2, At: event.AfterFsync},
		`restart n2`:                       {Kind: event.Restart, Node: 2},
		`suspend n3`:                       {Kind: event.Suspend, Node: 3},
		`resume n3`:                        {Kind: event.Resume, Node: 3},
		`wipe n3`:                          {Kind: event.Wipe, Node: 3},
		`drift n2 1.5`:                     {Kind: event.Drift, Node: 2, Factor: 1_500_000},
		`drift n2 .5x`:                     {Kind: event.Drift, Node: 2, Factor: 500_000},
		`disk n2 300ms`:                    {Kind: event.Disk, Node: 2, Took: 300_000},
		`disk n2 0`:                        {Kind: event.Disk, Node: 2},
		`corrupt n2`:                       {Kind: event.Corrupt, Node: 2},
		`corrupt n2 store --offset 12`:     {Kind: event.Corrupt, Node: 2, File: "store", Offset: 12},
		`cut n1 n2 --one-way`:              {Kind: event.Cut, Node: 1, Peer: 2, OneWay: true},
		`mend n1 n2`:                       {Kind: event.Mend, Node: 1, Peer: 2},
		`link n1 n2 --delay 50ms --jitter 5ms --loss 10% --duplicate 0.1 --slow 2`: {Kind: event.SetLink, Node: 1, Peer: 2,
			Link: event.Link{Delay: 50_000, Jitter: 5000, Loss: 100_000, Duplicate: 100_000, Slow: 2_000_000}},
		`partition n1 n2 | n3,n4, n5`: {Kind: event.Partition, Groups: [][]event.NodeID{{1, 2}, {3, 4, 5}}},
		`partition n1|n2 n3`:          {Kind: event.Partition, Groups: [][]event.NodeID{{1}, {2, 3}}},
		`heal`:                        {Kind: event.Heal},
		`hold`:                        {Kind: event.Hold},
		`hold n1 n2 --one-way`:        {Kind: event.Hold, Node: 1, Peer: 2, OneWay: true},
		`release n1 n2`:               {Kind: event.Release, Node: 1, Peer: 2},
		`deliver 117`:                 {Kind: event.Deliver, Message: 117},
		`drop #117`:                   {Kind: event.Drop, Message: 117},
		`duplicate 117`:               {Kind: event.Duplicate, Message: 117},
		`reorder 117 118`:             {Kind: event.Reorder, Message: 117, With: 118},
		`reorder 117`:                 {Kind: event.Reorder, Message: 117},
		`rate workshop`:               {Kind: event.Rate, Factor: 250_000},
		`rate 0.01`:                   {Kind: event.Rate, Factor: 10_000},
		`rate 20x`:                    {Kind: event.Rate, Factor: 20_000_000},
		`freeze`:                      {Kind: event.Freeze},
		`thaw`:                        {Kind: event.Thaw},
		`step`:                        {Kind: event.Step},
		`elect n3`:                    {Kind: event.Elect, Node: 3},
		`move-leader n3`:              {Kind: event.Transfer, Node: 3},
		`step-down`:                   {Kind: event.StepDown},
		`member add`:                  {Kind: event.MemberAdd},
		`member promote n6`:           {Kind: event.MemberPromote, Node: 6},
		`member demote n6`:            {Kind: event.MemberDemote, Node: 6},
		`member remove n6`:            {Kind: event.MemberRemove, Node: 6},
		`pre-vote off`:                {Kind: event.PreVote},
		`prevote on`:                  {Kind: event.PreVote, On: true},
		`snapshot n2`:                 {Kind: event.Snapshot, Node: 2},
		`help txn`:                    {},
		`help member`:                 {},
	} {
		got, wrong := Parse(line)
		if want.Kind == event.CommandNone && strings.HasPrefix(line, "--") {
			if wrong == nil {
				t.Errorf("%s: a line begins with its verb", line)
			}
			continue
		}
		if wrong != nil {
			t.Errorf("%s: %d..%d %s", line, wrong.From, wrong.To, wrong.Words(nil))
			continue
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n got %+v\nwant %+v", line, got, want)
		}
	}
}

func TestTransactionsAreUnderstood(t *testing.T) {
	put := func(k, v string) event.Request { return event.Request{Kind: event.Put, Key: k, Value: v} }
	get := func(k string) event.Request { return event.Request{Kind: event.Get, Key: k} }
	compare := func(target, key, sign, value string) event.Compare {
		return event.Compare{Target: target, Key: key, Result: sign, Value: value}
	}
	story := event.Txn{Compare: []event.Compare{compare("value", "x", "=", "1")},
		Success: []event.Request{put("x", "2")}, Failure: []event.Request{get("x")}}
	for line, want := range map[string]event.Txn{
		`txn 'value("x") = "1"' -- put x 2 -- get x`: story,
		`txn value(x) = 1 -- put x 2 -- get x`:       story,
		`txn value(x)=1 -- put x 2 -- get x`:         story,
		`txn 'val(x)' '= 1' -- put x 2 -- get x`:     story,
		`txn value("x") = "1" -- put x 2 -- get x`:   story,
		`txn -- put x 1`:                             {Success: []event.Request{put("x", "1")}},
		`txn 'version("a b") > "0"' 'mod(c) < 7' ; create(d) != 0 -- put x 1 ; put y 2 ; --`: {
			Compare: []event.Compare{compare("version", "a b", ">", "0"), compare("mod", "c", "<", "7"), compare("create", "d", "!=", "0")},
			Success: []event.Request{put("x", "1"), put("y", "2")}},
		`txn 'value("x") = ""' --`: {Compare: []event.Compare{compare("value", "x", "=", "")}},
		`txn value(x) = '' --`:     {Compare: []event.Compare{compare("value", "x", "=", "")}},
		`txn 'value("a)\"=b") != "c\"d"' -- del a --prefix -- get a --from-key`: {
			Compare: []event.Compare{compare("value", `a)"=b`, "!=", `c"d`)},
			Success: []event.Request{{Kind: event.Del, Key: "a", Prefix: true}},
			Failure: []event.Request{{Kind: event.Get, Key: "a", End: "\x00"}}},
	} {
		got, wrong := Parse(line)
		if wrong != nil {
			t.Errorf("%s: %d..%d %s", line, wrong.From, wrong.To, wrong.Words(nil))
			continue
		}
		if !reflect.DeepEqual(*got.Txn, want) {
			t.Errorf("%s\n got %+v\nwant %+v", line, *got.Txn, want)
		}
	}
}

// mistaken are lines and what is said of them. The mistake is the part between ‹ and ›.
var mistaken = map[string]string{
	`get x ‹--serialisable›`:                          "unknown flag --serialisable for get: did you mean --serializable?",
	`get x ‹--serialisable›=true`:                     "did you mean --serializable?",
	`get x ‹--prefix=true›`:                           "--prefix takes no value",
	`heal ‹--all›`:                                    "unknown flag --all for heal: it has none",
	`‹pt› x 1`:                                        `unknown command "pt": did you mean put?`,
	`‹frobnicate›`:                                    "help lists them all",
	`‹member›`:                                        "member what? add, promote, demote, remove, list",
	`member ‹bless› n2`:                               `member has no "bless", only add`,
	`put x‹›`:                                         "put needs a VALUE here: put KEY VALUE",
	`put ‹''› 1`:                                      "a key cannot be empty",
	`put x hello ‹world›`:                             "one word too many: put KEY VALUE",
	`put x ‹"hello›`:                                  `this " is never closed`,
	`put x hello‹\›`:                                  `a \ at the end protects nothing`,
	`put x a‹|›b`:                                     "a bare | separates",
	`put x 1 --from ‹five›`:                           `"five" is not a node`,
	`put x 1 --from=‹n0›`:                             `"n0" is not a node`,
	`put x 1 --from‹›`:                                "--from needs a value: --from NODE",
	`put x 1 --timeout ‹3›`:                           "has no unit: write 3ms or 3s",
	`put x 1 --timeout ‹0s›`:                          "too short",
	`put x 1 --timeout ‹soon›`:                        "is not a time",
	`get x --rev ‹-3›`:                                "is not a revision",
	`get x --consistency ‹x›`:                         "l is linearizable, s is serializable",
	`get a ‹b› --prefix`:                              "--prefix already says which keys",
	`get a ‹b› --from-key`:                            "--from-key already says which keys",
	`get ‹a› --from-key --prefix`:                     "leave one out",
	`get b ‹a›`:                                       "RANGE_END comes before KEY",
	`get ‹''›`:                                        "for all keys add --prefix",
	`kill ‹leader›`:                                   "is not a node",
	`drift n2 ‹0›`:                                    "is not a factor",
	`drift n2 ‹fast›`:                                 "is not a factor",
	`corrupt n2 ‹disk›`:                               "log, stable (term and vote) or store",
	`cut n1 ‹n1›`:                                     "two different nodes",
	`cut n1‹›`:                                        "cut needs a NODE here",
	`hold n1‹›`:                                       "a link has two ends",
	`‹hold --one-way›`:                                "--one-way needs the two nodes",
	`link n1 n2 --loss ‹2›`:                           "is not a share",
	`link n1 n2 --loss ‹101%›`:                        "is not a share",
	`deliver ‹it›`:                                    "is not a message",
	`rate ‹0›`:                                        "called freeze",
	`rate ‹21›`:                                       "from 0.01 to 20",
	`rate ‹0.001›`:                                    "from 0.01 to 20",
	`pre-vote ‹maybe›`:                                "neither on nor off",
	`partition n1 | n2 ‹n1›`:                          "n1 stands twice",
	`partition ‹|› n1`:                                "a group before this | is missing",
	`partition n1 |‹›`:                                "a group is missing here",
	`txn value(x) = 1‹›`:                              "a -- and what to do are missing",
	`txn ‹x=1› -- put x 1`:                            "is not a comparison",
	`txn ‹value(x› = 1 -- put x 1`:                    "the key's ) is missing",
	`txn value(x) ‹1› -- put x 1`:                     "a sign is missing after value(x)",
	`txn value(x) =‹› -- put x 1`:                     "what to compare with is missing",
	`txn version(x) = ‹one› -- put x 1`:               "version is a number",
	`txn ‹value()› = 1 -- put x 1`:                    "a key cannot be empty",
	`txn -- ‹kill› n2`:                                "is not a request of a transaction",
	`txn -- get x ‹--rev› 3`:                          "unknown flag --rev for get: it has --prefix, --from-key",
	`txn -- put x‹› -- get x`:                         "put needs a VALUE here",
	`txn -- -- ‹--›`:                                  "one -- too many",
	`help ‹pt›`:                                       "did you mean put?",
	`help put ‹get›`:                                  "one command at a time",
	`‹›`:                                              "help lists the commands",
	`put x ` + strings.Repeat("y", MaxLine-6) + `‹y›`: "the line is too long: 4096 bytes at most",
}

func TestMistakesAreExplainedAtTheirPlace(t *testing.T) {
	for marked, say := range mistaken {
		from := strings.Index(marked, "‹")
		line := strings.NewReplacer("‹", "", "›", "").Replace(marked)
		to := strings.Index(marked, "›") - len("‹")
		_, wrong := Parse(line)
		switch {
		case wrong == nil:
			t.Errorf("%s: no mistake", marked)
		case wrong.From != from || wrong.To != to || !strings.Contains(wrong.Words(nil), say):
			t.Errorf("%s: %d..%d, not %d..%d\n got %s\nwant %s", clip(marked), wrong.From, wrong.To, from, to, wrong.Words(nil), say)
		}
	}
}

func TestEveryCommandHasAVerb(t *testing.T) {
	spoken := map[event.CommandKind]bool{}
	for _, v := range verbs {
		spoken[v.kind] = true
		if v.about == "" || v.example == "" || v.group == "" {
			t.Errorf("%s lacks its help", v.name)
		}
		order, wrong := Parse(v.example)
		if wrong != nil || order.Kind != v.kind {
			t.Errorf("example of %s: %s gives %v %v", v.name, v.example, order.Kind, wrong)
		}
	}
	for k := event.CommandNone; int(k) < event.Commands; k++ {
		if roomVerbOf([]word{{text: k.String()}}).name != "" {
			continue // the room reads it
		}
		if !spoken[k] && !k.Foreign() { // those are etcd's own
			t.Errorf("%s cannot be typed", k)
		}
	}
}

// What a gesture shows in the console would do the same when typed.
func TestWordsOfACommandReadBackAsTheSameCommand(t *testing.T) {
	for _, line := range []string{
		`put "it's \"x\"" 'a b' --from n3 --timeout 1500ms`, `put x ''`, `put -- -x --y`, `put x 'a;b|c\d'`,
		`get a c --rev 3 --limit 2 --serializable`, `get '' --prefix`, `get k --from-key`, `del svc/ --prefix`,
		`txn 'value("x\"") = "1"' 'mod(y) > 0' --timeout 2s -- put x 2 ; del y --prefix -- get x z`, `txn -- put x 1`,
		`kill n2 --before-fsync`, `kill n2`, `drift n2 1.25`, `drift n2 0.000001`, `disk n2 1.5ms`, `disk n2 0s`,
		`corrupt n2 store --offset 12`, `corrupt n2`, `cut n1 n2 --one-way`,
		`link n1 n2 --delay 50ms --jitter 1s --loss 12.5% --duplicate 0.1 --slow 2.5 --one-way`, `link n1 n2`,
		`partition n1 | n2 n3 | n4`, `hold`, `release n1 n2`, `deliver 7`, `reorder 7 8`, `reorder 7`,
		`rate workshop`, `rate real`, `rate slow`, `rate 0.37`, `freeze`, `step-down`, `step-down n2`, `member add`, `member add n7`,
		`member remove n2`, `pre-vote on`, `pre-vote off`, `snapshot n3`,
	} {
		order, wrong := Parse(line)
		if wrong != nil {
			t.Fatalf("%s: %s", line, wrong.Words(nil))
		}
		words := inWords(order)
		again, wrong := Parse(words)
		if wrong != nil || !reflect.DeepEqual(again, order) {
			t.Errorf("%s became %s\n got %+v %v\nwant %+v", line, words, again, wrong, order)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, v := range verbs {
		f.Add(v.example)
	}
	f.Add(`txn 'value("a)\"=b") != "c\"d"' -- del a --prefix -- get a --from-key`)
	f.Add(`put "a\\" 'b`)
	f.Add("get x --serialisable=\xff")
	f.Fuzz(func(t *testing.T, line string) {
		order, wrong := Parse(line)
		if wrong != nil {
			if wrong.From < 0 || wrong.From > wrong.To || wrong.To > len(line) || wrong.Words(nil) == "" {
				t.Fatalf("%q: mistake %+v is not within the line", line, *wrong)
			}
			return
		}
		if order.Kind == event.CommandNone {
			return
		}
		again, wrong := Parse(inWords(order))
		if wrong != nil {
			if len(inWords(order)) > MaxLine {
				return // quoting made it longer than a line may be
			}
			t.Fatalf("%q is %+v, in words %q: %s", line, order, inWords(order), wrong.Words(nil))
		}
		if inWords(again) != inWords(order) {
			t.Fatalf("%q: %q reads back as %q", line, inWords(order), inWords(again))
		}
	})
}
