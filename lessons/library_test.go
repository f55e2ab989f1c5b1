package lessons

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// lessonFile is a small lesson file.
func lessonFile(id, needs string) *fstest.MapFile {
	text := strings.Replace(entire, "id: a01", "id: "+id, 1)
	if needs != "" {
		text = strings.Replace(text, "minutes: 5", "minutes: 5\nneeds: ["+needs+"]", 1)
	}
	return &fstest.MapFile{Data: []byte(text)}
}

func TestLaterSourcesOverride(t *testing.T) {
	first := Source{FS: fstest.MapFS{"a.md": lessonFile("a01", ""), "b.md": lessonFile("a02", "a01"), "README.md": {Data: []byte("no lesson")}, "sub/x.md": {Data: []byte("?")}}, Name: "first"}
	changed := lessonFile("a02", "")
	changed.Data = []byte(strings.Replace(string(changed.Data), "One is not enough", "Mine", 1))
	second := Source{FS: fstest.MapFS{"mine.md": changed, "a00.md": lessonFile("a00", "a02")}, Name: "second"}
	l, err := Load(first, second)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, one := range l.Lessons() {
		ids = append(ids, one.ID+" "+one.File)
	}
	if got := strings.Join(ids, ", "); got != "a00 second/a00.md, a01 first/a.md, a02 second/mine.md" {
		t.Errorf("the library has %s", got)
	}
	if l.Lesson("a02").Title != "Mine" || l.Lesson("a09") != nil {
		t.Errorf("%+v", l.Lesson("a02"))
	}
}

func TestLessonsThatDoNotFitTogether(t *testing.T) {
	many := fstest.MapFS{}
	for i := range MaxLessons + 1 {
		many[fmt.Sprintf("l%03d.md", i)] = lessonFile(fmt.Sprintf("l%03d", i), "")
	}
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"twins": {fstest.MapFS{"a.md": lessonFile("a01", ""), "b.md": lessonFile("a01", "")},
			`x/b.md:2: the id "a01" is taken by x/a.md: every lesson has one of its own`},
		"circle": {fstest.MapFS{"a.md": lessonFile("a01", "a02"), "b.md": lessonFile("a02", "a03"), "c.md": lessonFile("a03", "a01"), "d.md": lessonFile("a04", "a01")},
			"x/a.md:6: it needs itself: a01 needs a02 needs a03 needs a01\nx/b.md:6: it needs itself: a02 needs a03 needs a01 needs a02\nx/c.md:6: it needs itself: a03 needs a01 needs a02 needs a03"},
		"nobody": {fstest.MapFS{"a.md": lessonFile("a01", "b77")}, `x/a.md:6: it needs "b77", but there is no such lesson`},
		"many":   {many, fmt.Sprintf("x/l%03d.md: this lesson is one too many: a library has at most 200", MaxLessons)},
	} {
		_, err := Load(Source{FS: c.files, Name: "x"})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v\nwant %s", name, err, c.want)
		}
	}
	delete(many, "l000.md")
	if _, err := Load(Source{FS: many, Name: "x"}); err != nil {
		t.Errorf("the largest library is refused: %v", err)
	}
}

func TestNoLessonsAreALibrary(t *testing.T) {
	l, err := Load(Source{FS: fstest.MapFS{}, Name: "x"})
	if err != nil || len(l.Lessons()) != 0 {
		t.Errorf("%v, %v", l, err)
	}
	if _, err = Load(Dir(t.TempDir() + "/nowhere")); err == nil || !strings.Contains(err.Error(), "the lessons cannot be read: no such file or directory") {
		t.Errorf("a directory that is not there: %v", err)
	}
}

