package lessons_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/quorumlab/quorumlab/lessons"
	"github.com/quorumlab/quorumlab/lessons/play"
)

// TestTheExampleOfTheGuideIsPlayed as quorumlab lesson check does: solved, and wrong in each way that it names.
func TestTheExampleOfTheGuideIsPlayed(t *testing.T) {
	guide, err := os.ReadFile("../docs/lessons.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(guide), "````markdown\n")
	text, _, _ := strings.Cut(rest, "````")
	library, err := lessons.Load(lessons.Embedded(), lessons.Source{FS: fstest.MapFS{"w01.md": {Data: []byte(text)}}, Name: "DIR"})
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, part := range play.Parts(library, library.Lesson("w01")) {
		if part.Name == "hour" {
			continue // the minute before each step says enough about an example
		}
		if _, err := part.Play(t.TempDir()); err != nil {
			t.Errorf("%s: %v", part.Name, err)
		}
		played++
	}
	if played < 4 {
		t.Errorf("only %d parts were played", played)
	}
}
