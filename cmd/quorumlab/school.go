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

// newSchool is a lobby's: it reads every lesson, so that what is broken is known at once.
func newSchool(dir string) *school { return schoolOf(dir, lessons.Load) }

// newRoomSchool is a room's: its lobby has read the lessons.
func newRoomSchool(dir string) *school { return schoolOf(dir, lessons.Trust) }

func schoolOf(dir string, read func(...lessons.Source) (*lessons.Library, error)) *school {
	s := &school{dir: dir}
	s.load = sync.OnceValues(func() (*lessons.Library, error) { return read(s.sources()...) })
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

// warm reads free play, and with it gets ready whatever the reading of lessons needs.
func (s *school) warm() {
	if library, err := s.load(); err == nil {
		library.Lesson(lessons.FreePlay)
	}
}

// libraryWith returns the lessons as their files are now or, while those are broken, as they were. A process that was
// started meanwhile does with those of the program, unless it is about one that only the directory has: then the room says
// so and waits on its disk.
func (s *school) libraryWith(id string, warn func(error)) (*lessons.Library, error) {
	library, err := s.load()
	if err == nil {
		fresh, broken := library.Fresh()
		if broken == nil {
			library = fresh
		} else {
			warn(broken)
		}
		if library.Lesson(id) != nil {
			return library, nil
		}
	}
	whole, broken := lessons.Load(s.sources()...) // perhaps they have been mended
	if broken == nil {
		return whole, nil
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