func TestFreshSeesWhatChanged(t *testing.T) {
	files := fstest.MapFS{"a.md": lessonFile("a01", "")}
	old, err := Load(Source{FS: files, Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	same, err := old.Fresh()
	if err != nil || same != old {
		t.Errorf("nothing changed, and it is another library: %v", err)
	}
	files["b.md"] = lessonFile("a02", "")
	more, err := old.Fresh()
	if err != nil || more == old || more.Lesson("a02") == nil || old.Lesson("a02") != nil {
		t.Errorf("a new file: %v", err)
	}
	files["b.md"].Data = []byte(strings.Replace(string(files["b.md"].Data), "minutes: 5", "minutes: 6", 1))
	changed, err := more.Fresh()
	if err != nil || changed == more || changed.Lesson("a02").Minutes != 6 || changed.Lesson("a02").Hash == more.Lesson("a02").Hash {
		t.Errorf("a file with other content of the same size: %v", err)
	}
	files["b.md"].Data = []byte("oops")
	if broken, err := changed.Fresh(); err == nil || broken != nil || changed.Lesson("a02") == nil {
		t.Errorf("a broken file: %v, %v", broken, err)
	}
	delete(files, "b.md")
	if fewer, err := changed.Fresh(); err != nil || fewer.Lesson("a02") != nil {
		t.Errorf("a file that is gone: %v", err)
	}
}

// FuzzLoad reads any file: it becomes a lesson, or there are problems that name the file and one of its lines.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(entire))
	for i, c := range refusals {
		if i%4 == 0 {
			f.Add([]byte(strings.Replace(entire, c.old, c.new, 1)))
		}
	}
	for _, text := range []string{"", "---", "---\n---\n", "---\n\x00", "---\nid: &a [*a]\n---\n## x\n```step\n", "---\nid: a\n---\n##\n~~~step\nkind: {a: {b: [}}}\n~~~\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		lesson, problems := readLesson("x/a.md", text)
		if problems == nil && (lesson == nil || lesson.ID == "" || len(lesson.Steps) == 0) {
			t.Fatalf("%q is a lesson: %+v", text, lesson)
		}
		lines := strings.Count(string(text), "\n") + 1
		for _, p := range problems {
			if p.File != "x/a.md" || p.Line < 0 || p.Line > lines || p.Text == "" || strings.ContainsAny(p.Text, "\n\r") {
				t.Fatalf("%q has %d lines and the problem %+v", text, lines, p)
			}
		}
		if problems == nil {
			facts := trio()
			lesson.Intro.HTML(facts)
			for _, s := range lesson.Steps {
				s.Prose.HTML(facts)
				for _, l := range s.Solve {
					l.Words(facts)
				}
				if s.Check != nil {
					s.Check.Holds(facts)
				}
			}
		}
	})
}

// TestTrustedLessonsAreReadWhenAskedFor compares what is read then with what Load reads.
func TestTrustedLessonsAreReadWhenAskedFor(t *testing.T) {
	all, err := Load(Embedded())
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := Trust(Embedded())
	if err != nil {
		t.Fatal(err)
	}
	if len(trusted.Lessons()) != len(all.Lessons()) {
		t.Fatalf("%d lessons instead of %d", len(trusted.Lessons()), len(all.Lessons()))
	}
	for i, l := range all.Lessons() {
		brief, whole := trusted.Lessons()[i], trusted.Lesson(l.ID)
		if brief.ID != l.ID || brief.Title != l.Title || brief.Track != l.Track || brief.Minutes != l.Minutes || !slices.Equal(brief.Needs, l.Needs) || len(brief.Steps) != 0 {
			t.Errorf("%s is listed as %+v", l.ID, brief)
		}
		if whole == nil || whole.Hash != l.Hash || len(whole.Steps) != len(l.Steps) || whole != trusted.Lesson(l.ID) {
			t.Errorf("%s is read as %+v", l.ID, whole)
		}
	}
	if trusted.Lesson("z99") != nil {
		t.Error("there is a lesson that is not there")
	}
	if fresh, err := trusted.Fresh(); err != nil || fresh != trusted {
		t.Errorf("unchanged files make another library, %v", err)
	}
}

func TestTrustFallsBackOnLoad(t *testing.T) {
	mine := Source{FS: fstest.MapFS{"play.md": lessonFile("play", "")}, Name: "mine"}
	l, err := Trust(Embedded(), mine)
	if err != nil || l.Lesson("play").File != "mine/play.md" {
		t.Errorf("a later source does not count: %v", err)
	}
	for name, files := range map[string]fstest.MapFS{
		"no header": {"one.md": {Data: []byte("nothing")}},
		"two ids":   {"one.md": lessonFile("one", ""), "two.md": lessonFile("one", "")},
	} {
		if _, err := Trust(Source{FS: files, Name: "mine"}); err == nil || !strings.Contains(err.Error(), "mine/") {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := lessonFile("one", "")
	broken.Data = []byte(strings.Replace(string(broken.Data), "kind:", "kinds:", 1))
	l, err = Trust(Source{FS: fstest.MapFS{"one.md": broken}, Name: "mine"})
	if err != nil || l.Lesson("one") != nil {
		t.Errorf("a step that is broken is taken: %v", err)
	}
}
