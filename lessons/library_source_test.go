package lessons

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// A pipe in the directory would have the server wait for ever.
func TestOnlyFilesAreRead(t *testing.T) {
	_, err := Load(Source{FS: fstest.MapFS{"a.md": lessonFile("a01", ""), "pipe.md": {Mode: fs.ModeNamedPipe}}, Name: "x"})
	if err == nil || err.Error() != "x/pipe.md: this is no file but a pipe, a device or the like" {
		t.Errorf("%v", err)
	}
}

// A workshop's directory may link to lessons that lie elsewhere; a link that leads nowhere is told.
func TestDirectoriesMayLink(t *testing.T) {
	elsewhere, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(elsewhere, "x.md"), []byte(entire), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(elsewhere, "x.md"), filepath.Join(dir, "a.md")); err != nil {
		t.Skip("no symbolic links here")
	}
	l, err := Load(Dir(dir))
	if err != nil || l.Lesson("a01") == nil || l.Lesson("a01").File != dir+"/a.md" {
		t.Fatalf("%v", err)
	}
	if err := os.Remove(filepath.Join(elsewhere, "x.md")); err != nil {
		t.Fatal(err)
	}
	if _, err = l.Fresh(); err == nil || !strings.HasPrefix(err.Error(), dir+"/a.md: the file cannot be read: no such file") {
		t.Errorf("%v", err)
	}
}
