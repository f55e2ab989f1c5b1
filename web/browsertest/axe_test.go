package browsertest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// axe-core (https://github.com/dequelabs/axe-core, MPL 2.0) judges accessibility. It is large and not ours, so it is
// not in git: it is fetched from npm's registry once and checked against the hash here.
const (
	axePackage = "axe-core@4.14.1"
	axeFile    = "axe.min.js"
	axeHash    = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
)

// violation is one rule that the page breaks.
type violation struct {
	ID    string   `json:"id"`
	Help  string   `json:"help"`
	Nodes []string `json:"nodes"`
}

func TestNothingForAxeToComplainAbout(t *testing.T) {
	t.Parallel()
	axe := axeSource(t)
	p := newPage(t)
	p.open(lab.base + "/?rate=1")
	p.console("put x 1")
	p.until("the put is ok", `answers("put x 1", "ok")`)
	p.still()
	p.do(chromedp.Evaluate[chromedp.Void](axe))
	p.inEveryLook(t, "room")
	p.do(chromedp.Click(chromedp.CSS(`[data-node="n2"][data-role]`)))
	p.until("the node's menu is open", `document.querySelector(".menu")`)
	p.inTwoLooks(t, "menu")
	p.do(chromedp.KeyEvent(kb.Escape), chromedp.KeyEvent("?"))
	p.until("the rules are open", `document.querySelector("#rules-close")`)
	p.inTwoLooks(t, "rules")
	p.do(chromedp.KeyEvent(kb.Escape))
	p.until("the rules are shut", `!document.querySelector("#rules-close")`)
	p.console("partition n1 n2 | n3 n4 n5")
	p.until("the cluster is parted", `outlines(false).length === 1`)
	p.inTwoLooks(t, "parted")

	p.open(lab.base + "/lessons/a04")
	p.do(chromedp.Evaluate[chromedp.Void](axe))
	p.until("the lesson asks", `document.querySelector("#answer-1")`)
	p.inEveryLook(t, "lesson-question")
	p.do(chromedp.Evaluate[chromedp.Void](`document.querySelector("#answer-1").click()`))
	p.until("the answer is judged", `document.querySelector('[data-step="1"][data-state="done"]')`)
	p.inTwoLooks(t, "lesson-answer")
	p.do(chromedp.Navigate(lab.base+"/lessons"), chromedp.Evaluate[chromedp.Void](axe))
	p.inTwoLooks(t, "lessons")

	p.do(chromedp.Navigate(lab.base+"/r/no-such-room"), chromedp.Evaluate[chromedp.Void](axe))
	p.inTwoLooks(t, "problem")
}

