package browsertest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// situation is a moment of docs/stage.md. Rooms are brought into it through the API and stand still there, so that what is
// photographed does not depend on how quick the machine is.
type situation struct {
	name   string // of its pictures
	preset string // of the API that ends in it; "" for none
	ready  func(r *room)
	shows  string // a condition on the page, of what the picture is about
}

var situations = []situation{
	{name: "election", preset: "election", shows: `all("[data-role=candidate] .pip.yes").length > 0 && all("[data-role=candidate] .pip.open").length > 0`},
	{name: "split-vote", preset: "split-vote", ready: votesSplit, shows: `all("[data-role=candidate] .pip.yes").length === 4`},
	{name: "put", ready: putUnderWay, shows: `all("[data-index][data-committed=false]").length > 0 && leaders().length === 1`},
	{name: "rollback", preset: "overwrite", shows: `all("[data-doomed=true]").length > 0`},
	{name: "one-way", preset: "one-way", shows: `all(".link.oneway .works").length > 0 && outlines(false).length === 1`},
	{name: "snapshot", preset: "snapshot", shows: `all("[data-snapshot=true]").length > 0`},
	{name: "members", preset: "member-joins", shows: `nodes().length === 6`},
	{name: "stale-read", preset: "stale-read", shows: `leaders().length === 2 && all("[data-stale=true]").length === 1`},
	{name: "held", preset: "held-commit", shows: `all(".waiting").length > 1 && all(".gate").length > 0`},
}

// The looks of every picture.
var (
	schemes = []string{"light", "dark"}
	sizes   = [][2]int{{1440, 900}, {390, 844}}
)

// mostPicture is what a picture may weigh, in bytes: there are 36 of them in the repository.
const mostPicture = 110_000

func (s *situation) file(scheme string, width int) string {
	return filepath.Join("..", "..", "docs", "stage", fmt.Sprintf("%s-%s-%d.png", s.name, scheme, width))
}

// TestPicturesOfTheStage takes the pictures of docs/stage.md from the real program when QUORUMLAB_STAGE is "write"
// (go tool task pictures). Otherwise it sees to it that all are there, and are shown.
func TestPicturesOfTheStage(t *testing.T) {
	if os.Getenv("QUORUMLAB_STAGE") == "write" {
		for i := range situations {
			t.Run(situations[i].name, func(t *testing.T) { situations[i].photograph(t) })
		}
	}
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "stage.md"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range situations {
		for _, scheme := range schemes {
			for _, size := range sizes {
				path := situations[i].file(scheme, size[0])
				b, err := os.ReadFile(path)
				if err != nil {
					t.Error(err)
					continue
				}
				at, err := png.DecodeConfig(bytes.NewReader(b))
				if err != nil || at.Width != size[0] || at.Height != size[1] || len(b) > mostPicture {
					t.Errorf("%s is %d×%d with %d bytes, %v", path, at.Width, at.Height, len(b), err)
				}
				if !strings.Contains(string(page), "stage/"+filepath.Base(path)) {
					t.Errorf("docs/stage.md does not show %s", filepath.Base(path))
				}
			}
		}
	}
}

// photograph brings a room into the situation and takes its pictures.
func (s *situation) photograph(t *testing.T) {
	r := newRoom(t)
	if s.preset != "" {
		if got := r.do(map[string]any{"kind": "preset", "key": s.preset}); got.Outcome != "ok" {
			t.Fatalf("the room cannot be brought into %s: %s", s.preset, got.Error)
		}
	}
	if s.ready != nil {
		s.ready(r)
	}
	p := newPage(t)
	for _, scheme := range schemes {
		p.media(scheme)
		for _, size := range sizes {
			p.do(chromedp.EmulateViewport(int64(size[0]), int64(size[1])), chromedp.Navigate(r.base+"/r/"+r.id))
			p.until("the page is live and frozen", `live() && frozen()`)
			p.until(s.name+" is drawn", s.shows)
			p.until("nothing changes over any more", `!document.getAnimations().some(a => a instanceof CSSTransition)`)
			p.until("the page is still", `(window.seen !== (window.seen = quorumlab.measure().frames)) ? (window.calm = 0) : (window.calm = (window.calm || 0) + 1) > 4`)
			s.save(t, p, scheme, size[0])
		}
	}
	p.clean()
}

