package lessons

import "io/fs"

// Source of lessons: the *.md files in a directory.
type Source struct {
	FS   fs.FS
	Name string // before the file's name in messages
}

// Embedded are the lessons that come with the program.
func Embedded() Source { panic("to come") }

// Dir are lessons in a directory.
func Dir(path string) Source { panic("to come") }

// Problem is something wrong in a lesson file: a sentence.
type Problem struct {
	File string
	Line int // 0: the file as a whole
	Text string
}

// Problems are all that is wrong, by file and line; as an error one a line.
type Problems []Problem

func (p Problems) Error() string { panic("to come") }

// Library is a set of lessons. It never changes; Fresh reads the files again.
type Library struct{}

// Load reads all lessons. One in a later source takes the place of one with the same id in an earlier source; two in
// one source are a problem. The error is Problems: the whole library is refused.
func Load(sources ...Source) (*Library, error) { panic("to come") }

// Fresh is the library as its files are now: itself if none has changed.
func (l *Library) Fresh() (*Library, error) { panic("to come") }

// Lesson by id, nil if there is none.
func (l *Library) Lesson(id string) *Lesson { panic("to come") }

// Lessons are all, by track and id.
func (l *Library) Lessons() []*Lesson { panic("to come") }