// What opens, lies over the page or changes all of it is judged too, each in two looks; so are the pages that people are sent.
func TestNothingForAxeToComplainAboutInWhatOpens(t *testing.T) {
	t.Parallel()
	axe := axeSource(t)
	p := newPage(t)
	p.open(lab.base + "/?rate=1")
	address := eval[string](p, `location.href`)
	r := lab.at(t, address)
	r.do(map[string]any{"kind": "preset", "key": "two-leaders"})
	p.until("the room stands still", `frozen()`)
	p.do(chromedp.Evaluate[chromedp.Void](axe))
	for _, state := range []struct{ name, opens, there string }{
		{"feed", `#tab-feed`, `#feed-which`},
		{"bookmarks", `#tape-marks`, `#dialog[open] #mark-note`},
		{"share", `#share-open`, `#dialog[open] code`},
		{"split", `#partition`, `.parting`},
		{"link", `[data-link][data-cut=both]`, `.linkmenu`},
		{"why", `.groups [data-action=look]`, `#side .why-answer`},
		{"lamp", `.lamp`, `#side .lamp-verdict, #side .lamp-facts`},
		{"past", `#tape-back`, `#app[data-past=paused]`},
		{"projector", ``, `:root[data-projector]`},
	} {
		if state.name == "projector" {
			p.do(chromedp.Evaluate[chromedp.Void](`document.documentElement.dataset.projector = "true", dispatchEvent(new Event("resize")), undefined`))
		} else {
			p.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.querySelector(%q).dispatchEvent(new MouseEvent("click", {bubbles: true})), undefined`, state.opens)))
		}
		p.until(state.name+" is there", fmt.Sprintf(`document.querySelector(%q)`, state.there))
		p.inTwoLooks(t, state.name)
		p.do(chromedp.KeyEvent(kb.Escape))
		p.until("what lay over the page is gone", `!document.querySelector("dialog[open], .menu")`)
	}

	var made struct{ Watch string }
	r.ask(http.MethodPost, lab.base+"/api/rooms", []byte(`{}`), &made)
	for name, page := range map[string]string{"embedded": address + "?embed", "watching": lab.base + made.Watch} {
		p.do(chromedp.Navigate(page))
		p.until("the page is live", `live() && leader()`)
		p.do(chromedp.Evaluate[chromedp.Void](axe))
		p.inTwoLooks(t, name)
	}
}

// still freezes the room of the page: its picture is judged as well, and the machine has time for something else.
func (p *page) still() {
	p.t.Helper()
	lab.at(p.t, eval[string](p, `location.href`)).do(map[string]any{"kind": "freeze"})
	p.until("the room stands still", `frozen()`)
}

// inTwoLooks judges the page as it is, light on a desk and dark on a telephone.
func (p *page) inTwoLooks(t *testing.T, name string) {
	t.Helper()
	p.inLook(t, name, "light", 1440)
	p.inLook(t, name, "dark", 390)
	p.do(chromedp.EmulateViewport(1440, 900))
	p.until("the page is wide again", `innerWidth === 1440`)
}

// inEveryLook judges the page as it is, light and dark, on a desk and on a telephone.
func (p *page) inEveryLook(t *testing.T, name string) {
	t.Helper()
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int64{1440, 390} {
			p.inLook(t, name, scheme, width)
		}
	}
	p.do(chromedp.EmulateViewport(1440, 900))
	p.until("the page is wide again", `innerWidth === 1440`)
}

func (p *page) inLook(t *testing.T, name, scheme string, width int64) {
	t.Helper()
	t.Run(fmt.Sprintf("%s-%s-%d", name, scheme, width), func(t *testing.T) {
		p.media(scheme)
		p.do(chromedp.EmulateViewport(width, 900))
		p.until("the page has taken the new size", fmt.Sprintf(`innerWidth === %d`, width))
		p.until("colours have changed over", `!document.getAnimations().some(a => a instanceof CSSTransition)`)
		judge(t, p)
		if t.Failed() {
			p.shot("axe-" + name)
		}
	})
}

// judge lets axe look at the page as it is now.
func judge(t *testing.T, p *page) {
	t.Helper()
	const run = `axe.run(document, {resultTypes: ["violations"], rules: {"target-size": {enabled: true}}}).then(r => r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.map(n => n.html.slice(0, 160) + " – " + n.failureSummary)})))`
	ctx, cancel := p.soon()
	defer cancel()
	found, err := chromedp.Run(ctx, chromedp.Evaluate[[]violation](run, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range found {
		t.Errorf("%s: %s", v.ID, v.Help)
		for _, node := range v.Nodes {
			t.Errorf("    %s", node)
		}
	}
}

// axeSource is axe's script. Without it and without npm to fetch it the test is skipped.
func axeSource(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat(axeFile); err != nil {
		fetchAxe(t)
	}
	source, err := os.ReadFile(axeFile)
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(source); hex.EncodeToString(sum[:]) != axeHash {
		t.Fatalf("%s is not that of %s: delete it and run the test again", axeFile, axePackage)
	}
	return string(source)
}

func fetchAxe(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("accessibility is not judged here: axe-core is fetched with npm, and there is no npm")
	}
	dir := t.TempDir()
	if out, err := exec.Command("npm", "pack", "--silent", "--pack-destination", dir, axePackage).CombinedOutput(); err != nil {
		t.Skipf("accessibility is not judged here: npm cannot fetch %s: %v %s", axePackage, err, out)
	}
	packed, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(packed) != 1 {
		t.Fatalf("npm left %v, %v", packed, err)
	}
	source, err := exec.Command("tar", "-xzOf", packed[0], "package/"+axeFile).Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(axeFile, source, 0o644); err != nil {
		t.Fatal(err)
	}
}
