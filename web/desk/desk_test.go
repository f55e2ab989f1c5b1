package desk

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/view"
)

func TestWhatIsNotThereIsASentence(t *testing.T) {
	for _, words := range []string{"", "teapot", "node", "node n99", "<script>", strings.Repeat("x", MaxWords+1)} {
		p := Draw(Moment{State: &view.State{}}, words)
		if !strings.Contains(p.HTML, "nothing to see") || strings.Contains(p.HTML, "<script>") {
			t.Errorf("%q: %s", words, p.HTML)
		}
	}
}

// A drawing that panics is a sentence, says so to the log once, and holds nothing up that is drawn after it.
func TestAPanicEndsNothing(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	drawers["teapot"] = func(m Moment, _ []string) *content { return &content{marks: m.State.Node(7).ID.String()} }
	defer delete(drawers, "teapot")
	defer complained.Delete("teapot")
	for range 3 {
		if p := Draw(Moment{State: &view.State{}}, "teapot is hot"); !strings.Contains(p.HTML, "This panel cannot be drawn") || p.Marks != "" {
			t.Errorf("%+v", p)
		}
	}
	if n := strings.Count(log.String(), "nil pointer"); n != 1 || !strings.Contains(log.String(), "desk_test.go") || !strings.Contains(log.String(), "teapot is hot") {
		t.Errorf("it was logged %d times:\n%s", n, log.String())
	}
	if p := Draw(Moment{State: &view.State{}}, "ops"); strings.Contains(p.HTML, "cannot be drawn") {
		t.Error(p.HTML)
	}
}
