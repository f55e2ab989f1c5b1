package page

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// How far apart two colours must be for everybody to tell them apart, as hundredths of OKLab's unit: 2 is just noticeable. Where a
// colour comes with a sign, a pattern or words – a role on the stage, ✓ and ✗, what is committed – nothing is asked of it here.
const (
	nextTerms  = 10  // terms that follow each other: their outlines, their packets
	nextFills  = 2.5 // the pale fill of their cells, which have the outline too
	otherTerms = 4   // any two of the terms that are on the page at once: a number stands where each begins
	lanes      = 4   // what a machine was, on the recording
)

// sights are how eyes see, as matrices of linear RGB: all cones, and without one kind of them (Machado, Oliveira, Fernandes:
// A Physiologically-based Model for Simulation of Color Vision Deficiency, 2009, severity 1).
var sights = map[string][3][3]float64{
	"all cones":    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"protanopia":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"deuteranopia": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"tritanopia":   {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
}

// colour is red, green and blue from 0 to 1, as screens are told them.
type colour [3]float64

// themes are the custom properties of the light page and of the dark one.
func themes(t *testing.T) map[string]map[string]colour {
	t.Helper()
	sheet, err := os.ReadFile("../../static/app.css")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]colour{}
	blocks := regexp.MustCompile(`(?s)color-scheme: (light|dark);(.*?)\n *\}`).FindAllStringSubmatch(string(sheet), -1)
	for _, block := range blocks {
		theme := map[string]colour{}
		for _, property := range regexp.MustCompile(`--([a-z0-9]+): #([0-9a-f]{6});`).FindAllStringSubmatch(block[2], -1) {
			theme[property[1]] = colourOf(property[2])
		}
		if other, again := all[block[1]]; again && fmt.Sprint(other) != fmt.Sprint(theme) {
			t.Errorf("the %s theme of the system and that of the switch differ", block[1])
		}
		all[block[1]] = theme
	}
	if len(blocks) != 3 || len(all["light"]) < 20 || len(all["light"]) != len(all["dark"]) {
		t.Fatalf("app.css has %d themes: %v", len(blocks), all)
	}
	return all
}

func TestColoursCanBeToldApartByEveryEye(t *testing.T) {
	for name, theme := range themes(t) {
		term := func(i int) colour { return theme["t"+strconv.Itoa(i%8)] }
		pale := func(c colour, share float64) colour { return mixed(c, theme["panel"], share) }
		for eyes, sight := range sights {
			apart := func(what string, a, b colour, least float64) {
				if d := distance(a.seen(sight), b.seen(sight)); d < least {
					t.Errorf("%s, %s: %s are %.1f apart, which is less than %.1f", name, eyes, what, d, least)
				}
			}
			for i := range 8 {
				apart(fmt.Sprintf("terms %d and %d", i, (i+1)%8), term(i), term(i+1), nextTerms)
				apart(fmt.Sprintf("cells of terms %d and %d", i, (i+1)%8), pale(term(i), 0.26), pale(term(i+1), 0.26), nextFills)
				for j := range i {
					apart(fmt.Sprintf("terms %d and %d", j, i), term(j), term(i), otherTerms)
				}
			}
			lane := map[string]colour{"leader": pale(theme["leader"], 0.42), "follower": pale(theme["follower"], 0.42),
				"candidate": pale(theme["candidate"], 0.60), "suspended": pale(theme["down"], 0.42)}
			for a := range lane {
				for b := range lane {
					if a < b {
						apart(a+" and "+b+" on the recording", lane[a], lane[b], lanes)
					}
				}
			}
		}
	}
}

// What the test above takes for granted of the style sheet's mixtures stands there.
func TestMixturesAreThoseThatAreJudged(t *testing.T) {
	sheet, err := os.ReadFile("../../static/app.css")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range []string{"var(--tc) 26%, transparent", ".span { fill: color-mix(in srgb, var(--c) 42%, var(--panel))",
		".span.candidate { fill: color-mix(in srgb, var(--c) 60%, var(--panel))"} {
		if !strings.Contains(string(sheet), rule) {
			t.Errorf("app.css does not have %q", rule)
		}
	}
}

// seen is the colour as an eye sees it, in OKLab (Ottosson, A perceptual color space for image processing, 2020).
func (c colour) seen(sight [3][3]float64) [3]float64 {
	var l [3]float64
	for i, row := range sight {
		for k, share := range row {
			l[i] += share * linear(c[k])
		}
		l[i] = min(max(l[i], 0), 1)
	}
	a := math.Cbrt(0.4122214708*l[0] + 0.5363325363*l[1] + 0.0514459929*l[2])
	b := math.Cbrt(0.2119034982*l[0] + 0.6806995451*l[1] + 0.1073969566*l[2])
	d := math.Cbrt(0.0883024619*l[0] + 0.2817188376*l[1] + 0.6299787005*l[2])
	return [3]float64{0.2104542553*a + 0.7936177850*b - 0.0040720468*d, 1.9779984951*a - 2.4285922050*b + 0.4505937099*d,
		0.0259040371*a + 0.7827717662*b - 0.8086757660*d}
}

func linear(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

func distance(a, b [3]float64) float64 {
	return 100 * math.Sqrt((a[0]-b[0])*(a[0]-b[0])+(a[1]-b[1])*(a[1]-b[1])+(a[2]-b[2])*(a[2]-b[2]))
}

func mixed(a, b colour, share float64) colour {
	for i := range a {
		a[i] = a[i]*share + b[i]*(1-share)
	}
	return a
}

func colourOf(hex string) colour {
	n, _ := strconv.ParseUint(hex, 16, 32) // the pattern lets only digits pass
	return colour{float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}
}

func TestDistanceOfColours(t *testing.T) {
	normal := sights["all cones"]
	if d := distance(colourOf("000000").seen(normal), colourOf("ffffff").seen(normal)); math.Abs(d-100) > 0.1 {
		t.Errorf("black and white are %.2f apart, not 100", d)
	}
	red, green := colourOf("c2322f"), colourOf("14784f")
	if with, without := distance(red.seen(normal), green.seen(normal)), distance(red.seen(sights["deuteranopia"]), green.seen(sights["deuteranopia"])); without > with/2 {
		t.Errorf("red and green are %.1f apart, and %.1f to eyes that do not tell them apart", with, without)
	}
}
