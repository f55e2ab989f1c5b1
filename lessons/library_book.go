package lessons

import (
	"cmp"
	"slices"
	"sync"
)

// book is a lesson file that is read when its lesson is asked for.
type book struct {
	file   file
	opened sync.Once
	lesson *Lesson
}

// Trust is Load for files that another process has found in order: of each it reads only which lesson it is, and the rest
// when the lesson is asked for. So a room starts sooner, and keeps no lessons but those that are taken in it. A lesson
// whose file turns out to be broken is not there; Load says why. Where Trust sees that something is wrong it is Load.
func Trust(sources ...Source) (*Library, error) {
	l := &Library{sources: sources, books: make(map[string]*book)}
	for _, s := range sources {
		files, problems := s.read()
		if len(problems) > 0 || !l.shelve(files) {
			return Load(sources...)
		}
	}
	slices.SortFunc(l.lessons, func(a, b *Lesson) int {
		return cmp.Or(cmp.Compare(a.Track, b.Track), cmp.Compare(a.ID, b.ID))
	})
	return l, nil
}

// shelve adds one source's files, unread. It returns false if one says no lesson that is its own.
func (l *Library) shelve(files []file) bool {
	mine := make(map[string]bool)
	for _, f := range files {
		lesson := identify(f)
		if lesson == nil || mine[lesson.ID] {
			return false
		}
		mine[lesson.ID] = true
		if l.books[lesson.ID] != nil {
			l.lessons = slices.DeleteFunc(l.lessons, func(o *Lesson) bool { return o.ID == lesson.ID })
		}
		l.books[lesson.ID] = &book{file: f}
		l.lessons = append(l.lessons, lesson)
	}
	l.files = append(l.files, files...)
	return len(l.lessons) <= MaxLessons
}

// identify reads which lesson a file is; nil if it does not say so properly.
func identify(f file) *Lesson {
	r := &report{file: f.name}
	if !readable(r, f.text) {
		return nil
	}
	header, _, _ := cut(r, normal(f.text))
	v, ok := readYAML(r, header.text, "the header", header.line)
	if !ok {
		return nil
	}
	t, ok := v.table(headerKeys)
	if !ok {
		return nil
	}
	l := &Lesson{File: f.name}
	if t.identity(l); len(r.problems) > 0 {
		return nil
	}
	return l
}

// open reads the whole lesson; nil if its file is broken.
func (b *book) open() *Lesson {
	b.opened.Do(func() {
		if lesson, problems := readLesson(b.file.name, b.file.text); len(problems) == 0 {
			b.lesson = lesson
		}
	})
	return b.lesson
}
