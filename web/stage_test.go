package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/quorumlab/quorumlab/cluster/event"
	"github.com/quorumlab/quorumlab/cluster/view"
)

// TestViewersGoOverToTheRoomThatIsPreparedAnew has a viewer and a reader of facts watch while the room gets another journal.
func TestViewersGoOverToTheRoomThatIsPreparedAnew(t *testing.T) {
	class := newFakeClass()
	h := newSchool(t, Limits{}, class)
	conn, lines := h.enrol("anna"), h.stream("/events?from=6")
	h.receive(conn, event.FrameCheckpoint)
	lines.event()
	h.cluster.Close() // the old journal ends, the new one is not there yet
	class.change(func() { class.title = "The room is being prepared" })
	for !strings.Contains(h.receive(conn, event.FrameLesson).Lesson.HTML, "prepared") {
	}
	h.cluster.stage(8, 5)
	if w := h.receive(conn, event.FrameWelcome); w.Epoch != 8 || w.Room != "amber-otter" {
		t.Errorf("the second welcome: %+v", w)
	}
	c := h.receive(conn, event.FrameCheckpoint)
	var st view.State
	for _, e := range c.Events {
		st.Apply(e)
	}
	if c.Epoch != 8 || len(st.Nodes) != 5 {
		t.Errorf("the checkpoint of epoch %d has %d nodes", c.Epoch, len(st.Nodes))
	}
	var line checkpointLine
	if err := json.Unmarshal([]byte(lines.line()), &line); err != nil || line.Kind != "checkpoint" || line.Epoch != 8 || len(line.State.Nodes) != 5 {
		t.Errorf("the stream goes on with %+v, %v", line, err)
	}
	h.cluster.tell(event.Event{Kind: event.Suspended, Node: 5})
	if e := lines.event(); e.Seq != 11 || e.Node != 5 {
		t.Errorf("a fact of the new room: %+v", e)
	}
	for {
		if f := h.receive(conn, event.FrameEvents); len(f.Events) > 0 {
			if f.Seq != 11 || f.Events[0].Node != 5 {
				t.Errorf("the viewer gets %+v", f)
			}
			return
		}
	}
}

func TestNothingKeepsTheOldRoom(t *testing.T) {
	h := newHouse(t, Limits{})
	h.ask(http.MethodPost, "/commands", `{"kind":"kill","node":"n3"}`, http.StatusOK)
	h.cluster.Close()
	h.cluster.stage(8, 2)
	var st stateBody
	if err := json.Unmarshal([]byte(h.get("/state", http.StatusOK)), &st); err != nil || st.Epoch != 8 || len(st.Nodes) != 2 {
		t.Errorf("the state is of epoch %d and has %d nodes, %v", st.Epoch, len(st.Nodes), err)
	}
	if answer := h.ask(http.MethodPost, "/commands", `{"kind":"kill","node":"n3"}`, http.StatusBadRequest); !strings.Contains(answer, "it has n1, n2") {
		t.Errorf("a machine of the room before: %s", answer)
	}
	if h.metric("quorumlab_events_total") != "4" {
		t.Errorf("the metrics count %s facts", h.metric("quorumlab_events_total"))
	}
}

func TestRoomThatIsNotPreparedAnewSaysGoodbye(t *testing.T) {
	h := newHouse(t, Limits{})
	conn, lines := h.watch(0, 0), h.stream("/events?from=6")
	h.receive(conn, event.FrameCheckpoint)
	lines.event()
	h.cluster.Close()
	go h.server.Close()
	if notice, _ := h.parting(conn); notice.Code != CodeClosing {
		t.Errorf("notice: %+v", notice)
	}
	if line := lines.line(); !strings.Contains(line, `"closing"`) {
		t.Errorf("the stream ends with %s", line)
	}
}
