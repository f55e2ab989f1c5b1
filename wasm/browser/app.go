//go:build js && wasm

package browser

import (
	"syscall/js"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/words"
	"github.com/quorumlab/quorumlab/wasm/ui"
)

// app is the running page.
type app struct {
	model  ui.Model
	host   js.Value // what static/app.js offers
	home   js.Value // the element that holds the scene
	scene  *ui.Element
	socket socket
	paper  paper
	clock  clock
	focus  string      // id of the element that gets the focus after the next drawing
	unset  ui.SetField // a field that gets its value after the next drawing, since it was not there yet
	hand   hand
	meter  meter
}

// document and window of the page.
var (
	window   = js.Global()
	document = window.Get("document")
)

// Run runs the page. It never returns: the page goes on until it is left.
func Run() {
	host := window.Get("quorumlab")
	a := &app{host: host, home: host.Get("home")}
	where := window.Get("location")
	a.model = ui.New(ui.Seed{Words: spoken(), Room: attribute(a.home, "data-room"), Lesson: a.drawnLesson(), Timeline: inside(ui.TimelinePanel), Controls: inside(ui.ControlsPanel), Languages: inside(ui.LanguagesPanel),
		Address: where.Get("origin").String() + where.Get("pathname").String(), Moment: hash(), Bare: attribute(a.home, "data-bare") == "true", Watching: a.home.Call("hasAttribute", "data-watching").Bool(),
		Width: window.Get("innerWidth").Int(), Height: window.Get("innerHeight").Int()})
	a.paper.open(host)
	a.recall()
	a.introduce()
	a.listen()
	a.meter.open(host)
	a.clock.open(a)
	a.connect()
	select {}
}

// drawnLesson is the lesson as the server's first picture has it, until the room tells more.
func (a *app) drawnLesson() (l event.Lesson) {
	l.HTML = inside(ui.LessonPanel)
	if root := a.home.Get("firstElementChild"); root.Truthy() {
		l.Marks, l.Denied = attribute(root, "data-marks"), attribute(root, "data-denied")
	}
	return l
}

// spoken is the language of the page: the server puts its catalogue there. Without one the page is in English.
func spoken() *words.Language {
	catalogue := inside("words")
	if catalogue == "" {
		return nil
	}
	l, err := words.Read(attribute(document.Get("documentElement"), "lang"), catalogue)
	if err != nil {
		return nil
	}
	return l
}

// inside is the HTML in the element with this id; "" if it is not on the page.
func inside(id string) string {
	if e := document.Call("getElementById", id); e.Truthy() {
		return e.Get("innerHTML").String()
	}
	return ""
}

// hash is what stands behind the # of the page's address.
func hash() string {
	s := window.Get("location").Get("hash").String()
	if s != "" {
		s = s[1:]
	}
	return s
}

// introduce gives the browser the name by which rooms know it again.
func (a *app) introduce() {
	if a.model.Viewer == "" {
		name := a.host.Call("name").String()
		a.update(ui.Recalled{Name: "viewer", Value: name})
		a.remember("viewer", name)
	}
}

// tell folds a message and has the page drawn.
func (a *app) tell(msg ui.Msg) {
	a.update(msg)
	a.clock.wake()
}

// update folds a message and carries out what follows from it.
func (a *app) update(msg ui.Msg) {
	var effects []ui.Effect
	a.model, effects = ui.Update(a.model, msg)
	for _, e := range effects {
		a.carryOut(e)
	}
	a.meter.seq = a.model.State.Seq
}

// attribute is "" where there is none.
func attribute(element js.Value, name string) string {
	v := element.Call("getAttribute", name)
	if v.IsNull() {
		return ""
	}
	return v.String()
}

// on listens to events of a target. Listeners live as long as the page.
func on(target js.Value, name string, options any, do func(event js.Value)) {
	target.Call("addEventListener", name, js.FuncOf(func(_ js.Value, args []js.Value) any {
		do(args[0])
		return nil
	}), options)
}
