package web

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/quorumlab/quorumlab/cluster/event"
)

// order is the JSON form of an event.Command: durations are milliseconds, the rest is as in event.
type order struct {
	event.Command
	Link    *linkOrder    `json:"link"`
	Timeout *milliseconds `json:"timeout_ms"`
	Fsync   *milliseconds `json:"fsync_ms"`
}

// linkOrder is the JSON form of an event.Link.
type linkOrder struct {
	Delay     milliseconds `json:"delay_ms"`
	Jitter    milliseconds `json:"jitter_ms"`
	Loss      event.Factor `json:"loss"`
	Duplicate event.Factor `json:"duplicate"`
	Slow      event.Factor `json:"slow"`
	Cut       bool         `json:"cut"`
	Hold      bool         `json:"hold"`
}

// milliseconds may have a fraction, down to a microsecond.
type milliseconds event.Micros

// longestWait bounds every duration in a command: a day.
const longestWait = 24 * 60 * 60 * 1000

func (m *milliseconds) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	var ms float64
	if err := json.UnmarshalDecode(dec, &ms); err != nil {
		return err
	}
	if ms < 0 || ms > longestWait {
		return fmt.Errorf("%v is not a duration: give milliseconds from 0 to %d", ms, longestWait)
	}
	*m = milliseconds(math.Round(ms * 1000))
	return nil
}

// DecodeOrder reads a command from JSON. It is strict: what it does not know, reads twice, or would have to
// guess is a *Fault that says where.
func DecodeOrder(body []byte) (event.Command, error) {
	var o order
	if err := json.Unmarshal(body, &o, json.RejectUnknownMembers(true)); err != nil {
		return event.Command{}, decodeFault(body, err)
	}
	c := o.Command
	if o.Timeout != nil {
		c.Timeout = event.Micros(*o.Timeout)
	}
	if o.Fsync != nil {
		c.Took = event.Micros(*o.Fsync)
	}
	if l := o.Link; l != nil {
		c.Link = event.Link{Delay: event.Micros(l.Delay), Jitter: event.Micros(l.Jitter), Loss: l.Loss,
			Duplicate: l.Duplicate, Slow: l.Slow, Cut: l.Cut, Hold: l.Hold}
	}
	return c, nil
}

// decodeFault turns a decoder's error into a sentence and a place.
func decodeFault(body []byte, err error) *Fault {
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		return badCommand(string(semantic.JSONPointer), semanticSentence(semantic))
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		if syntactic.Err == jsontext.ErrDuplicateName {
			return badCommand(string(syntactic.JSONPointer), "This is there twice.")
		}
		if len(strings.TrimSpace(string(body))) == 0 {
			return badCommand("", `The body is empty; send a command such as {"kind":"put","key":"x","value":"1"}.`)
		}
		return badCommand(fmt.Sprintf("byte %d", syntactic.ByteOffset), "This is not JSON: "+plain(syntactic.Err)+".")
	}
	return badCommand("", "This is not a command: "+plain(err)+".")
}

func semanticSentence(err *json.SemanticError) string {
	if err.Err == json.ErrUnknownName {
		return "A command has no such field; docs/api.md has those of each kind."
	}
	if err.JSONKind != 0 && err.GoType != nil && theirs(err.Err) {
		return fmt.Sprintf("A %s like this does not fit here; give %s.", jsonNoun(err.JSONKind), goNoun(err.GoType))
	}
	return "This does not fit here: " + plain(err.Err) + "."
}

// theirs says whether an error is the decoder's own and speaks of Go; package event's speak to people.
func theirs(err error) bool {
	return err == nil || errors.Is(err, strconv.ErrSyntax) || errors.Is(err, strconv.ErrRange) ||
		strings.Contains(err.Error(), "JSON value") || strings.Contains(err.Error(), "Go ")
}

func jsonNoun(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "boolean"
	case '"':
		return "string"
	case '0':
		return "number"
	case '{':
		return "object"
	default:
		return "list"
	}
}

func goNoun(t reflect.Type) string {
	// only the kinds that commands are made of
	//exhaustive:ignore
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int64:
		return "a whole number"
	case reflect.Uint64:
		return "a whole number that is not negative"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	case reflect.Struct:
		return "an object"
	default:
		return "a string"
	}
}

// plain is err's text without the decoder's name, cut short.
func plain(err error) string {
	if err == nil {
		return "the decoder does not say why"
	}
	s := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "jsontext: "), "json: ")
	const most = 200
	if len(s) <= most {
		return s
	}
	s = s[:most]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "…"
}

// tooLong is the fault of a body above OrderBytes.
var tooLong = &Fault{http.StatusRequestEntityTooLarge, CodeTooLarge,
	fmt.Sprintf("A command may have %d bytes; this one has more.", OrderBytes), ""}
