// Package export makes pages of a recording that any web server can serve: plain files in a folder, addressed relative to
// each other, which play the recording in the browser with everything but acting.
package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/journal"
	"github.com/quorumlab/quorumlab/cluster/words"
	"github.com/quorumlab/quorumlab/static"
	"github.com/quorumlab/quorumlab/web/desk"
	"github.com/quorumlab/quorumlab/web/languages"
	"github.com/quorumlab/quorumlab/web/page"
)

// The files of an exported recording, beside the style sheets.
const (
	indexFile     = "index.html"
	recordingFile = "recording.qlr"
	scriptFile    = "app.js"
	playerFile    = "tape.js"
	painterFile   = "painter.js"
	iconFile      = "icon.svg"
	programFile   = static.AppFile + ".gz"
)

// ErrNotBuilt says that this program was built without the browser's side.
var ErrNotBuilt = errors.New("this program was built without the browser's side, which the pages need: build it with \"go tool task build\"")

// Write writes pages for a recording, the bytes of a .qlr file, into the folder, which is made if it is not there. files are
// those of package static. The error says what is wrong with the recording, or which file cannot be written.
func Write(dir string, recording []byte, files fs.FS, language *words.Language) error {
	j, info, err := journal.Read(bytes.NewReader(recording))
	if err != nil {
		return err
	}
	all, err := assets(files)
	if err != nil {
		return err
	}
	all[recordingFile] = recording
	if all[indexFile], err = index(j, info, all, language); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, b := range all {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// assets are the files that every recording's pages need.
func assets(files fs.FS) (map[string][]byte, error) {
	names, err := fs.Glob(files, "*.css")
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for _, name := range append(names, scriptFile, painterFile, playerFile, iconFile, static.RuntimeFile, programFile, static.TapeFile) {
		b, err := fs.ReadFile(files, name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, ErrNotBuilt
		}
		if err != nil {
			return nil, err
		}
		all[name] = b
	}
	return all, nil
}

// drawing is the timeline of all of the recording.
func drawing(m desk.Moment) string {
	for {
		if p := desk.Draw(m, "timeline "+page.PhoneDrawing); !p.More {
			return p.HTML
		}
	}
}

// index is the page: the recording's first moment, drawn before any script runs.
func index(j *journal.Journal, info journal.Info, all map[string][]byte, language *words.Language) ([]byte, error) {
	reach := j.Reach()
	seq, err := j.SeqAt(reach.FirstAt)
	if err != nil {
		return nil, fmt.Errorf("the recording's beginning cannot be read: %w", err)
	}
	state, err := j.StateAt(seq)
	if err != nil {
		return nil, fmt.Errorf("the recording's beginning cannot be read: %w", err)
	}
	d := page.RoomData{Room: info.Room, State: state,
		Tape: event.Tape{Mode: event.TapePaused, Speed: event.One, Seq: seq, At: reach.FirstAt, First: reach.First, FirstAt: reach.FirstAt,
			Head: reach.Head, HeadAt: reach.HeadAt, Sealed: true},
		// drawn for little room: the page has it drawn again for what there is
		Drawing: drawing(desk.Moment{Journal: j, State: &state, Words: language}),
		Player:  &page.Player{Script: address(all, playerFile), Program: address(all, static.TapeFile), Recording: address(all, recordingFile)},
	}
	d.Assets = page.Assets{Icon: address(all, iconFile), WasmExec: address(all, static.RuntimeFile), Script: address(all, scriptFile), Painter: address(all, painterFile), App: address(all, programFile)}
	for name := range all {
		if filepath.Ext(name) == ".css" {
			d.Styles = append(d.Styles, address(all, name))
		}
	}
	var b bytes.Buffer
	err = page.Room(d).Render(languages.With(context.Background(), language), &b)
	return b.Bytes(), err
}

// address is a file's, beside the page, with the hash of its content: a browser never mixes two exports.
func address(all map[string][]byte, name string) string {
	sum := sha256.Sum256(all[name])
	return name + "?v=" + hex.EncodeToString(sum[:6])
}
