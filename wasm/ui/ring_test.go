package ui

import (
	"strconv"
	"testing"
)

// mostNodes is how many machines a room may have.
const mostNodes = 9

// On no screen does a machine, or the arc around it, touch another one or cover the words below it.
func TestMachinesDoNotTouch(t *testing.T) {
	for _, window := range [][2]int{{360, 740}, {390, 844}, {720, 450}, {768, 1024}, {1024, 768}, {1280, 720}, {1366, 768}, {1440, 900}, {1920, 1080}} {
		for nodes := 1; nodes <= mostNodes; nodes++ {
			t.Run(strconv.Itoa(window[0])+"×"+strconv.Itoa(window[1])+" with "+strconv.Itoa(nodes), func(t *testing.T) {
				s := watch(nodes)
				s.do(Resized{window[0], window[1]})
				checkRing(t, s.m.ringNow())
			})
		}
	}
}

func checkRing(t *testing.T, r *ring) {
	const (
		arc      = 8  // of the election timer, outside of the disc
		wordsAre = 26 // wide to either side, "commit 12"
		line     = 24 // below the disc, where the first line of words ends
	)
	for i, p := range r.at {
		if p.x < r.radius+arc || p.y < r.radius+arc || p.x > r.w-r.radius-arc || p.y > r.h-r.radius-line {
			t.Errorf("%v is not on the stage: %v in %v×%v", r.ids[i], p, r.w, r.h)
		}
		for j, q := range r.at {
			if i == j {
				continue
			}
			if way := q.minus(p).length(); i < j && way < 2*(r.radius+arc) {
				t.Errorf("%v and %v are %.0f apart and reach %.0f each", r.ids[i], r.ids[j], way, r.radius+arc)
			}
			words := point{min(max(q.x, p.x-wordsAre), p.x+wordsAre), min(max(q.y, p.y+r.radius+arc), p.y+r.radius+line)}
			if way := q.minus(words).length(); way < r.radius {
				t.Errorf("the words below %v are covered by %v", r.ids[i], r.ids[j])
			}
		}
	}
}
