package lessons

import "github.com/quorumlab/quorumlab/cluster/event"

// Wait is how long "wait 2s" waits, in virtual time; 0 for other lines.
func (l *Line) Wait() event.Micros { panic("to come") }

// Until is the check of "until EXPR"; nil for other lines.
func (l *Line) Until() *Check { panic("to come") }

// Async says that the line ends in " &": nobody waits for its answer.
func (l *Line) Async() bool { panic("to come") }

// Words is the line as it would be typed, its inserts filled in.
func (l *Line) Words(f *Facts) string { panic("to come") }

// Command is what the line asks for. An insert that finds nothing, or a line that only the page answers (help), is an
// error with file and line.
func (l *Line) Command(f *Facts) (event.Command, error) { panic("to come") }