func (s *situation) save(t *testing.T, p *page, scheme string, width int) {
	t.Helper()
	ctx, cancel := p.soon()
	defer cancel()
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatal(err)
	}
	var small bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&small, painted(picture)); err != nil {
		t.Fatal(err)
	}
	path := s.file(scheme, width)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, small.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// newRoom is a new room of five nodes at real time, with a leader.
func newRoom(t *testing.T) *room {
	t.Helper()
	r := &room{t: t, base: lab.base}
	var made struct {
		ID string `json:"id"`
	}
	r.ask(http.MethodPost, r.base+"/api/rooms", []byte(`{"nodes":5,"rate":1}`), &made)
	r.id = made.ID
	r.leader()
	return r
}

// votesSplit lets the votes be cast and counted: each candidate has two, and nobody can get a third.
func votesSplit(r *room) {
	r.until("each candidate has two votes", func(s state) bool {
		split := 0
		for _, n := range s.Nodes {
			if n.Role == "candidate" && len(slices.DeleteFunc(n.Ballots, func(b ballot) bool { return !b.Granted || b.PreVote })) == 2 {
				split++
			}
		}
		if split < 2 {
			r.do(map[string]any{"kind": "step"})
		}
		return split == 2
	})
}

// putUnderWay stops the room while the copies of a put's entry are about halfway.
func putUnderWay(r *room) {
	r.do(map[string]any{"kind": "put", "key": "drink", "value": "tea"})
	r.do(map[string]any{"kind": "rate", "rate": 0.025})
	go ask(r.url("/commands"), `{"kind":"put","key":"pizza","value":"4","timeout_ms":60000}`)
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for end := time.After(patience); ; {
		if r.flying(0.35) == 4 {
			break
		}
		select {
		case <-again.C:
		case <-end:
			r.t.Fatal("the copies of the entry never were under way")
		}
	}
	r.do(map[string]any{"kind": "freeze"})
	if n := r.flying(0.2); n != 4 {
		r.t.Fatalf("%d copies of the entry are under way where the room stands still, not 4", n)
	}
}

// flying counts the messages with entries that have come at least so far, 0 to 1, and have not arrived.
func (r *room) flying(atLeast float64) (n int) {
	var s struct {
		At       float64
		Messages []struct {
			Type      string
			Reply     bool
			N         int
			Sent, Due float64
		}
	}
	r.ask(http.MethodGet, r.url(""), nil, &s)
	for _, m := range s.Messages {
		if m.Type == "append-entries" && !m.Reply && m.N > 0 && s.At-m.Sent >= atLeast*(m.Due-m.Sent) {
			n++
		}
	}
	return n
}

// ask sends a command whose answer nobody waits for: it may come when the test is over.
func ask(address, body string) {
	answer, err := http.Post(address, "application/json", strings.NewReader(body))
	if err == nil {
		answer.Body.Close()
	}
}

// painted is the picture with at most 256 colours: those that most of its points have, each other colour as the nearest of
// them. The page has few colours; that makes the file a third as large.
func painted(from image.Image) *image.Paletted {
	count := map[color.RGBA]int{}
	b := from.Bounds()
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(from.At(x, y)).(color.RGBA) }
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	palette := commonest(count, 256)
	to, known := image.NewPaletted(b, palette), map[color.RGBA]uint8{}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := at(x, y)
			i, there := known[c]
			if !there {
				i = uint8(palette.Index(c))
				known[c] = i
			}
			to.SetColorIndex(x, y, i)
		}
	}
	return to
}

// commonest are so many colours: the most frequent of all, and the most frequent of each neighbourhood of colours.
func commonest(count map[color.RGBA]int, most int) color.Palette {
	all := make([]color.RGBA, 0, len(count))
	for c := range count {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int {
		if n := count[b] - count[a]; n != 0 {
			return n
		}
		return int(a.R)<<16 + int(a.G)<<8 + int(a.B) - int(b.R)<<16 - int(b.G)<<8 - int(b.B)
	})
	var palette color.Palette
	for _, coarse := range []uint8{0xE0, 0xF0, 0xF8, 0xFF} {
		taken := map[color.RGBA]bool{}
		for _, c := range all {
			near := color.RGBA{c.R & coarse, c.G & coarse, c.B & coarse, 0}
			if taken[near] || slices.Contains(palette, color.Color(c)) {
				continue
			}
			if taken[near] = true; len(palette) < most*int(coarse-0xC0)/0x3F {
				palette = append(palette, c)
			}
		}
	}
	return palette
}
