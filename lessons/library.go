package lessons

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
)

//go:embed content
var embedded embed.FS

// Source of lessons: the *.md files in a directory.
type Source struct {
	FS   fs.FS
	Name string // before the file's name in messages
}

// Embedded are the lessons that come with the program.
func Embedded() Source {
	content, err := fs.Sub(embedded, "content")
	if err != nil {
		panic(err) // the name is right or nothing works
	}
	return Source{FS: content, Name: "lessons/content"}
}

// Dir are lessons in a directory.
func Dir(path string) Source { return Source{FS: os.DirFS(path), Name: path} }

// Problem is something wrong in a lesson file: a sentence.
type Problem struct {
	File string
	Line int // 0: the file as a whole
	Text string
}

func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// Problems are all that is wrong, by file and line; as an error one a line.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].String()
	}
	return strings.Join(lines, "\n")
}

// sorted orders the problems by file and line and drops what was said twice.
func (p Problems) sorted() Problems {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return slices.Compact(p)
}

// Library is a set of lessons. It never changes; Fresh reads the files again.
type Library struct {
	sources []Source
	files   []file
	lessons []*Lesson        // by track and id; where there are books only what they are, without steps
	books   map[string]*book // by id; nil: all lessons are read
}

// file of a source, as it was read.
type file struct {
	name string // with the source's
	text []byte
}

// Load reads all lessons. One in a later source takes the place of one with the same id in an earlier source; two in
// one source are a problem. The error is Problems: the whole library is refused.
func Load(sources ...Source) (*Library, error) {
	l := &Library{sources: sources}
	var problems Problems
	for _, s := range sources {
		files, wrong := s.read()
		problems = append(problems, wrong...)
		l.files = append(l.files, files...)
		problems = append(problems, l.take(files)...)
	}
	if len(l.lessons) > MaxLessons {
		extra := l.lessons[MaxLessons]
		problems = append(problems, Problem{File: extra.File, Text: fmt.Sprintf("this lesson is one too many: a library has at most %d", MaxLessons)})
	}
	if len(problems) == 0 { // otherwise what is needed may only be missing because it could not be read
		problems = l.order()
	}
	if len(problems) > 0 {
		return nil, problems.sorted()
	}
	slices.SortFunc(l.lessons, func(a, b *Lesson) int {
		return cmp.Or(cmp.Compare(a.Track, b.Track), cmp.Compare(a.ID, b.ID))
	})
	return l, nil
}

// read gives the source's files, by name.
func (s Source) read() ([]file, Problems) {
	entries, err := fs.ReadDir(s.FS, ".")
	if err != nil {
		return nil, Problems{{File: s.Name, Text: "the lessons cannot be read: " + reason(err)}}
	}
	var (
		files    []file
		problems Problems
	)
	for _, e := range entries {
		if e.IsDir() || !strings.HasSuffix(e.Name(), ".md") || strings.EqualFold(e.Name(), "README.md") {
			continue
		}
		f := file{name: s.Name + "/" + e.Name()}
		if info, err := fs.Stat(s.FS, e.Name()); err == nil && !info.Mode().IsRegular() {
			problems = append(problems, Problem{File: f.name, Text: "this is no file but a pipe, a device or the like"}) // reading it might never end
			continue
		}
		if f.text, err = readFile(s.FS, e.Name()); err != nil {
			problems = append(problems, Problem{File: f.name, Text: "the file cannot be read: " + reason(err)})
			continue
		}
		files = append(files, f)
	}
	return files, problems
}

// readFile reads one byte more than a lesson may have, so that a novel does not fill the memory.
func readFile(in fs.FS, name string) ([]byte, error) {
	f, err := in.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(io.LimitReader(f, MaxFile+1))
	return b.Bytes(), err
}

func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return oneLine(err.Error())
}

// take adds the lessons of one source's files.
func (l *Library) take(files []file) (problems Problems) {
	mine := make(map[string]*Lesson)
	for i, read := range readAll(files) {
		f, lesson := files[i], read.lesson
		problems = append(problems, read.problems...)
		if lesson == nil || lesson.ID == "" {
			continue
		}
		if first := mine[lesson.ID]; first != nil {
			problems = append(problems, Problem{f.name, lesson.line, fmt.Sprintf("the id %q is taken by %s: every lesson has one of its own", lesson.ID, first.File)})
			continue
		}
		mine[lesson.ID] = lesson
		if at := slices.IndexFunc(l.lessons, func(o *Lesson) bool { return o.ID == lesson.ID }); at >= 0 {
			l.lessons[at] = lesson
			continue
		}
		l.lessons = append(l.lessons, lesson)
	}
	return problems
}

// reading is what became of a file.
type reading struct {
	lesson   *Lesson
	problems Problems
}

// readAll reads files side by side: compiling what is in them takes a while.
func readAll(files []file) []reading {
	all := make([]reading, len(files))
	var group sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for first := range min(len(files), workers) {
		group.Go(func() {
			for i := first; i < len(files); i += workers {
				all[i].lesson, all[i].problems = readLesson(files[i].name, files[i].text)
			}
		})
	}
	group.Wait()
	return all
}

// order looks whether the lessons can be done one after the other.
func (l *Library) order() (problems Problems) {
	var ids []string
	for _, lesson := range l.lessons {
		ids = append(ids, lesson.ID)
	}
	for _, lesson := range l.lessons {
		for _, id := range lesson.Needs {
			if l.Lesson(id) == nil {
				problems = append(problems, Problem{lesson.File, lesson.needsLine, fmt.Sprintf("it needs %q, but there is no such lesson%s", id, meant(id, ids))})
			}
		}
		if circle := l.circle(lesson); circle != nil {
			problems = append(problems, Problem{lesson.File, lesson.needsLine, fmt.Sprintf("it needs itself: %s", strings.Join(circle, " needs "))})
		}
	}
	return problems
}

// circle is the way from a lesson by what it needs back to itself, nil if there is none.
func (l *Library) circle(from *Lesson) []string {
	seen := make(map[string]bool)
	var walk func(at *Lesson, way []string) []string
	walk = func(at *Lesson, way []string) []string {
		way = append(way, at.ID)
		for _, id := range at.Needs {
			next := l.Lesson(id)
			switch {
			case id == from.ID:
				return append(way, id)
			case next == nil || seen[id]:
				continue
			}
			seen[id] = true
			if found := walk(next, way); found != nil {
				return found
			}
		}
		return nil
	}
	return walk(from, nil)
}

// Fresh is the library as its files are now: itself if none has changed.
func (l *Library) Fresh() (*Library, error) {
	var files []file
	for _, s := range l.sources {
		now, problems := s.read()
		if len(problems) > 0 {
			return nil, problems
		}
		files = append(files, now...)
	}
	if slices.EqualFunc(files, l.files, func(a, b file) bool { return a.name == b.name && bytes.Equal(a.text, b.text) }) {
		return l, nil
	}
	return Load(l.sources...)
}

// Lesson by id, nil if there is none.
func (l *Library) Lesson(id string) *Lesson {
	if b := l.books[id]; b != nil {
		return b.open()
	}
	for _, lesson := range l.lessons {
		if lesson.ID == id {
			return lesson
		}
	}
	return nil
}

// Lessons are all, by track and id.
func (l *Library) Lessons() []*Lesson { return slices.Clone(l.lessons) }
