package browsertest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
)

// Ten minutes with chaos, made into pages, play in a browser without a server and without a network; wherever one looks
// the picture is what the recorded facts add up to.
func TestTenMinutesOfChaosWithoutAServer(t *testing.T) {
	t.Parallel()
	file, folder := filepath.Join(t.TempDir(), "chaos.qlr"), filepath.Join(t.TempDir(), "pages")
	for _, args := range [][]string{{"record", "--for", "10m", "--chaos", "0.5", "--seed", "7", file}, {"export", file, folder}} {
		if said, err := exec.Command(lab.cmd.Path, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, said)
		}
	}
	recording := readRecording(t, file)
	end := recording.Reach()
	if minutes := (end.HeadAt - end.FirstAt) / 60_000_000; minutes < 10 {
		t.Fatalf("%d minutes were recorded", minutes)
	}
	server := httptest.NewServer(http.FileServer(http.Dir(folder)))
	defer server.Close()
	p := newPage(t)
	p.do(chromedp.Navigate(server.URL))
	p.until("the recording is there", `live() && document.querySelector("#app").dataset.sealed && document.querySelector("#timeline").textContent.includes("chaos")`)
	server.Close()
	p.offline(true)

	p.do(chromedp.KeyEvent(" "))
	p.until("it plays", `document.querySelector("#app").dataset.past === "playing" && leaders().length > 0`)
	p.do(chromedp.KeyEvent(" "))
	p.until("it rests", `document.querySelector("#app").dataset.past === "paused"`)
	for minute := event.Micros(9); minute > 0; minute -= 2 {
		p.scrub(int64(minute*60_000_000+30_000_000), int64(end.HeadAt)) // a pixel is half a second
		from, to := seqAt(t, recording, minute*60_000_000), seqAt(t, recording, (minute+1)*60_000_000)
		p.until("it is there", fmt.Sprintf(`seq() > %d && seq() <= %d && document.querySelector("#tape-place").textContent.startsWith("Recording at %d min")`, from, to, minute))
		shown := eval[uint64](p, `seq()`)
		s, err := recording.StateAt(shown)
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Nodes {
			n := &s.Nodes[i]
			p.until(fmt.Sprintf("%v is what the facts say at event %d", n.ID, shown),
				fmt.Sprintf(`node(%q).dataset.role === %q && node(%q).dataset.term === "%d"`, n.ID, n.Role, n.ID, n.Term))
		}
	}
	p.shot("ten-minutes")
	p.clean()
}

func seqAt(t *testing.T, j *journal.Journal, at event.Micros) uint64 {
	t.Helper()
	seq, err := j.SeqAt(at)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func readRecording(t *testing.T, file string) *journal.Journal {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	j, _, err := journal.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return j
}
