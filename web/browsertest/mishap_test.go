package browsertest

import "testing"

// What goes wrong is said in words, and unknown is never told as failed.
func TestMishapsAreToldInWords(t *testing.T) {
	t.Parallel()
	p := newPage(t)
	p.open(lab.base + "/?rate=1")
	r := lab.at(t, eval[string](p, `location.href`))
	told := func(command, outcome string) {
		t.Helper()
		p.console(command)
		p.until(command+" ends "+outcome, `answers(`+quoted(command)+`, `+quoted(outcome)+`)`)
	}
	said := func(line, words string) {
		t.Helper()
		p.console(line)
		p.until("the console explains "+line, `document.querySelector(".said").textContent.includes(`+quoted(words)+`)`)
	}

	said("putt x 1", "put")
	said("kill n9", "n9")
	told("get nothing", "no such key")

	told("kill n5", "ok")
	told("put todead 1 --from n5", "failed")
	told("suspend n4", "ok")
	told("put tosuspended 1 --from n4", "unknown")
	told("resume n4", "ok")

	leader := r.leader()
	for _, n := range r.state().Nodes {
		if n.ID != leader.ID && n.Up {
			told("suspend "+n.ID, "ok")
		}
	}
	p.until("no quorum is drawn", `outlines(true).length === 0`)
	told("put without quorum", "unknown")
	p.clean()
}
