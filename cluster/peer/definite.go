package peer

import (
	"errors"
	"fmt"
)

// notDone is an error of a call that was certainly not served.
type notDone struct{ error }

func (e notDone) Unwrap() error { return e.error }

func definite(format string, args ...any) error { return notDone{fmt.Errorf(format, args...)} }

// Definite says whether a Call that ended with err was certainly not served, so that asking again does it once at most.
func Definite(err error) bool {
	var e notDone
	return errors.As(err, &e)
}

var (
	errDown = errors.New("this member is going down; the request may have been served or not")
	errLost = errors.New("the connection was lost; the request may have been served or not")
)
