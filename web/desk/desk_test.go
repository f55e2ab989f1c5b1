package desk

import (
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
