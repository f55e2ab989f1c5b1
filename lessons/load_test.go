package lessons

import "testing"

func TestEmbeddedLessonsLoad(t *testing.T) {
	l, err := Load(Embedded())
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range l.Lessons() {
		t.Log(one.ID, one.Title, len(one.Steps))
	}
}
