package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/quorumlab/quorumlab/lessons"
)

// school has the lessons that come with the program and those in a directory, and opens rooms in which they are taken.
type school struct {
	dir  string // "": none
	load func() (*lessons.Library, error)
}

func newSchool(dir string) *school {
	s := &school{dir: dir}
	s.load = sync.OnceValues(func() (*lessons.Library, error) { return lessons.Load(s.sources()...) })
	return s
}

func (s *school) sources() []lessons.Source {
	all := []lessons.Source{lessons.Embedded()}
	if s.dir != "" {
		all = append(all, lessons.Dir(s.dir))
	}
	return all
}

// args are those with which a room of this school is started.
func (s *school) args() []string {
	if s.dir == "" {
		return []string{"room"}
	}
	return []string{"room", "--lessons", s.dir}
}

// libraryWith returns the lessons as their files are now or, while those are broken, as they were. A process that was
// started meanwhile does with those of the program, unless it is about one that only the directory has: then the room says
// so and waits on its disk.
func (s *school) libraryWith(id string, warn func(error)) (*lessons.Library, error) {
	library, err := s.load()
	if err == nil {
		fresh, broken := library.Fresh()
		if broken == nil {
			return fresh, nil
		}
		warn(broken)
		return library, nil
	}
	library, broken := lessons.Load(s.sources()...) // perhaps they have been mended
	if broken == nil {
		return library, nil
	}
	if library, err = lessons.Load(lessons.Embedded()); err != nil {
		return nil, err
	}
	if library.Lesson(id) == nil {
		return nil, fmt.Errorf("its lesson %q is not there, and some lesson files cannot be read:\n%w", id, broken)
	}
	warn(broken)
	return library, nil
}

// lessonIn is the id of the lesson whose progress a file keeps; "" if there is none.
func lessonIn(progress string) string {
	var kept struct {
		Lesson string `json:"lesson"`
	}
	if b, err := os.ReadFile(progress); err == nil && json.Unmarshal(b, &kept) != nil {
		return "" // it is damaged: the class says so and begins anew
	}
	return kept.Lesson
}
